/**
 * `deno task check`: every gate that the project must pass, one line each. With names as arguments
 * it runs these gates alone.
 *
 * @module
 */
import {
  aloneComplaints,
  publishComplaints,
  runtimeComplaints,
  userTypesComplaints,
} from "./package.ts";
import { bannedWords, untagged, withoutExample } from "./docs.ts";
import { misplacedImports } from "./layers.ts";
import { deno, readConfig, root, sourceFiles } from "./project.ts";
import {
  homebound,
  misnamed,
  overlong,
  slivers,
  type Source,
  strayLocked,
  tooNew,
  undescribed,
  unexplained,
  unfinished,
} from "./texts.ts";

/** The lock of what only tests, benches and gates need. */
const LOCK = "tests/deno.lock";

/** Runs Deno; its whole output is the complaint if it fails. */
async function passes(...args: string[]): Promise<string[]> {
  const { success, stdout, stderr } = await deno(args);
  return success ? [] : [stdout + stderr];
}

/** What the gate `docs` finds in the entry points' doc comments. */
async function tagComplaints(): Promise<string[]> {
  const { success, stdout, stderr } = await deno(["doc", "--json", ...entries]);
  if (!success) return [stderr];
  const pathOf = (url: string) => url.slice(root.href.length);
  const output = JSON.parse(stdout);
  return [...untagged(output, (url) => textOf(pathOf(url))), ...withoutExample(output)]
    .map(({ url, line, what }) => `${pathOf(url)}:${line}: ${what}`).sort();
}

const config = await readConfig();
const entries = Object.values(config.exports);
const sources: Source[] = [];
for await (const path of sourceFiles()) {
  if (!/\.(m?ts|json|md|sh|ya?ml)$|^\.ci\//.test(path) || /(?:^|\/)deno\.lock$/.test(path)) {
    continue;
  }
  sources.push({ path, text: await Deno.readTextFile(new URL(path, root)) });
}
sources.sort((a, b) => a.path < b.path ? -1 : 1);
const textOf = (path: string) => sources.find((source) => source.path === path)?.text ?? "";
const machine = [root.pathname, Deno.env.get("HOME") ?? ""];

/** Each gate gives what it complains of; nothing means passed. */
const gates: Record<string, () => string[] | Promise<string[]>> = {
  fmt: () => passes("fmt", "--check"),
  lint: () => passes("lint"),
  types: () => passes("check", "--frozen", `--lock=${LOCK}`, "--quiet", "--doc", "."),
  usertypes: () => userTypesComplaints(config),
  lock: async () => [
    ...strayLocked(await Deno.readTextFile(new URL("deno.lock", root)), config.imports),
    ...await passes("check", "--frozen", "--quiet", ...entries),
  ],
  doc: () => passes("doc", "--lint", ...entries),
  docs: async () => [...await tagComplaints(), ...bannedWords(sources)],
  publish: () => publishComplaints(config),
  alone: () => aloneComplaints(config),
  runtimes: () => runtimeComplaints(config),
  described: () => undescribed(sources),
  length: () => overlong(sources),
  slivers: () => slivers(sources),
  finished: () => unfinished(sources),
  names: () => misnamed(sources),
  node: () => tooNew(sources),
  layers: () => misplacedImports(sources, textOf("docs/architecture.md")),
  paths: () => homebound(sources, machine),
  dependencies: () => unexplained(sources, config.imports),
};

const wanted = Deno.args.length > 0 ? Deno.args : Object.keys(gates);
let failed = false;
for (const name of wanted) {
  const gate = gates[name];
  if (!gate) {
    console.error(`check: no gate "${name}"; there are ${Object.keys(gates).join(", ")}`);
    Deno.exit(2);
  }
  const complaints = await gate();
  failed ||= complaints.length > 0;
  console.log(`${complaints.length === 0 ? "ok  " : "FAIL"} ${name}`);
  for (const complaint of complaints) console.log(complaint.trimEnd().replace(/^/gm, "     "));
}
if (failed) Deno.exit(1);
