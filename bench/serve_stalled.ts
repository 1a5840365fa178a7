/**
 * Latency of healthy requests to `vitrine serve` while other clients stall: 400 of 500 connections, with 200
 * descriptors.
 *
 * @module
 */
import { COMMAND, Workplace } from "../tests/cli/harness.ts";
import { askOnce, StalledClients } from "../tests/server/stalled_clients.ts";
import { memoryOf } from "../tools/process.ts";

const MIB = 1024 * 1024;
const STALLED = 400;
const HEALTHY = 100;

/** Measures latencies before and during the stall, and prints them with the growth of memory. */
export async function servingWhileClientsStall(): Promise<void> {
  await using place = await Workplace.make();
  await Deno.mkdir(place.path("local"), { recursive: true });
  await Deno.writeFile(place.path("local/large.img"), new Uint8Array(64 * MIB));
  await Deno.writeTextFile(place.path("local/small.txt"), "healthy");
  const words = [Deno.execPath(), ...COMMAND, "serve", "--port", "0", "--writable"];
  const line = `ulimit -n 200 && exec ${words.map((word) => `'${word}'`).join(" ")}`;
  const child = new Deno.Command("sh", {
    args: ["-c", line],
    cwd: place.folder,
    env: { NO_COLOR: "1", VITRINE_TOKEN: "t" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const url = new URL(/http:\S+\//.exec((await lines.read()).value!)![0]);
    await latencies(url);
    const before = memoryOf(child.pid, "VmRSS");
    console.log(`serve, nobody stalls:          ${shown(await latencies(url))}`);
    using _stalled = await StalledClients.open(url, STALLED, "/local/large.img", "t");
    console.log(`serve, ${STALLED} connections stall:   ${shown(await latencies(url))}`);
    const growth = (memoryOf(child.pid, "VmRSS") - before) / MIB;
    console.log(`serve, memory grew by ${growth.toFixed(1)} MiB`);
  } finally {
    child.kill("SIGINT");
    await child.status;
    await lines.cancel();
  }
}

/** Times of healthy requests in milliseconds, ten at a time, each on a connection of its own. */
async function latencies(url: URL): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < HEALTHY; i += 10) {
    const ten = Array.from({ length: 10 }, () => askOnce(url, "/local/small.txt"));
    for (const { text, time } of await Promise.all(ten)) {
      if (!text.endsWith("healthy")) throw new Error(`a healthy request failed: ${text}`);
      times.push(time);
    }
  }
  return times.sort((a, b) => a - b);
}

function shown(times: readonly number[]): string {
  const at = (part: number) => `${times[Math.floor((times.length - 1) * part)]!.toFixed(1)} ms`;
  return `median ${at(0.5)}, 90 % ${at(0.9)}, slowest ${at(1)}`;
}

if (import.meta.main) await servingWhileClientsStall();
