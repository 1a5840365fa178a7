/**
 * Stores, by the one that needs no server.
 *
 * @module
 */
import { Location } from "../../../mod.ts";
import { MemoryStore } from "../../../drivers/memory/mod.ts";
import { all, byobSizesOf, bytesOf, equal, fails, pattern, sizesOf } from "../check.ts";
import type { Cases } from "../case.ts";

const MIB = 1_048_576;
const DATA = pattern(9 * MIB + 1);

let scratch: Promise<MemoryStore> | undefined;

/** A store with an image, the same each time. */
function filled(): Promise<MemoryStore> {
  return scratch ??= (async () => {
    const store = new MemoryStore("scratch");
    await store.add("iso/a b.iso", DATA, { hashingAlgo: "sha256" });
    return store;
  })();
}

/** The bytes as a stream in pieces that are no chunks. */
function streamed(): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < DATA.length) controller.enqueue(DATA.slice(at, at += 100_003));
      else controller.close();
    },
  });
}

/** What a store does. */
export const memoryCases: Cases = {
  "store: a stream of unknown size is added whole": async () => {
    const store = new MemoryStore("scratch");
    const { size, location } = await store.add("a", streamed());
    equal(size, DATA.length);
    equal(await bytesOf((await store.get(location)).stream), DATA);
  },
  "store: what is written to writable is added": async () => {
    const store = new MemoryStore("scratch");
    await streamed().pipeTo(store.writable("a"));
    equal(await store.getSize("a"), DATA.length);
  },
  "store: responses of small ranges are each their own": async () => {
    const store = await filled();
    const respond = async (offset: number) =>
      await (await store.get("iso/a b.iso", { offset, length: 70_000 })).respond();
    const [one, other] = [await respond(5), await respond(900)];
    equal(new Uint8Array(await one.arrayBuffer()), DATA.slice(5, 70_005));
    equal(new Uint8Array(await other.arrayBuffer()), DATA.slice(900, 70_900));
  },
  "store: get gives chunks of 4 MiB": async () => {
    const { stream } = await (await filled()).get("iso/a b.iso");
    equal(await sizesOf(stream), [4 * MIB, 4 * MIB, MIB + 1]);
  },
  "store: a BYOB reader's view is filled": async () => {
    const { stream } = await (await filled()).get("iso/a b.iso", { offset: 1 });
    equal(await byobSizesOf(stream, 3 * MIB), [3 * MIB, 3 * MIB, 3 * MIB]);
  },
  "store: a range is the bytes asked for": async () => {
    const store = await filled();
    const { stream, size, total } = await store.get("iso/a b.iso", {
      offset: 4_000_000,
      length: 9,
    });
    equal([size, total], [9, DATA.length]);
    equal(await bytesOf(stream), DATA.slice(4_000_000, 4_000_009));
    await fails("InvalidRange", () => store.get("iso/a b.iso", { offset: DATA.length + 1 }));
  },
  "store: verify passes what is right and stops what is not": async () => {
    const store = await filled();
    equal(await bytesOf((await store.get("iso/a b.iso", { verify: true })).stream), DATA);
    const { stream } = await store.get("iso/a b.iso", { verify: { checksum: "0".repeat(32) } });
    await fails("ChecksumMismatch", () => sizesOf(stream));
  },
  "store: an abort ends reading and writing": async () => {
    const store = await filled();
    const reading = new AbortController();
    const reader = (await store.get("iso/a b.iso", reading)).stream.getReader();
    await reader.read();
    reading.abort(new Error("enough"));
    equal(await reader.read().catch(({ message }) => message), "enough");

    const writing = new AbortController();
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(MIB));
        writing.abort(new Error("enough"));
      },
    });
    equal(await store.add("b", endless, writing).catch(({ message }) => message), "enough");
    equal(await store.getSize("b").catch(({ name }) => name), "NotFound");
  },
  "store: list shows a directory, and everything below": async () => {
    const store = new MemoryStore("scratch");
    for (const id of ["iso/a b.iso", "c"]) await store.add(id, new Uint8Array(1));
    const paths = async (recursive: boolean) =>
      (await all(store.list({ recursive }))).map(({ path, kind }) => `${kind} ${path}`).sort();
    equal(await paths(false), ["directory iso", "image c"]);
    equal(await paths(true), ["image c", "image iso/a b.iso"]);
  },
  "store: an error says what it is and where": async () => {
    const { message } = await fails("NotFound", () => new MemoryStore("scratch").get("none"));
    equal(message, "scratch: get none: no such image");
  },
  "store: a location prints itself": async () => {
    const location = await (await filled()).locationOf("iso/a b.iso");
    equal([`${location}`, location instanceof Location], ["memory://scratch/iso/a%20b.iso", true]);
  },
};
