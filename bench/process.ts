/**
 * What a running server costs: its CPU time and peak memory while something is done to it.
 *
 * @module
 */
import type { Measurement } from "./harness.ts";

/** Ticks of the kernel's clock in a second, on every Linux there is (sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

/** Measures work done to the process, which resolves to the bytes that it moved. */
export async function observe(
  pid: number,
  work: () => Promise<{ bytes: number; seconds: number }>,
): Promise<Measurement> {
  // Forgets the peak so far (proc_pid_clear_refs(5)).
  await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5");
  const before = await cpuOf(pid);
  const growthFrom = await memoryOf(pid, "VmRSS");
  const { bytes, seconds } = await work();
  const rss = await memoryOf(pid, "VmHWM");
  return { bytes, seconds, cpu: await cpuOf(pid) - before, rss, growth: rss - growthFrom };
}

/** CPU time of a process in seconds, user and system (proc_pid_stat(5)). */
async function cpuOf(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function memoryOf(pid: number, key: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)![1]);
}
