/**
 * Serving a file: `serve` over a file store, against nginx with sendfile; then latencies while clients stall.
 *
 * Usage: `serve.ts [MIB] [ROUNDS]`; 1,024 MiB, 5 rounds. It needs the service tools to run, and nginx installed.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { service, startOwn } from "../tests/services/mod.ts";
import { nginx } from "../tests/services/nginx.ts";
import { compare } from "./harness.ts";
import { childrenOf, observe } from "../tools/process.ts";
import { servingWhileClientsStall } from "./serve_stalled.ts";

const MIB = 1024 * 1024;
/** How long wrk asks in each round, in seconds. */
const DURATION = 5;
/** Size of a range, in bytes. */
const RANGE = 65_536;

/** Measures whole files over one and 16 connections, and ranges over 16. */
export async function serving(mib = 1024, rounds?: number): Promise<void> {
  const tools = await service("tools");
  if (!tools) throw new Error("the service tools does not run");
  await using peer = await startOwn(nginx);
  const root: string = peer["root"];
  const master = Number(await Deno.readTextFile(join(dirname(root), "nginx.pid")));
  await writeImage(join(root, "image"), mib);
  const scripts = await Deno.makeTempDir({ prefix: "vitrine-wrk-" });
  await Deno.writeTextFile(join(scripts, "whole.lua"), DONE);
  await Deno.writeTextFile(join(scripts, "ranges.lua"), rangesOf(mib * MIB) + DONE);
  const vitrine = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", join(import.meta.dirname!, "serve_child.ts"), root],
    stdout: "piped",
  }).spawn();
  try {
    const { value } = await vitrine.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
    const servers = [
      { name: "nginx, sendfile", pids: childrenOf(master), url: `${peer["url"]}image` },
      { name: "vitrine", pids: [vitrine.pid], url: `${value!.trim()}files/image` },
    ];
    const measure = async (title: string, connections: number, script: string) => {
      const contenders = servers.map(({ name, pids, url }, i) => ({
        name,
        ...(i > 0 ? { against: servers[0]!.name } : {}),
        run: () => observe(pids, () => load(tools["wrk"], url, connections, join(scripts, script))),
      }));
      // A server runs for long; the first seconds go into compiling.
      for (const { run } of [...contenders, ...contenders]) await run();
      await compare(title, contenders, rounds);
    };
    await measure(`serve ${mib} MiB, 1 connection`, 1, "whole.lua");
    await measure(`serve ${mib} MiB, 16 connections`, 16, "whole.lua");
    await measure("serve 64 KiB ranges, 16 connections", 16, "ranges.lua");
  } finally {
    vitrine.kill();
    await vitrine.status;
    await Deno.remove(scripts, { recursive: true });
  }
}

async function writeImage(path: string, mib: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  for (let at = 0; at < mib * MIB; at += block.length) await file.write(block);
}

/** Makes wrk print its findings as JSON: bytes, microseconds, and what went wrong. */
const DONE = `
function done(summary)
  local wrong = summary.errors
  io.write(string.format('\\n{"bytes":%d,"duration":%d,"errors":%d}\\n', summary.bytes,
    summary.duration, wrong.connect + wrong.read + wrong.write + wrong.status))
end
`;

/** Makes wrk ask for ranges anywhere in an image. */
function rangesOf(size: number): string {
  return `
function request()
  local first = math.random(0, ${size - RANGE})
  return wrk.format(nil, nil, { Range = "bytes=" .. first .. "-" .. first + ${RANGE - 1} })
end
`;
}

async function load(wrk: string, url: string, connections: number, script: string) {
  const args = ["--threads=1", `--connections=${connections}`, `--duration=${DURATION}`];
  const { stdout } = await new Deno.Command(wrk, {
    args: [...args, "--timeout=60", "--script", script, url],
  }).output();
  const text = new TextDecoder().decode(stdout);
  const { bytes, duration, errors } = JSON.parse(/^\{.*\}$/m.exec(text)![0]);
  if (errors > 0) throw new Error(`wrk had ${errors} errors:\n${text}`);
  return { bytes, seconds: duration / 1_000_000 };
}

if (import.meta.main) {
  await serving(Number(Deno.args[0] ?? 1024), Number(Deno.args[1] ?? 5));
  await servingWhileClientsStall();
}
