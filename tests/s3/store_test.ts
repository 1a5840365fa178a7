/**
 * What is S3's own, on real servers: Ceph's radosgw and OpenStack Swift's S3 API.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { copyObject } from "../../drivers/s3/copier.ts";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { S3Fault, type S3Store } from "../../drivers/s3/mod.ts";
import { WriteState } from "../../drivers/s3/write_state.ts";
import { sendForXml } from "../../drivers/s3/xml_request.ts";
import {
  ChecksumMismatch,
  Duplicate,
  Forbidden,
  Invalid,
  NotAuthenticated,
  NotFound,
  StoreAclsNotSupported,
  StoreError,
} from "../../mod.ts";
import { assertBytes, bytesOf, failing, MIB, pattern, streamOf } from "../../conformance/data.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { until } from "../until.ts";
import { TestBucket } from "./bucket.ts";
import { clockAt } from "./clock.ts";
import { settings } from "./settings.ts";

/** Parts of the least size, two at once. */
const PARTS = { largeObjectSize: 0, largeObjectChunkSize: 5, concurrency: 2 };

/** Registers a test on each of the servers. */
function s3Test(
  name: string,
  run: (s3: Endpoints, server: "ceph" | "swift") => Promise<void>,
): void {
  for (const server of ["ceph", "swift"] as const) {
    serviceTest(`${name}, on ${server}`, server, ({ [server]: { s3 } }) => run(s3, server));
  }
}

async function openUploads(bucket: TestBucket): Promise<string[]> {
  const client = bucket.client();
  try {
    return (await Array.fromAsync(listUploads(client))).map(({ key }) => key);
  } finally {
    await client.close();
  }
}

/** Swift's container servers may list what is gone for as long as they are busy. */
function noUploads(bucket: TestBucket): Promise<void> {
  return until("the uploads to go", async () => (await openUploads(bucket)).length === 0);
}

async function names(store: S3Store): Promise<string[]> {
  return (await Array.fromAsync(store.list({ recursive: true }))).map(({ path }) => path).sort();
}

s3Test(
  "S3Store.add: an image keeps its digests, of one PUT, in parts, and as a stream in parts",
  async (s3) => {
    await using bucket = new TestBucket(s3, PARTS);
    const { store } = bucket;
    const bytes = pattern(11 * MIB);
    await using whole = bucket.another({ largeObjectSize: 100 });
    const { checksum, multihash } = await whole.add("whole", bytes);
    const stat = await store.stat("whole");
    assertEquals([stat.checksum, stat.multihash], [checksum, multihash]);
    assertEquals(stat.metadata!["os-hash-value"], multihash.value);
    assertEquals(stat.contentType, "application/octet-stream");

    await store.add("parts", bytes, { expected: { checksum, multihash } });
    assertEquals((await store.stat("parts")).multihash, multihash);
    assertBytes(await bytesOf(store, "parts", { verify: true }), bytes);

    const streamed = await store.add("streamed", streamOf(bytes));
    await store.copy("streamed", "copied");
    await store.rename("copied", "renamed");
    for (const id of ["streamed", "renamed"]) {
      const { etag, modified, inspection, ...kept } = await store.stat(id);
      assertEquals([kept.checksum, kept.multihash], [checksum, multihash], id);
      assertEquals(inspection, streamed.inspection);
      if (id === "streamed") assertEquals(etag, streamed.etag ?? etag);
      assert(modified);
      assertBytes(await bytesOf(store, id, { verify: true }), bytes);
      await store.delete(id);
    }
    assertEquals(await names(store), ["parts", "whole"]);
  },
);

