/**
 * One add with or without inspection, and inspection alone, measured in a process of its own for
 * bench/formats.ts.
 *
 * Usage: `formats_child.ts with|without|alone SOURCE DATADIR`
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";
import { FormatInspector } from "../formats/mod.ts";
import { CHUNK_SIZE } from "../streams/bytes.ts";
import { measure } from "./harness.ts";

/** How often the chunks in memory are looked at when inspection is measured alone: 64 GiB. */
const CHUNKS = 16_384;

const [work, source, datadir] = Deno.args as [string, string, string];

if (work === "alone") {
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  const chunks = new Uint8Array(CHUNK_SIZE);
  for (let at = 0; at < CHUNK_SIZE; at += chunk.length) chunks.set(chunk, at);
  await measure(() => {
    const inspector = new FormatInspector();
    for (let i = 0; i < CHUNKS; i++) inspector.update(chunks);
    inspector.end();
    return Promise.resolve(CHUNKS * CHUNK_SIZE);
  });
} else {
  if (work === "without") {
    // There is no option for it, as it is to cost nothing that anybody would save.
    FormatInspector.prototype.update = () => {};
    FormatInspector.prototype.end = () => ({
      format: "raw",
      virtualSize: undefined,
      findings: [],
      safe: true,
    });
  }
  const store = new FileStore("bench", { datadir });
  await store.configure();
  const file = await Deno.open(source);
  const { size } = await file.stat();
  await measure(async () => (await store.add("image", file.readable, { size })).size);
  await store.close();
}
Deno.exit(0);
