/**
 * What running servers cost: their CPU time and peak memory while something is done to them.
 *
 * @module
 */
import type { Measurement } from "./measurement.ts";

/** Ticks of the kernel's clock in a second, on every Linux there is (sysconf(_SC_CLK_TCK)). */
const TICKS = 100;

/** Measures work done to processes, which resolves to the bytes that it moved. */
export async function observe(
  pids: readonly number[],
  work: () => Promise<{ bytes: number; seconds: number }>,
): Promise<Measurement> {
  pids.forEach(forgetPeak);
  const sum = (read: (pid: number) => number) => pids.reduce((all, pid) => all + read(pid), 0);
  const before = { cpu: sum(cpuOf), rss: sum((pid) => memoryOf(pid, "VmRSS")) };
  const { bytes, seconds } = await work();
  const rss = sum((pid) => memoryOf(pid, "VmHWM"));
  return { bytes, seconds, cpu: sum(cpuOf) - before.cpu, rss, growth: rss - before.rss };
}

/** The processes that a process has started, itself left out. */
export function childrenOf(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").map(Number);
}

/** CPU time of a process in seconds, user and system (proc_pid_stat(5)). */
function cpuOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Makes a process's peak of resident memory begin at what it has now (proc_pid_clear_refs(5)). */
export function forgetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Resident memory of a process in bytes: now by `VmRSS`, at its peak by `VmHWM`. */
export function memoryOf(pid: number, key: "VmRSS" | "VmHWM"): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)![1]);
}
