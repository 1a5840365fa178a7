/**
 * Vitrine's file driver, measured in a process of its own for bench/file.ts.
 *
 * Usage: `file_child.ts add|add-threads|get-byob|get-aligned|get-default SOURCE DATADIR`
 *
 * @module
 */
import { basename, dirname } from "@std/path";
import { FileStore } from "@vitrine/vitrine/file";
import { CHUNK_SIZE } from "../streams/bytes.ts";
import { drain, drainInto } from "./data.ts";
import { measure, withoutFfi } from "./harness.ts";

const PAGE = 4096;

/** How far into a buffer its first page begins: `cat` reads into whole pages too. */
function toPage(buffer: ArrayBuffer): number {
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer));
  return Number(-address & BigInt(PAGE - 1));
}

const [work, source, datadir] = Deno.args as [string, string, string];

if (work.startsWith("add")) {
  if (work === "add-threads") withoutFfi();
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
    if (work === "get-default") return await drain(stream);
    if (work === "get-byob") return await drainInto(stream);
    const buffer = new ArrayBuffer(CHUNK_SIZE + PAGE);
    return await drainInto(stream, buffer, toPage(buffer));
  });
  await store.close();
}
Deno.exit(0);
