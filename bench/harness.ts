/**
 * How every bench measures: contenders in processes of their own, in turns within one run, so that
 * each is paired with the others in the same minutes; medians, CPU seconds and peak memory as a
 * table and as JSON.
 *
 * @module
 */

/** What one run of one contender took. */
export interface Measurement {
  /** Bytes moved. */
  bytes: number;
  /** Wall-clock time in seconds. */
  seconds: number;
  /** User and system CPU time in seconds. */
  cpu: number;
  /** Peak resident memory in bytes. */
  rss: number;
  /** Growth of resident memory over the work, in bytes, where it was measured. */
  growth?: number;
  /** Longest time that the event loop kept a timer waiting, in milliseconds, where it was measured. */
  pause?: number;
}

/** One of those compared. */
export interface Contender {
  /** How the table names it. */
  name: string;
  /** The name of the contender that it is compared with; none for one that others are compared with. */
  against?: string;
  /** Runs it once. Whatever is not to be measured is done before and after the process's own clock. */
  run(): Promise<Measurement>;
}

/** The medians of one contender, and its longest pause. */
export interface Row extends Measurement {
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
}

const MIB = 1024 * 1024;
/** Time between two looks at the resident memory, in milliseconds. */
const SAMPLE = 5;

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
    for (const { name, run } of contenders) runs.get(name)!.push(await run());
  }
  const rate = ({ bytes, seconds }: Measurement) => bytes / MIB / seconds;
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
      pause: Math.max(...mine.map((one) => one.pause ?? NaN)),
      rate: median(mine.map(rate)),
      cpuPerGiB: of("cpu") / (of("bytes") / MIB / 1024),
      ratio: other && median(mine.map((one, i) => rate(one) / rate(other[i]!))),
      rates: mine.map((one) => Math.round(rate(one))),
    };
  });
  print(title, rows, rounds);
  await save(title, rows);
  return rows;
}

function print(title: string, rows: readonly Row[], rounds: number): void {
  const table = [
    ["", "MiB/s", "ratio", "CPU s/GiB", "peak MiB", "growth MiB", "pause ms"],
    ...rows.map((row) => [
      row.name,
      row.rate.toFixed(0),
      row.ratio === undefined ? "" : `${row.ratio.toFixed(2)} x ${row.against}`,
      row.cpuPerGiB.toFixed(2),
      (row.rss / MIB).toFixed(0),
      Number.isNaN(row.growth) ? "" : (row.growth! / MIB).toFixed(0),
      Number.isNaN(row.pause) ? "" : row.pause!.toFixed(0),
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
 * Measures `work`, which resolves to the bytes it moved, in this process, and prints the
 * {@linkcode Measurement} for {@linkcode child}.
 */
export async function measure(work: () => Promise<number>): Promise<void> {
  const { cpuUsage, memoryUsage } = await import("node:process");
  const before = memoryUsage.rss();
  let peak = before;
  // Not the system's own peak: starting up has set that.
  let pause = 0;
  let due = performance.now() + SAMPLE;
  const sampling = setInterval(() => {
    peak = Math.max(peak, memoryUsage.rss());
    pause = Math.max(pause, performance.now() - due);
    due = performance.now() + SAMPLE;
  }, SAMPLE);
  const cpu = cpuUsage();
  const start = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = cpuUsage(cpu);
  clearInterval(sampling);
  const result: Measurement = {
    bytes,
    seconds,
    cpu: (user + system) / 1e6,
    rss: peak,
    growth: peak - before,
    pause,
  };
  console.log(JSON.stringify(result));
}
