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
import { load, writeScripts } from "./wrk.ts";

const MIB = 1024 * 1024;

/** Measures whole files over one and 16 connections, and ranges over 16. */
export async function serving(mib = 1024, rounds?: number): Promise<void> {
  const tools = await service("tools");
  if (!tools) throw new Error("the service tools does not run");
  await using peer = await startOwn(nginx);
  const root: string = peer["root"];
  const master = Number(await Deno.readTextFile(join(dirname(root), "nginx.pid")));
  await writeImage(join(root, "image"), mib);
  const scripts = await writeScripts(mib);
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
    const measure = async (title: string, connections: number, script: "whole" | "ranges") => {
      const contenders = servers.map(({ name, pids, url }, i) => ({
        name,
        ...(i > 0 ? { against: servers[0]!.name } : {}),
        run: () => observe(pids, () => load(tools["wrk"], url, connections, scripts[script])),
      }));
      // A server runs for long; the first seconds go into compiling.
      for (const { run } of [...contenders, ...contenders]) await run();
      await compare(title, contenders, rounds);
    };
    await measure(`serve ${mib} MiB, 1 connection`, 1, "whole");
    await measure(`serve ${mib} MiB, 16 connections`, 16, "whole");
    await measure("serve 64 KiB ranges, 16 connections", 16, "ranges");
  } finally {
    vitrine.kill();
    await vitrine.status;
    await Deno.remove(scripts.folder, { recursive: true });
  }
}

async function writeImage(path: string, mib: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  for (let at = 0; at < mib * MIB; at += block.length) await file.write(block);
}

if (import.meta.main) {
  await serving(Number(Deno.args[0] ?? 1024), Number(Deno.args[1] ?? 5));
  await servingWhileClientsStall();
}