s3Test(
  "S3Store.stat: an object in the place of another inherits no digests",
  async (s3, server) => {
    await using bucket = new TestBucket(s3, PARTS);
    const { store } = bucket;
    const { checksum } = await store.add("a", streamOf(pattern(11 * MIB)));
    assertEquals((await store.stat("a")).checksum, checksum);
    const client = bucket.client();
    try {
      const tags = async () => {
        const query = { tagging: "" };
        const set = (await sendForXml(client, { root: "Tagging", key: "a", query })).all("TagSet");
        return set[0]!.all("Tag").map((tag) => tag.text("Key")).sort();
      };
      const names = ["checksum", "os-hash-algo", "os-hash-value", "vitrine-etag", "vitrine-format"];
      assertEquals(await tags(), server === "ceph" ? names : []);
      const headers = { "x-amz-meta-vitrine-add": "another" };
      await client.headers({ method: "PUT", key: "a", headers, body: pattern(3) });
      if (server === "ceph") {
        const body = new TextEncoder().encode(
          "<Tagging><TagSet><Tag><Key>os-hash-value</Key><Value>00</Value></Tag><Tag>" +
            "<Key>os-hash-algo</Key><Value>sha512</Value></Tag><Tag><Key>vitrine-etag</Key>" +
            "<Value>of-another</Value></Tag></TagSet></Tagging>",
        );
        const query = { tagging: "" };
        await client.headers({ method: "PUT", key: "a", query, body });
      }
      assertEquals((await store.stat("a")).multihash, undefined);
    } finally {
      await client.close();
    }
  },
);

s3Test(
  "S3Store.add: an image that fits a part is one PUT though its size is not known",
  async (s3) => {
    await using bucket = new TestBucket(s3, { largeObjectChunkSize: 5 });
    const { store } = bucket;
    const small = await store.add("small", streamOf(pattern(5 * MIB)));
    assertEquals((await store.stat("small")).checksum, small.checksum);
    const large = await store.add("large", streamOf(pattern(5 * MIB + 1)));
    assertEquals((await store.stat("large")).etag!.endsWith('-2"'), true);
    assertEquals(large.size, 5 * MIB + 1);
  },
);

s3Test("S3Store.add: an add that fails half way leaves no upload", async (s3) => {
  await using bucket = new TestBucket(s3, PARTS);
  const { store } = bucket;
  await store.add("first", pattern(1));
  const broken = failing(pattern(17 * MIB), new Error("the source broke"));
  await assertRejects(() => store.add("image", broken), StoreError, "the source broke");
  const controller = new AbortController();
  let given = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(stream) {
      if (++given === 5) controller.abort(new Error("enough"));
      stream.enqueue(pattern(4 * MIB, given));
    },
  });
  const { signal } = controller;
  await assertRejects(() => store.add("image", endless, { signal }), Error, "enough");
  await noUploads(bucket);
  assertEquals(await names(store), ["first"]);
});

s3Test("S3Store.gc: lists and removes uploads that nobody ended, and no others", async (s3) => {
  await using bucket = new TestBucket(s3, PARTS);
  const { store } = bucket;
  await store.add("first", pattern(1));
  const client = bucket.client();
  for (const key of ["stale", "odd/ü + %41"]) {
    await sendForXml(client, {
      root: "InitiateMultipartUploadResult",
      method: "POST",
      key,
      query: { uploads: "" },
    });
  }
  await client.close();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const adding = store.add("live", readable);
  const writer = writable.getWriter();
  await writer.write(pattern(12 * MIB));

  const tell = async (options: Parameters<S3Store["gc"]>[0]) =>
    (await Array.fromAsync(store.gc(options))).map(({ path }) => path).sort();
  assertEquals(await tell({}), []);
  assertEquals(await tell({ olderThan: -60_000, dryRun: true }), ["odd/ü + %41", "stale"]);
  assertEquals((await openUploads(bucket)).length, 3);
  const [one] = await Array.fromAsync(store.gc({ olderThan: -60_000, dryRun: true }));
  assertEquals(one!.kind, "upload");
  assert(Math.abs(one!.since!.getTime() - Date.now()) < 600_000);
  assertEquals(await tell({ olderThan: -60_000 }), ["odd/ü + %41", "stale"]);
  assertEquals(await openUploads(bucket), ["live"]);
  await writer.close();
  assertEquals((await adding).size, 12 * MIB);
});

