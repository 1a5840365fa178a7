/**
 * Adds an image to a file store and reads it back: whole and verified, a range, and at random.
 *
 * Run it: `deno run --allow-read --allow-write examples/add_and_read.ts IMAGE DIRECTORY`
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";

const [image, directory] = Deno.args;
if (image === undefined || directory === undefined) {
  console.error("usage: add_and_read.ts IMAGE DIRECTORY");
  Deno.exit(2);
}

await using store = new FileStore("local", { datadir: directory, createDatadir: true });
using file = await Deno.open(image);
const added = await store.add("images/first", file.readable, { size: (await file.stat()).size });
console.log(`added ${added.location}: ${added.size} bytes`);
console.log(`md5 ${added.checksum}`);
console.log(`${added.multihash.algo} ${added.multihash.value}`);

const { stream } = await store.get("images/first", { verify: added });
let count = 0;
for await (const chunk of stream) count += chunk.length;
console.log(`read ${count} bytes, both digests right`);

const range = await store.get("images/first", { offset: 0, length: 16 });
console.log("first bytes", await new Response(range.stream).bytes());

await using handle = await store.open("images/first");
const last = new Uint8Array(16);
const length = await handle.read(last, Math.max(0, handle.size - 16));
console.log("last bytes", last.subarray(0, length));
