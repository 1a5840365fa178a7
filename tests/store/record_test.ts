/**
 * `Store.recordDigests`: digests of images that another program added.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { type ImageFacts, NotFound, StoreAddDisabled, UnknownHashingAlgo } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { MemoryDriver } from "../../drivers/memory/driver.ts";

const HELLO_MD5 = "5d41402abc4b2a76b9719d911017c592";
const recorded: ImageFacts[] = [];

class RecordingDriver extends MemoryDriver {
  recordDigests(_location: unknown, image: ImageFacts): Promise<void> {
    recorded.push(image);
    return Promise.resolve();
  }
}

class RecordingStore extends MemoryStore {
  static override readonly DRIVER = RecordingDriver;
}

Deno.test("Store.recordDigests: computes the digests and passes them to the driver", async () => {
  const store = new RecordingStore("scratch");
  await store.add("disk.qcow2", new Blob(["hello"]));
  let seen = 0;
  const verifier = { update: (chunk: Uint8Array) => seen += chunk.length };
  const digest = await store.recordDigests("disk.qcow2", { hashingAlgo: "sha256", verifier });
  assertEquals([digest.size, digest.checksum, digest.multihash.algo], [5, HELLO_MD5, "sha256"]);
  const { inspection, ...image } = recorded[0]!;
  assertEquals([image, inspection?.format, seen], [digest, "raw", 5]);
});

Deno.test("Store.recordDigests: refuses what cannot be recorded", async () => {
  const store = new RecordingStore("scratch");
  await assertRejects(() => store.recordDigests("none"), NotFound);
  await store.add("a", new Blob(["hello"]));
  await assertRejects(() => store.recordDigests("a", { hashingAlgo: "rot13" }), UnknownHashingAlgo);
  const plain = new MemoryStore("plain");
  await plain.add("a", new Blob(["hello"]));
  await assertRejects(() => plain.recordDigests("a"), StoreAddDisabled, "keeps no digests");
});
