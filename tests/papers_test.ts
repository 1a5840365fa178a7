/**
 * What the papers name is there: tasks, gates, files, options, capabilities, versions.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { BitMasks, contains, driverNames, loadDriver, type Store } from "@vitrine/vitrine";
import { checkConfig } from "../config/config.ts";
import config from "../deno.json" with { type: "json" };
import { deno, root, sourceFiles } from "../tools/project.ts";

const papers = new Map<string, string>();
for await (const path of sourceFiles()) {
  if (!path.endsWith(".md")) continue;
  papers.set(path, await Deno.readTextFile(new URL(path, root)));
}
const paper = (path: string) => papers.get(path) ?? "";

/** The first column of the table below a heading. */
function firstColumn(text: string, heading: string): string[] {
  const section = text.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!);
}

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

Deno.test("papers: every relative link leads to a file or a heading", async () => {
  const broken: string[] = [];
  for (const [path, text] of papers) {
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [file, heading] = target!.split("#") as [string, string?];
      const url = new URL(file || path.split("/").at(-1)!, new URL(path, root));
      const headings = [
        ...(papers.get(url.href.slice(root.href.length)) ?? "").matchAll(/^#+ (.*)$/gm),
      ]
        .map(([, title]) => title!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-"));
      if (!await exists(url) || (heading !== undefined && !headings.includes(heading))) {
        broken.push(`${path}: ${target}`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("papers: what is published links to nothing that is not published", () => {
  const { include } = config.publish;
  const isPublished = (path: string) =>
    include.some((part) => part.endsWith("/") ? path.startsWith(part) : path === part);
  const stray: string[] = [];
  for (const [path, text] of papers) {
    // What is for contributors lies in the checkout.
    if (!isPublished(path) || path === "CONTRIBUTING.md") continue;
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const linked = new URL(target!, new URL(path, root)).href.slice(root.href.length);
      if (!isPublished(linked)) stray.push(`${path}: ${target}`);
    }
  }
  assertEquals(stray, []);
});

Deno.test("CONTRIBUTING: has every task and no other", () => {
  const tasks = firstColumn(paper("CONTRIBUTING.md"), "Tasks")
    .map((name) => name.replace(/^deno task /, ""));
  assertEquals(tasks.toSorted(), Object.keys(config.tasks).toSorted());
});

Deno.test("CONTRIBUTING: has every gate and no other", async () => {
  const { stderr } = await deno(["run", "-A", "tools/check.ts", "no such gate"]);
  const gates = /there are (.*)/.exec(stderr)![1]!.split(", ");
  assertEquals(firstColumn(paper("CONTRIBUTING.md"), "Gates").toSorted(), gates.toSorted());
});

Deno.test("papers: every deno task that a paper names exists", () => {
  const unknown: string[] = [];
  for (const [path, text] of papers) {
    for (const [, name] of text.matchAll(/deno(?:@[\d.]+)? task ([a-z][\w:]*)/g)) {
      if (!Object.hasOwn(config.tasks, name!)) unknown.push(`${path}: ${name}`);
    }
  }
  assertEquals(unknown, []);
});

Deno.test("papers: every file of the checkout that a paper names exists", async () => {
  const missing: string[] = [];
  const rooms = [
    ...new Set([...config.publish.include, "tests/", "tools/", "bench/", "examples/", "offline/"]),
  ]
    .filter((part) => part.endsWith("/")).join("|");
  const pattern = new RegExp(
    "`((?:" + rooms + ")[\\w./-]*|\\.(?:ci|github)/[\\w./-]+|[A-Z]{4,}\\.md)`",
    "g",
  );
  for (const [path, text] of papers) {
    if (path === "CHANGELOG.md") continue;
    for (const [, name] of text.matchAll(pattern)) {
      if (/results\/?$/.test(name!) || await exists(new URL(name!, root))) continue;
      missing.push(`${path}: ${name}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("papers and workflows: name one version of Deno", async () => {
  const texts = [...papers.values()];
  for (const path of [".ci/run", ".github/workflows/ci.yml", ".github/workflows/publish.yml"]) {
    texts.push(await Deno.readTextFile(new URL(path, root)));
  }
  const versions = texts.flatMap((text) =>
    [...text.matchAll(/deno@([\d.]+\d)/g)].map(([, v]) => v)
  );
  assertEquals([...new Set(versions)], [versions[0]]);
  assert(texts.at(-2)!.includes("run: .ci/run"));
  assert(texts.at(-1)!.includes("task publish"));
});

Deno.test("papers: every configuration that they show is valid", async () => {
  const shown: string[] = [];
  for (const [path, text] of papers) {
    for (const [, json] of text.matchAll(/```json\n(.*?)```/gs)) {
      const value = JSON.parse(json!);
      if (value.stores === undefined) continue;
      const { stores } = checkConfig(value, path);
      for (
        const [name, { driver, description: _, weight: __, ...options }] of Object.entries(stores)
      ) {
        const StoreClass = await loadDriver(driver!);
        const one: Store = new StoreClass(name, options);
        await one.close();
        shown.push(driver!);
      }
    }
  }
  assertEquals([...new Set(shown)].toSorted(), driverNames().toSorted());
});

Deno.test("docs/drivers: each driver has a page with the same headings", async () => {
  for (const name of driverNames()) {
    const text = paper(`docs/drivers/${name}.md`);
    assert(text.startsWith(`# ${name}: `), name);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
    const wanted = [
      "Configurations",
      "Capabilities",
      "Permissions",
      "What it does in which order",
      "Limits",
    ];
    assertEquals(wanted.filter((heading) => !headings.includes(heading)), [], name);
    assert(text.includes(`(../configuration.md#${name})`), name);
    const [list] = /^[A-Z_, \n]+$/m.exec(text.split("## Capabilities\n\n")[1]!)!;
    const { CAPABILITIES } = await loadDriver(name);
    const masks = Object.entries(BitMasks) as [string, number][];
    const combined = contains(CAPABILITIES, BitMasks.ALL)
      ? masks.filter(([, mask]) => mask < 256)
      : [];
    const declared = masks.filter(([key, mask]) =>
      mask > 0 && contains(CAPABILITIES, mask) &&
      (key === "ALL" || !combined.some(([other]) => other === key))
    ).map(([key]) => key);
    assertEquals(list.split(/[,\s]+/).filter(Boolean).toSorted(), declared.toSorted(), name);
  }
});

Deno.test("README: names the entry points that are for Deno only", async () => {
  const { DENO_ONLY } = await import("../tools/npm.ts");
  const [sentence] = /The entry points[^.]*\.(?:\/[^.]*\.)*?[^.]* are for Deno only/s
    .exec(paper("README.md"))!;
  const names = [...sentence.matchAll(/`(\.\/\w+)`/g)].map(([, name]) => name!);
  assertEquals(names.toSorted(), [...DENO_ONLY].toSorted());
});
