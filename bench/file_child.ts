/**
 * Vitrine's file driver, measured in a process of its own for bench/file.ts.
 *
 * Usage: `file_child.ts add|add-threads|get-byob|get-aligned|get-default SOURCE DATADIR`
 *
 * @module
 */
import { basename, dirname } from "@std/path";
import { FileStore } from "@vitrine/vitrine/file";
import { measure } from "./harness.ts";

const CHUNK = 4 * 1024 * 1024;
const PAGE = 4096;

/** How far into a buffer its first page begins: `cat` reads into whole pages too. */
function toPage(buffer: ArrayBuffer): number {
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
  return Number(-address & BigInt(PAGE - 1));
}

const [work, source, datadir] = Deno.args as [string, string, string];

if (work.startsWith("add")) {
  // Not by a permission: what measures reads /proc, for which Deno wants all of them.
  if (work === "add-threads") Object.defineProperty(Deno, "dlopen", { value: undefined });
  const store = new FileStore("bench", { datadir });
  await store.configure();
  const file = await Deno.open(source);
  const { size } = await file.stat();
  await measure(async () => (await store.add("image", file.readable, { size })).size);
  await store.close();
} else {
  const store = new FileStore("bench", { datadir: dirname(source) });
  await store.configure();
  await measure(async () => {
    const { stream } = await store.get(basename(source));
    let bytes = 0;
    if (work === "get-default") {
      for await (const chunk of stream) bytes += chunk.length;
      return bytes;
    }
    const reader = stream.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(CHUNK + PAGE);
    const start = work === "get-aligned" ? toPage(buffer) : 0;
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer, start, CHUNK));
      if (done) return bytes;
      bytes += value.length;
      buffer = value.buffer;
    }
  });
  await store.close();
}
Deno.exit(0);
