/**
 * `deno task test [--no-skips] [argument...]`: starts every installed test service, runs `deno test` on
 * the tests and on the examples of the published modules, says which tests were skipped and why, and stops
 * what it started. Each folder of tests has a process of its own, and two run at a time. The modules of
 * tests that failed then run once more, one after the other: what passes then is named as unsteady, and
 * what fails again is a failure. A folder whose process a signal ended runs once more too. Arguments go on
 * to `deno test`; paths among them replace what is tested, in one process and once. With `--no-skips` or
 * `CI=true` a skipped test is a failure.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { SERVICES } from "./services/all.ts";
import { start, type Started, stop, whereInstalled } from "./services/lifecycle.ts";
import { TestReport } from "./test_report.ts";

/** The lock of what only tests need: users, whose lock is the checkout's own, do not download it. */
const LOCK = "tests/deno.lock";

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
    const { passed, failed, skipped, excluded, failures } = await runTests(
      args,
      interruption.signal,
    );
    if (interruption.signal.aborted) return 130;

    for (const name of excluded) console.log(`excluded: ${name}`);
    for (const name of skipped) console.log(`skipped: ${name}${whySkipped(name, services)}`);
    const notStarted = services.filter(({ error }) => error);
    for (const line of notStarted.map(describe)) console.log(line);
    for (const { name, module, error } of failures) {
      console.log(`failed: ${name} (${module}): ${error}`);
    }
    console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
    return failed + notStarted.length > 0 || (noSkips && skipped.length > 0) ? 1 : 0;
  } finally {
    const own = services.filter(({ already, error }) => !already && !error);
    if (own.length > 0) await stop(own.map(({ service }) => service.name), SERVICES);
  }
}

/** Runs what the arguments name as one group, or every group, two at a time. */
async function runTests(args: string[], signal: AbortSignal): Promise<TestReport> {
  const report = new TestReport();
  if (args.some(exists)) {
    await runGroup(args, report, writeOut, signal);
    return report;
  }
  const groups = await listGroups();
  const runLane = async () => {
    for (let group = groups.shift(); group; group = groups.shift()) {
      if (signal.aborted) return;
      console.log(`tests of ${group.name} begin`);
      let output = "";
      const collect = (text: string) => void (output += text);
      await runGroup([...args, "--no-check", ...group.paths], report, collect, signal);
      await writeOut(`\ntests of ${group.name}:\n${output}`);
    }
  };
  await Promise.all([runLane(), runLane()]);
  await runAgain(report, args, signal);
  return report;
}

/** How many modules may fail before it is clear that this is no matter of timing. */
const MOST_UNSTEADY = 5;

/**
 * Runs the modules with failed tests once more, alone: beside others a test can fail because the machine was
 * busy. What passes now is counted as passed and is named, because it shows a race somewhere.
 */
async function runAgain(report: TestReport, args: string[], signal: AbortSignal): Promise<void> {
  const modules = [...new Set(report.failures.map(({ module }) => module))];
  // A failure that names no module can't be run again, nor one of many.
  const unnamed = report.failures.length < report.failed || modules.some((path) => !exists(path));
  if (unnamed || modules.length > MOST_UNSTEADY) return;
  const first = report.failures.splice(0);
  report.failed = 0;
  for (const module of modules) {
    if (signal.aborted) return;
    const again = new TestReport();
    await writeOut(`\ntests of ${module}, again:\n`);
    await runGroup([...args, "--no-check", module], again, writeOut, signal);
    const firstHere = first.filter((failure) => failure.module === module);
    report.failed += again.failed;
    // A test may have failed in several steps.
    const tests = new Set(firstHere.map(({ name }) => name.split(" ... ")[0]));
    report.passed += Math.max(0, tests.size - again.failed);
    report.failures.push(...again.failures);
    const failedAgain = new Set(again.failures.map(({ name }) => name));
    for (const { name, error } of firstHere) {
      if (!failedAgain.has(name)) console.log(`unsteady: ${name} (${module}): ${error}`);
    }
  }
}

/** The tests that one process runs. */
interface Group {
  /** The folder, or what the group holds. */
  name: string;
  /** What `deno test` is given. */
  paths: string[];
}

/** The folders that take longest. They begin first, so that both lanes end at about the same time. */
const LONGEST = ["swift", "glance", "s3", "rbd", "soak", "runtimes", "hostile", "nbd"];

/**
 * Lists the folders of tests, the tests beside them, and the examples of the published modules. Their
 * types are checked by a gate, once for all.
 */
async function listGroups(): Promise<Group[]> {
  const folders: string[] = [];
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir("tests")) {
    if (isDirectory) folders.push(name);
    else if (name.endsWith("_test.ts")) files.push(`tests/${name}`);
  }
  const rank = (name: string) => LONGEST.includes(name) ? LONGEST.indexOf(name) : LONGEST.length;
  folders.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return [
    ...folders.map((name) => ({ name: `tests/${name}`, paths: [`tests/${name}`] })),
    { name: "tests", paths: files },
    { name: "the published modules", paths: publishedPaths() },
  ];
}

/**
 * Runs `deno test` and adds its results to a report. If a signal ended the process, as when a library of the
 * system crashes, the results of its tests are lost: a line says so, and they run once more.
 */
async function runGroup(
  args: string[],
  report: TestReport,
  write: (text: string) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  let { own, status } = await runOnce(args, write, signal);
  if (status.signal !== null && !signal.aborted) {
    console.log(`unsteady: the process of ${args.at(-1)} was ended by ${status.signal}`);
    ({ own, status } = await runOnce(args, write, signal));
  }
  // Types that do not hold, or no test at all: there is no summary then.
  if (!status.success && own.failed === 0) own.failed++;
  report.add(own);
}

async function runOnce(
  args: string[],
  write: (text: string) => Promise<void> | void,
  signal: AbortSignal,
): Promise<{ own: TestReport; status: Deno.CommandStatus }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--doc", `--lock=${LOCK}`, ...args],
    // What Deno says of new versions of itself stands on the standard error of tested commands.
    env: { DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "piped",
    signal,
  }).spawn();
  const own = new TestReport();
  await own.read(child.stdout, write);
  return { own, status: await child.status };
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
