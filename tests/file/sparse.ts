/**
 * Adds a sparse file to a store with thin provisioning, reads it back and compares it, and says how
 * much memory that took.
 *
 * Usage: `sparse.ts DATADIR SOURCE`
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";
import { Buffer } from "node:buffer";

const [datadir, source] = Deno.args;
const store = new FileStore("files", {
  datadir: datadir!,
  createDatadir: true,
  thinProvisioning: true,
});
const CHUNK = 4 * 1024 * 1024;

let peak = 0;
function sample(): void {
  peak = Math.max(peak, Deno.memoryUsage().rss);
}

/** The bytes of a file, sampling memory at each read. */
function sampled(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK,
    async pull(controller) {
      sample();
      const request = controller.byobRequest!;
      const view = new Uint8Array(request.view!.buffer, request.view!.byteOffset);
      const count = await file.read(view);
      if (count === null) controller.close();
      request.respond(count ?? 0);
    },
    cancel: () => file.close(),
  });
}

/** What runs once however large an image is: threads, buffers that go round. */
await store.add("warm-up", new Uint8Array(8 * CHUNK));
await (await store.get("warm-up")).stream.pipeTo(new WritableStream());
sample();
const before = peak;

const added = await store.add("large", sampled(await Deno.open(source!)));

using original = await Deno.open(source!);
const expected = Buffer.alloc(CHUNK);
let same = true;
let read = 0;
const { stream } = await store.get("large");
const reader = stream.getReader({ mode: "byob" });
for (let buffer = new ArrayBuffer(CHUNK);;) {
  sample();
  const { value, done } = await reader.read(new Uint8Array(buffer), { min: CHUNK });
  if (done) break;
  for (let at = 0; at < value.length;) {
    at += (await original.read(expected.subarray(at, value.length)))!;
  }
  same &&= expected.compare(value, 0, value.length, 0, value.length) === 0;
  read += value.length;
  buffer = value.buffer;
}
await store.close();

console.log(
  JSON.stringify({ size: added.size, checksum: added.checksum, read, same, before, peak }),
);