s3Test("S3Store.list: more than 1,000 keys are listed and deleted, odd ones too", async (s3) => {
  await using bucket = new TestBucket(s3);
  const { store } = bucket;
  await store.add("many/0", new Uint8Array(1));
  const client = bucket.client();
  const odd = ["a b", "a+b", "a%41", "ä/ö", "x & <y>", " lead", "trail ", "q?#", ".hidden"];
  const ids = [...odd, ...Array.from({ length: 1_002 }, (_, i) => `many/${i}`)].sort();
  for (let at = 0; at < ids.length; at += 20) {
    const some = ids.slice(at, at + 20);
    await Promise.all(some.map((key) => client.headers({ method: "PUT", key, body: pattern(1) })));
  }
  await client.close();
  assertEquals(await names(store), ids);
  const level = await Array.fromAsync(store.list());
  const directories = level.filter(({ kind }) => kind === "directory").map(({ path }) => path);
  assertEquals(directories.sort(), ["many", "ä"]);
  assertEquals(level.length, odd.length + 1);
  const few = await Array.fromAsync(store.list({ directory: "many" }));
  assertEquals(few.length, 1_002);
  await store.deleteMany([...ids, "never/there"]);
  assertEquals(await names(store), []);
});

s3Test("S3Store.presign: reads one image for a while, or adds one", async (s3, server) => {
  await using bucket = new TestBucket(s3);
  const { store } = bucket;
  await store.add("dir/a+b ü", pattern(100));
  const url = await store.presign("dir/a+b ü", { expiresIn: 60_000 });
  const response = await fetch(url);
  assertBytes(new Uint8Array(await response.arrayBuffer()), pattern(100));
  const put = await store.presign("put", { method: "PUT" });
  const upload = async (byte: number, headers: HeadersInit = { "if-none-match": "*" }) => {
    const response = await fetch(put, { method: "PUT", body: pattern(200, byte), headers });
    await response.body?.cancel();
    return response.status;
  };
  // The header is part of the signature.
  assertEquals(await upload(1, {}), 403);
  if (server === "ceph") {
    assertEquals(await upload(1), 200);
    assertEquals(await upload(2), 412);
    assertBytes(await bytesOf(store, "put"), pattern(200, 1));
  } else {
    // Swift knows no conditions, and refuses rather than overwrites.
    assertEquals(await upload(1), 501);
  }
  for (const wrong of [url.href.replace("a%2Bb", "other"), put.href]) {
    const refused = await fetch(wrong);
    await refused.body?.cancel();
    assertEquals(refused.status, 403);
  }
  using _clock = clockAt(Date.now() - 600_000);
  const old = await fetch(await store.presign("put", { expiresIn: 1_000 }));
  await old.body?.cancel();
  assertEquals(old.status, 403);
  await assertRejects(() => store.presign("put", { expiresIn: 8 * 86_400_000 }), Invalid, "7 days");
});

s3Test("S3Store: a wrong clock is corrected by the server's", async (s3) => {
  await using bucket = new TestBucket(s3);
  await bucket.store.add("a", pattern(10));
  for (const skew of [-7_200_000, 7_200_000]) {
    using _clock = clockAt(Date.now() + skew);
    await using store = bucket.another();
    assertBytes(await bytesOf(store, "a"), pattern(10));
    await using other = bucket.another();
    assertEquals(await other.getSize("a"), 10);
  }
});

s3Test("S3Store: wrong keys and a missing bucket are different errors", async (s3) => {
  await using bucket = new TestBucket(s3);
  await bucket.store.add("a", pattern(10));
  await using stranger = bucket.another({ secretKey: "wrong-wrong" });
  await assertRejects(() => stranger.get("a"), NotAuthenticated, "SignatureDoesNotMatch");
  await using nowhere = bucket.another({ bucket: "vitrine-none", createBucketOnPut: false });
  await assertRejects(() => nowhere.get("a"), NotFound, "the bucket does not exist");
  for (const options of [{}, PARTS]) {
    await using store = bucket.another({
      bucket: "vitrine-none",
      createBucketOnPut: false,
      ...options,
    });
    await assertRejects(
      () => store.add("a", pattern(6 * MIB)),
      NotFound,
      "the bucket does not exist",
    );
  }
});

