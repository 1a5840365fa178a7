/**
 * How every bench measures: contenders in processes of their own, in turns within one run, so that
 * each is paired with the others in the same minutes; medians, CPU seconds and peak memory as a
 * table and as JSON.
 *
 * @module
 */
import type { Measurement } from "../tools/measurement.ts";
import { watchLoop } from "../tools/pauses.ts";
import { forgetPeak, memoryOf } from "../tools/process.ts";

/** One of those compared. */
export interface Contender {
  /** How the table names it. */
  name: string;
  /** The name of the contender that it is compared with; none for one that others are compared with. */
  against?: string;
  /** Runs it once. Whatever is not to be measured is done before and after the process's own clock. */
  run(): Promise<Measurement>;
}

/** The medians of one contender, and the pauses of its event loop. */
export interface Row extends Omit<Measurement, "loop" | "moved"> {
  /** How the table names it. */
  name: string;
  /** MiB a second. */
  rate: number;
  /** CPU seconds a GiB. */
  cpuPerGiB: number;
  /** Median of the rounds' ratios of its rate to that of the one it is compared with. */
  ratio: number | undefined;
  /** The one it is compared with. */
  against: string | undefined;
  /** MiB a second, round by round. */
  rates: number[];
  /** Pauses of the event loop over all rounds, in milliseconds. */
  pauses: {
    /** The longest; what one of a thousand is longer than; the longest while there was no work. */
    longest: number;
    permille: number;
    idle: number;
    /** The most that the loop's own thread computed at a stretch. */
    own: number;
  } | undefined;
}

const MIB = 1024 * 1024;
/** How long the event loop is watched before the work begins, in milliseconds. */
const IDLE = 500;

/** The median; the mean of the middle two of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs the contenders in turns, `rounds` times, prints the table and writes the JSON. */
export async function compare(
  title: string,
  contenders: readonly Contender[],
  rounds = 5,
): Promise<Row[]> {
  const runs = new Map<string, Measurement[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each goes first as often as last: what a run leaves behind is then nobody's disadvantage.
    const inOrder = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const { name, run } of inOrder) runs.get(name)!.push(await run());
  }
  const rate = ({ bytes, seconds }: Measurement) => bytes / MIB / seconds;
  for (const { name } of contenders) printMoved(name, runs.get(name)!);
  const rows = contenders.map(({ name, against }): Row => {
    const mine = runs.get(name)!;
    const other = against === undefined ? undefined : runs.get(against);
    const of = (key: "bytes" | "seconds" | "cpu" | "rss" | "growth") =>
      median(mine.map((one) => one[key] ?? NaN));
    return {
      name,
      against,
      bytes: of("bytes"),
      seconds: of("seconds"),
      cpu: of("cpu"),
      rss: of("rss"),
      growth: of("growth"),
      rate: median(mine.map(rate)),
      cpuPerGiB: of("cpu") / (of("bytes") / MIB / 1024),
      ratio: other && median(mine.map((one, i) => rate(one) / rate(other[i]!))),
      rates: mine.map((one) => Math.round(rate(one))),
      pauses: pausesOf(mine),
    };
  });
  print(title, rows, rounds);
  await save(title, rows);
  return rows;
}

function pausesOf(runs: readonly Measurement[]): Row["pauses"] {
  const loops = runs.flatMap(({ loop }) => loop ?? []);
  if (loops.length === 0) return undefined;
  const gaps = loops.flatMap(({ busy }) => busy.gaps).sort((a, b) => b - a);
  return {
    longest: gaps[0]!,
    permille: gaps[Math.floor(gaps.length / 1000)]!,
    idle: Math.max(...loops.flatMap(({ idle }) => idle.gaps)),
    own: Math.max(...loops.map(({ busy }) => busy.own)),
  };
}

function print(title: string, rows: readonly Row[], rounds: number): void {
  const table = [
    [
      ...["", "MiB/s", "ratio", "CPU s/GiB", "peak MiB", "growth MiB"],
      ...["pause ms", "99.9 %", "own CPU", "idle"],
    ],
    ...rows.map((row) => [
      row.name,
      row.rate.toFixed(0),
      row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} x ${row.against}`,
      row.cpuPerGiB.toFixed(2),
      (row.rss / MIB).toFixed(0),
      Number.isNaN(row.growth) ? "" : (row.growth! / MIB).toFixed(0),
      ...["longest", "permille", "own", "idle"].map((key) =>
        row.pauses?.[key as keyof typeof row.pauses].toFixed(1) ?? ""
      ),
    ]),
  ];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((line) => line[i]!.length)));
  console.log(`\n${title} (medians of ${rounds})`);
  for (const line of table) {
    const cells = line.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
    );
    console.log(cells.join("  ").trimEnd());
  }
}

/** Prints how many bytes were read and written, where a contender counts them. */
function printMoved(name: string, runs: readonly Measurement[]): void {
  const moved = runs.flatMap(({ moved }) => moved ?? []);
  if (moved.length === 0) return;
  const [read, written] = (["read", "written"] as const)
    .map((way) => (median(moved.map((one) => one[way])) / MIB).toFixed(0));
  console.log(`${name}: ${read} MiB read, ${written} MiB written`);
}

async function save(title: string, rows: readonly Row[]): Promise<void> {
  const folder = new URL("./results/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const machine = { cpus: navigator.hardwareConcurrency, deno: Deno.version.deno };
  await Deno.writeTextFile(
    new URL(`${name}.json`, folder),
    JSON.stringify({ title, when: new Date().toISOString(), machine, rows }, null, 2),
  );
}

/** Runs a program that prints a {@linkcode Measurement} as its last line of JSON. */
export async function child(command: string, args: readonly string[]): Promise<Measurement> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

/**
 * Takes FFI away from this process. Not by a permission: what measures reads /proc, for which Deno wants
 * all of them.
 */
export function withoutFfi(): void {
  Object.defineProperty(Deno, "dlopen", { value: undefined });
}

/**
 * Measures `work`, which resolves to the bytes it moved, in this process, and prints the
 * {@linkcode Measurement} for {@linkcode child}. `countMoved` returns what has been read and written so far.
 */
export async function measure(
  work: () => Promise<number>,
  countMoved?: () => Promise<{ read: number; written: number }>,
): Promise<void> {
  const { cpuUsage, pid } = await import("node:process");
  const watchedIdle = watchLoop();
  await new Promise((resolve) => setTimeout(resolve, IDLE));
  const idle = watchedIdle();
  const movedBefore = await countMoved?.();
  forgetPeak(pid);
  const before = memoryOf(pid, "VmRSS");
  const watched = watchLoop();
  const cpu = cpuUsage();
  const start = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = cpuUsage(cpu);
  const busy = watched();
  const rss = memoryOf(pid, "VmHWM");
  const moved = await countMoved?.();
  const result: Measurement = {
    bytes,
    seconds,
    cpu: (user + system) / 1e6,
    rss,
    growth: rss - before,
    loop: { busy, idle },
    ...moved && movedBefore && {
      moved: { read: moved.read - movedBefore.read, written: moved.written - movedBefore.written },
    },
  };
  console.log(JSON.stringify(result));
}
