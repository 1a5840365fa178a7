/**
 * `deno task test [--no-skips] [argument...]`: starts every installed test service, runs `deno test` on the tests and
 * on the examples of the published modules, says which tests were skipped and why, and stops what it started.
 * Arguments go on to `deno test`; paths among them replace what is tested. With `--no-skips` or `CI=true` a skipped
 * test is a failure.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import config from "../deno.json" with { type: "json" };
import { SERVICES } from "./services/all.ts";
import { start, type Started, stop, whereInstalled } from "./services/lifecycle.ts";

/** The lock of what only tests need: users, whose lock is the checkout's own, do not download it. */
const LOCK = "tests/deno.lock";

interface Results {
  passed: number;
  failed: number;
  /** Names of the skipped tests and steps. */
  skipped: string[];
  /**
   * Rules of the contract that a store's capabilities exclude, and tests of what no package has: nothing that
   * could be installed is missing there.
   */
  excluded: string[];
}

async function main(): Promise<number> {
  const noSkips = Deno.args.includes("--no-skips") || Deno.env.get("CI") === "true";
  const args = Deno.args.filter((arg) => arg !== "--no-skips");

  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }

  const services = await start(await whereInstalled(SERVICES), SERVICES);
  try {
    for (const line of services.map(describe)) console.log(line);
    if (interruption.signal.aborted) return 130;
    const { passed, failed, skipped, excluded } = await runTests(args, interruption.signal);
    if (interruption.signal.aborted) return 130;

    for (const name of excluded) console.log(`excluded: ${name}`);
    for (const name of skipped) console.log(`skipped: ${name}${whySkipped(name, services)}`);
    const notStarted = services.filter(({ error }) => error);
    for (const line of notStarted.map(describe)) console.log(line);
    console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
    return failed + notStarted.length > 0 || (noSkips && skipped.length > 0) ? 1 : 0;
  } finally {
    const own = services.filter(({ already, error }) => !already && !error);
    if (own.length > 0) await stop(own.map(({ service }) => service.name), SERVICES);
  }
}

async function runTests(args: string[], signal: AbortSignal): Promise<Results> {
  const paths = args.some(exists) ? [] : ["tests", ...publishedPaths()];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--doc", `--lock=${LOCK}`, ...args, ...paths],
    stdin: "null",
    stdout: "piped",
    signal,
  }).spawn();
  const results: Results = { passed: 0, failed: 0, skipped: [], excluded: [] };
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    await writeOut(text);
    const lines = stripVTControlCharacters(rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) readLine(line, results);
  }
  // Types that do not hold, or no test at all: there is no summary then.
  if (!(await child.status).success) results.failed ||= 1;
  return results;
}

/** Reads what the reporter says of a skipped test or step, and its summary, the last of which counts. */
function readLine(line: string, results: Results): void {
  const skipped = /^\s*(.*) \.\.\. ignored \(\d+ms\)$/.exec(line)?.[1];
  if (skipped !== undefined) {
    const isExcluded = / \[not (?:for this store|on this machine): /.test(skipped);
    (isExcluded ? results.excluded : results.skipped).push(skipped);
  }
  const summary = /^(?:ok|FAILED) \| (\d+) passed .*?\| (\d+) failed/.exec(line);
  if (summary) [results.passed, results.failed] = [Number(summary[1]), Number(summary[2])];
}

async function writeOut(text: string): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

function publishedPaths(): string[] {
  return config.publish.include.filter((path) => path !== "LICENSE" && !path.endsWith(".json"))
    .filter(exists);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function describe({ service, error, already, duration }: Started): string {
  if (error) return `${service.name}: did not start: ${error.message}`;
  return `${service.name}: ${already ? "runs already" : `up in ${(duration / 1000).toFixed(1)} s`}`;
}

function whySkipped(name: string, services: Started[]): string {
  const needed = /\[needs (.*)\]$/.exec(name)?.[1]?.split(", ") ?? [];
  const reasons = needed.flatMap((name) => {
    const started = services.find(({ service }) => service.name === name);
    if (started === undefined) return [`${name} is not installed`];
    return started.error ? [`${name} did not start`] : [];
  });
  return reasons.length > 0 ? `: ${reasons.join(", ")}` : "";
}

if (import.meta.main) Deno.exit(await main());
