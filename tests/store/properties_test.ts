/**
 * Media type, cache control and metadata of images.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Invalid, StoreMetadataNotSupported, type TreeOutcome, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { importImage, importToStores } from "@vitrine/vitrine/import";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { checkProperties, copiedProperties } from "../../store/image_properties.ts";

const PROPERTIES = {
  contentType: "application/x-iso9660-image",
  cacheControl: "no-cache",
  metadata: { "build-id": "42" },
};

Deno.test("copyByStream: keeps media type, cache control and metadata where the target can", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const [one, other] = [new MemoryStore("one"), new MemoryStore("other")];
    await using vfs = new Vfs({ one, other, file: new FileStore("file", { datadir: directory }) });
    await vfs.writeFile("/one/a.iso", new Uint8Array(3), PROPERTIES);
    assertEquals((await vfs.copyFile("/one/a.iso", "/other/a.iso")).notKept, undefined);
    const { contentType, cacheControl, metadata } = await vfs.stat("/other/a.iso");
    assertEquals({ contentType, cacheControl, metadata }, PROPERTIES);
    const { notKept } = await vfs.copyFile("/one/a.iso", "/file/a.iso");
    assertEquals(notKept, ["contentType", "cacheControl", "metadata"]);
    assertEquals((await vfs.stat("/file/a.iso")).contentType, undefined);
    await vfs.writeFile("/one/plain.iso", new Uint8Array(3));
    assertEquals((await vfs.copyFile("/one/plain.iso", "/file/plain.iso")).notKept, undefined);
    await assertRejects(
      () => vfs.writeFile("/file/b.iso", new Uint8Array(3), PROPERTIES),
      StoreMetadataNotSupported,
      'the ability "metadata" to keep contentType and cacheControl and metadata',
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("copiedProperties: leaves out what no add could have stored", () => {
  const known = {
    contentType: "binary/octet-stream",
    cacheControl: "a\nb",
    metadata: {
      project: "vitrine",
      checksum: "0",
      "vitrine-add": "0",
      "under_score": "1",
      expires: new Date(),
      umlaut: "ü",
    },
  };
  assertEquals(copiedProperties(known, true), {
    kept: { metadata: { project: "vitrine" } },
    notKept: ["cacheControl", "metadata"],
  });
  // The type is the one of data of which nothing is known, and the rest is the store's own.
  const plain = { ...known, cacheControl: undefined, metadata: { checksum: "0", order: 22 } };
  assertEquals(copiedProperties(plain, false), { kept: {}, notKept: [] });
});

Deno.test("Vfs.rename, Vfs.copyTree, syncTree: say what the target cannot keep", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const memory = new MemoryStore("memory");
    await using vfs = new Vfs({ memory, file: new FileStore("file", { datadir: directory }) });
    await vfs.writeFile("/memory/a.iso", new Uint8Array(3), { metadata: { key: "1" } });
    const outcomes: TreeOutcome[] = [];
    const onImage = (outcome: TreeOutcome) => void outcomes.push(outcome);
    await vfs.copyTree("/memory", "/file/copied", { onImage });
    await vfs.syncTree("/memory", "/file/synced", { onImage });
    await memory.delete("a.iso");
    await vfs.writeFile("/memory/a.iso", new Uint8Array(4), { metadata: { key: "1" } });
    await vfs.syncTree("/memory", "/file/synced", { onImage, replace: true });
    await vfs.moveTree("/memory", "/file/moved", { onImage });
    assertEquals(outcomes.map(({ state, notKept }) => [state, notKept]), [
      ["copied", ["metadata"]],
      ["copied", ["metadata"]],
      ["replaced", ["metadata"]],
      ["moved", ["metadata"]],
    ]);
    await vfs.writeFile("/memory/b.iso", new Uint8Array(3), { metadata: { key: "1" } });
    assertEquals((await vfs.rename("/memory/b.iso", "/memory/c.iso")).notKept, undefined);
    assertEquals((await vfs.rename("/memory/c.iso", "/file/c.iso")).notKept, ["metadata"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("checkProperties: limits metadata to what every store keeps", () => {
  assertEquals(checkProperties({}), undefined);
  assertEquals(checkProperties({ metadata: {} }), undefined);
  const metadata = Object.fromEntries([1, 2, 3].map((n) => [`k${n}`, "x".repeat(256)]));
  assertEquals(checkProperties({ metadata }), {
    contentType: undefined,
    cacheControl: undefined,
    metadata,
  });
  assertThrows(
    () => checkProperties({ metadata: { ...metadata, k4: "x".repeat(256) } }),
    Invalid,
    "metadata has 1032 characters, at most 1024",
  );
});

Deno.test("MemoryStore.stat: its metadata is a copy", async () => {
  const store = new MemoryStore("memory");
  const metadata = { key: "value" };
  await store.add("a", new Uint8Array(1), { metadata });
  metadata.key = "changed";
  (await store.stat("a")).metadata!["key"] = "changed";
  assertEquals((await store.stat("a")).metadata, { key: "value" });
});

Deno.test("importImage: stores media type, cache control and metadata", async () => {
  const [memory, other] = [new MemoryStore("memory"), new MemoryStore("other")];
  const vfs = new Vfs({ memory, other });
  await importImage(vfs, new Uint8Array(3), { path: "/memory/a.iso", ...PROPERTIES });
  const { contentType, cacheControl, metadata } = await vfs.stat("/memory/a.iso");
  assertEquals({ contentType, cacheControl, metadata }, PROPERTIES);
  await importToStores(vfs, new Uint8Array(3), ["memory", "other"], { id: "b.iso", ...PROPERTIES });
  assertEquals((await vfs.stat("/other/b.iso")).metadata, PROPERTIES.metadata);
});