serviceTest(
  "S3Store.add: of two stores that add one id at once, one wins where the server decides",
  "ceph",
  async ({ ceph: { s3 } }) => {
    await using bucket = new TestBucket(s3);
    await bucket.store.add("first", pattern(1));
    for (let round = 0; round < 10; round++) {
      await using other = bucket.another();
      const bytes = [pattern(6 * MIB, 1), pattern(6 * MIB, 2)];
      const results = await Promise.allSettled([
        bucket.store.add(`race-${round}`, bytes[0]!),
        other.add(`race-${round}`, bytes[1]!),
      ]);
      const winner = results.findIndex(({ status }) => status === "fulfilled");
      const loser = results[1 - winner]!;
      assert(loser.status === "rejected", "both won");
      assertInstanceOf(loser.reason, Duplicate);
      assertBytes(await bytesOf(other, `race-${round}`), bytes[winner]!);
    }
  },
);

s3Test("S3Store.copy: a large object is copied in parts, its metadata kept", async (s3) => {
  await using bucket = new TestBucket(s3, PARTS);
  const { store, options } = bucket;
  const bytes = pattern(23 * MIB + 5);
  const { checksum, multihash } = await store.add("from ü+", bytes, {
    expected: { checksum: await md5(bytes) },
  });
  const client = bucket.client();
  try {
    const state = new WriteState(client, settings(options));
    const small = { limit: 6 * MIB, part: 6 * MIB };
    await copyObject(state, "from ü+", "dir/to", small);
    assertBytes(await bytesOf(store, "dir/to", { verify: { checksum, multihash } }), bytes);
    assertEquals((await store.stat("dir/to")).checksum, checksum);
    assertEquals((await store.stat("dir/to")).etag!.endsWith('-4"'), true);
    await assertRejects(() => copyObject(state, "from ü+", "dir/to", small), Duplicate);
    await assertRejects(() => copyObject(state, "none", "to", small), NotFound);
    await assertRejects(
      () => copyObject(state, "from ü+", "to", { ...small, signal: AbortSignal.abort() }),
    );
  } finally {
    await client.close();
  }
  await noUploads(bucket);
});

s3Test("S3Store.copy: keeps metadata in UTF-8", async (s3, server) => {
  await using bucket = new TestBucket(s3);
  const { store } = bucket;
  await store.add("first", pattern(1));
  // As `fetch` has it: each byte a character. The second of "à" is then a space, to Swift too.
  const a = server === "ceph" ? "à" : "a";
  const raw = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
  const headers = {
    "content-disposition": raw(`attachment; filename="Übung ${a} Łódź.iso"`),
    "x-amz-meta-name": raw(`Übung  ${a} Łódź`),
  };
  const client = bucket.client();
  try {
    await client.headers({ method: "PUT", key: "from", headers, body: pattern(3) });
    await store.copy("from", "to");
    const kept = async (key: string) => {
      const found = await client.headers({ method: "HEAD", key });
      return Object.keys(headers).map((name) => found.get(name));
    };
    assertEquals(await kept("to"), await kept("from"));
  } finally {
    await client.close();
  }
});

async function md5(bytes: Uint8Array): Promise<string> {
  const { createDigests } = await import("../../streams/digest/mod.ts");
  const digests = await createDigests(["md5"]);
  await digests.update(bytes);
  return (await digests.digest())["md5"]!;
}

s3Test("S3Store.get: whole images are held to the server's digests, parts and all", async (s3) => {
  const held = {
    enableDataIntegrityProtection: true,
    responseChecksumValidation: "when_supported",
  } as const;
  await using bucket = new TestBucket(s3, { ...PARTS, largeObjectSize: 6, ...held });
  const { store } = bucket;
  const changed = (id: string) =>
    bucket.another({
      ...held,
      // Changes a byte of each body on its way here.
      async fetch(url, init) {
        const response = await fetch(url, init);
        if (init.method !== "GET") return response;
        const body = new Uint8Array(await response.arrayBuffer());
        body[body.length >> 1]! ^= 1;
        return new Response(body, response);
      },
    }).get(id).then(({ stream }) => new Response(stream).arrayBuffer());
  for (const size of [0, 5 * MIB, 15 * MIB, 17 * MIB + 3]) {
    const bytes = pattern(size);
    await store.add(`image-${size}`, streamOf(bytes), { size });
    assertBytes(await bytesOf(store, `image-${size}`), bytes);
    await using parallel = bucket.another({ ...held, readConcurrency: 3 });
    assertBytes(await bytesOf(parallel, `image-${size}`), bytes);
    if (size > 0) await assertRejects(() => changed(`image-${size}`), ChecksumMismatch);
  }
  const [largest, copy] = [`image-${17 * MIB + 3}`, "copied in other parts"];
  const client = bucket.client();
  try {
    const state = new WriteState(client, settings(bucket.options));
    await copyObject(state, largest, copy, { limit: 12 * MIB, part: 7 * MIB });
  } finally {
    await client.close();
  }
  assertBytes(await bytesOf(store, copy), pattern(17 * MIB + 3));
  await assertRejects(() => changed(copy), ChecksumMismatch);
});

s3Test(
  "S3Store.add: checksums of uploads do not disturb a server that does not know them",
  async (s3) => {
    for (const checksumAlgorithm of ["CRC32C", "CRC64NVME", "SHA256"] as const) {
      await using bucket = new TestBucket(s3, {
        ...PARTS,
        largeObjectSize: 6,
        enableDataIntegrityProtection: true,
        requestChecksumCalculation: "when_supported",
        checksumAlgorithm,
      });
      for (const size of [3 * MIB, 12 * MIB]) {
        await bucket.store.add(`image-${size}`, pattern(size));
        assertBytes(await bytesOf(bucket.store, `image-${size}`), pattern(size));
      }
    }
  },
);

serviceTest(
  "S3Store.setAcls: ACLs let another tenant read, or everybody",
  "ceph",
  async ({ ceph: { s3 } }) => {
    await using bucket = new TestBucket(s3);
    const { store } = bucket;
    await store.add("a", pattern(10));
    const { accessKey, secretKey } = s3.other;
    await using other = bucket.another({ accessKey, secretKey });
    const { accessKey: _a, secretKey: _s, ...rest } = bucket.options;
    await using anybody = new (store.constructor as typeof S3Store)("any", {
      ...rest,
      anonymous: true,
    });
    const refused = () =>
      Promise.all([other, anybody].map((one) => assertRejects(() => one.get("a"), Forbidden)));
    await refused();
    await store.setAcls("a", { readTenants: [s3.other.id] });
    assertEquals(await store.getAcls("a"), {
      public: false,
      readTenants: [s3.other.id],
      writeTenants: [],
    });
    assertBytes(await bytesOf(other, "a"), pattern(10));
    await assertRejects(() => anybody.get("a"), Forbidden);
    await store.setAcls("a", { readTenants: ["*"] });
    assertEquals((await store.getAcls("a")).readTenants, ["*"]);
    assertBytes(await bytesOf(other, "a"), pattern(10));
    await assertRejects(() => anybody.get("a"), Forbidden);
    await store.setAcls("a", { public: true });
    assertBytes(await bytesOf(anybody, "a"), pattern(10));
    await store.setAcls("a", {});
    await refused();
    await assertRejects(
      () => store.setAcls("a", { writeTenants: [s3.other.id] }),
      StoreAclsNotSupported,
    );
    await assertRejects(
      () => store.setAcls("a", { readTenants: ['x", y'] }),
      StoreAclsNotSupported,
    );
  },
);

serviceTest(
  "S3Store.getAcls: a server without ACLs is named in the error",
  "swift",
  async ({ swift: { s3 } }) => {
    await using bucket = new TestBucket(s3);
    await bucket.store.add("a", pattern(10));
    const error = await assertRejects(
      () => bucket.store.setAcls("a", { public: true }),
      StoreAclsNotSupported,
    ) as StoreError;
    assertInstanceOf(error.cause, StoreError);
    assertInstanceOf(error.cause.cause, S3Fault);
  },
);
