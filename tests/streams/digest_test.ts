/**
 * The running digests: right on every backend, whatever is done to them.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import fc from "../fast_check.ts";
import { StoreError, UnknownHashingAlgo } from "../../errors/mod.ts";
import {
  BackendUnavailable,
  createDigests,
  type DigestBackend,
  type Digests,
  isKnownAlgorithm,
} from "../../streams/digest/mod.ts";
import { pool } from "../../streams/digest/threads.ts";

const MIB = 1024 * 1024;
const BACKENDS: DigestBackend[] = ["ffi", "worker", "inline", "portable"];

/** Every algorithm with its name in `node:crypto`. */
const NODE_NAMES: Record<string, string> = {
  md5: "md5",
  sha1: "sha1",
  sha224: "sha224",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
  "sha3-256": "sha3-256",
  "sha3-512": "sha3-512",
  blake2b: "blake2b512",
};
const ALL = Object.keys(NODE_NAMES);

/** Digests of "abc": RFC 1321 A.5, FIPS 180-4 and 202 examples, RFC 7693 A. */
const ABC: Record<string, string> = {
  md5: "900150983cd24fb0d6963f7d28e17f72",
  sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
  sha224: "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha384: "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed" +
    "8086072ba1e7cc2358baeca134c825a7",
  sha512: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  "sha3-256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
  "sha3-512": "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e" +
    "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
  blake2b: "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" +
    "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
};

/** Digests of nothing, from the same sources. */
const EMPTY: Record<string, string> = {
  md5: "d41d8cd98f00b204e9800998ecf8427e",
  sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  sha224: "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
  sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  sha384: "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da" +
    "274edebfe76f65fbd51ad2f14898b95b",
  sha512: "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" +
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
  "sha3-256": "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
  "sha3-512": "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6" +
    "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26",
  blake2b: "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419" +
    "d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce",
};

/** One million times "a", the long example of RFC 1321's and FIPS 180's test suites. */
const MILLION_A: Record<string, string> = {
  md5: "7707d6ae4e027c70eea2a935c2296f21",
  sha1: "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
  sha256: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  sha512: "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb" +
    "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
};

/** Bytes in which no two blocks are alike. */
function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    words[i] = state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** What `node:crypto` says of the whole at once. */
function expected(bytes: Uint8Array, algorithms: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    algorithms.map((name) => [name, createHash(NODE_NAMES[name]!).update(bytes).digest("hex")]),
  );
}

/** The digests of bytes given in chunks of the lengths, the last of which is repeated. */
async function digestOf(
  bytes: Uint8Array,
  backend: DigestBackend,
  algorithms: readonly string[],
  lengths: readonly number[],
): Promise<Record<string, string>> {
  const digests = await createDigests(algorithms, { backend });
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[Math.min(i, lengths.length - 1)]!;
    await digests.update(bytes.subarray(at, at + length));
    at += length;
  }
  return digests.digest();
}

for (const backend of BACKENDS) {
  Deno.test(`digest ${backend}: known digests of every algorithm`, async () => {
    const abc = new TextEncoder().encode("abc");
    assertEquals(await digestOf(abc, backend, ALL, [3]), ABC);
    assertEquals(await digestOf(abc, backend, ALL, [1]), ABC);
    assertEquals(await digestOf(new Uint8Array(0), backend, ALL, [1]), EMPTY);
    const million = new Uint8Array(1e6).fill(97);
    assertEquals(await digestOf(million, backend, Object.keys(MILLION_A), [1e6]), MILLION_A);
    assertEquals(await digestOf(million, backend, Object.keys(MILLION_A), [777]), MILLION_A);
  });

  Deno.test(`digest ${backend}: several MiB, in odd chunks and in one`, async () => {
    const bytes = pattern(5 * MIB + 13);
    const whole = expected(bytes, ALL);
    assertEquals(await digestOf(bytes, backend, ALL, [4 * MIB]), whole);
    assertEquals(await digestOf(bytes, backend, ALL, [1, 65_537, 2 * MIB + 1, 0, 99_991]), whole);
    assertEquals(await digestOf(bytes, backend, ALL, [bytes.length]), whole);
  });

  Deno.test(`digest ${backend}: any split gives the same digests`, async () => {
    const bytes = pattern(3 * MIB);
    const algorithms = ["md5", "sha256"];
    const whole = expected(bytes, algorithms);
    const cut = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.nat({ max: bytes.length }));
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 40 }), async (cuts) => {
        const digests = await createDigests(algorithms, { backend });
        let from = 0;
        for (const to of [...cuts.sort((a, b) => a - b), bytes.length]) {
          await digests.update(bytes.subarray(from, to));
          from = to;
        }
        assertEquals(await digests.digest(), whole);
      }),
      { numRuns: 15 },
    );
  });

  Deno.test(`digest ${backend}: a buffer may be reused once update has resolved`, async () => {
    const bytes = pattern(24 * MIB);
    const digests = await createDigests(["md5", "sha512"], { backend });
    const buffer = new Uint8Array(3 * MIB);
    for (let at = 0; at < bytes.length; at += buffer.length) {
      buffer.set(bytes.subarray(at, at + buffer.length));
      await digests.update(buffer);
      buffer.fill(0xff);
    }
    assertEquals(await digests.digest(), expected(bytes, ["md5", "sha512"]));
  });

  Deno.test(`digest ${backend}: the next chunk may come before the last is through`, async () => {
    const bytes = pattern(24 * MIB);
    const digests = await createDigests(["md5", "sha512"], { backend });
    const updates = [];
    for (const [from, to] of [[0, 4], [4, 8], [8, 9], [9, 9], [9, 20], [20, 24]] as const) {
      updates.push(digests.update(bytes.subarray(from * MIB, to * MIB)));
    }
    await Promise.all(updates);
    assertEquals(await digests.digest(), expected(bytes, ["md5", "sha512"]));
  });

  Deno.test(`digest ${backend}: names come back as given, in any number`, async () => {
    const names = ["sha3_256", "md5", "sha3-256", "md5"];
    const digests = await createDigests(names, { backend });
    assertEquals(digests.algorithms, names);
    assertEquals(await digests.digest(), {
      sha3_256: EMPTY["sha3-256"]!,
      md5: EMPTY["md5"]!,
      "sha3-256": EMPTY["sha3-256"]!,
    });
    const none = await createDigests([], { backend });
    await none.update(new Uint8Array(10));
    assertEquals(await none.digest(), {});
  });

  Deno.test(`digest ${backend}: closing ends it at any moment`, async () => {
    const bytes = pattern(32 * MIB);
    const digests = await createDigests(["md5", "sha512"], { backend });
    await digests.update(bytes.subarray(0, MIB));
    const inFlight = digests.update(bytes);
    digests.close();
    digests.close();
    await inFlight;
    await assertRejects(() => digests.digest(), TypeError, "closed");
    assertThrows(() => digests.update(bytes), TypeError, "closed");

    const fresh = await createDigests(["md5"], { backend });
    fresh.close();
    await assertRejects(() => fresh.digest(), TypeError, "closed");

    const done = await createDigests(["md5"], { backend });
    assertEquals(await done.digest(), { md5: EMPTY["md5"]! });
    done.close();
    await assertRejects(() => done.digest(), TypeError, "closed");
  });

  Deno.test(`digest ${backend}: fifty at once do not mix`, async () => {
    const images = Array.from({ length: 50 }, (_, i) => pattern(300_000 + i * 1000, i + 1));
    const algorithms = ["md5", "sha256"];
    assertEquals(
      await Promise.all(images.map((image) => digestOf(image, backend, algorithms, [99_991]))),
      images.map((image) => expected(image, algorithms)),
    );
  });
}

Deno.test("digest: glance's and hashlib's names are known, no others", async () => {
  for (const name of [...ALL, "sha3_256", "sha3_512"]) assert(isKnownAlgorithm(name), name);
  for (const name of ["SHA-512", "MD5", "sha-512", "crc32", "", "constructor", "__proto__"]) {
    assert(!isKnownAlgorithm(name), name);
    const error = await assertRejects(() => createDigests(["md5", name]), UnknownHashingAlgo);
    assert(error.message.includes(JSON.stringify(name)), error.message);
  }
});

Deno.test("digest ffi: no digest is taken while threads feed it", async () => {
  const bytes = pattern(16 * MIB);
  const digests = await createDigests(["md5", "sha512"], { backend: "ffi" });
  const unfinished = digests.update(bytes);
  await assertRejects(() => digests.digest(), TypeError, "under way");
  await unfinished;
  digests.close();
});

Deno.test("digest ffi: many chunks go by the shared threads, which are given back", async () => {
  const bytes = pattern(64 * MIB);
  const algorithms = ["md5", "sha512"];
  for (let image = 0; image < 3; image++) {
    const digests = await createDigests(algorithms, { backend: "ffi" });
    const updates = [];
    // A few small ones too, which must not overtake those that threads still have.
    for (let at = 0; at < bytes.length; at += 4 * MIB) {
      updates.push(digests.update(bytes.subarray(at, at + 4 * MIB - 10)));
      updates.push(digests.update(bytes.subarray(at + 4 * MIB - 10, at + 4 * MIB)));
      if (at === 16 * MIB) await Promise.all(updates);
    }
    await Promise.all(updates);
    assert(pool().threads.size > 0);
    assertEquals(await digests.digest(), expected(bytes, algorithms));
  }
  assert([...pool().threads].every(({ load }) => load === 0));
});

Deno.test("digest ffi: a thread that ends is an error, and the next image does without it", async () => {
  const bytes = pattern(32 * MIB);
  const feed = async () => {
    const digests = await createDigests(["md5"], { backend: "ffi" });
    try {
      for (let at = 0; at < bytes.length; at += MIB) {
        await digests.update(bytes.subarray(at, at + MIB));
      }
      return await digests.digest();
    } finally {
      digests.close();
    }
  };
  assertEquals(await feed(), expected(bytes, ["md5"]));
  const digests = await createDigests(["md5"], { backend: "ffi" });
  const error = await assertRejects(async () => {
    for (let i = 0; i < 1000; i++) {
      await digests.update(bytes.subarray(0, MIB));
      if (i === 500) { for (const { worker } of pool().threads) worker.terminate(); }
    }
  }, StoreError);
  assertEquals(error.message, "a digest thread ended before its time");
  digests.close();
  assertEquals(await feed(), expected(bytes, ["md5"]));
});

const PAIR = ["md5", "sha512"];

Deno.test("digest wasm: sizes around every edge of a block, in any split", async () => {
  const bytes = pattern(3 * MIB);
  const nearBlocks = fc.tuple(fc.nat({ max: 12 }), fc.integer({ min: -18, max: 18 }))
    .map(([blocks, more]) => Math.max(0, 64 * blocks + more));
  const size = fc.oneof(nearBlocks, fc.nat({ max: bytes.length }));
  await fc.assert(
    fc.asyncProperty(size, fc.array(nearBlocks, { minLength: 1 }), async (size, lengths) => {
      const some = bytes.subarray(0, size);
      const rest = [...lengths, MIB + 1];
      assertEquals(await digestOf(some, "wasm", PAIR, rest), expected(some, PAIR));
      assertEquals(await digestOf(some, "wasm", ["sha512", "md5"], [MIB]), expected(some, PAIR));
    }),
    { numRuns: 200 },
  );
});

/** Feeds bytes from `at` on until a thread takes them, and returns where those end. */
async function untilOnThread(digests: Digests, bytes: Uint8Array, at: number): Promise<number> {
  for (;; at++) {
    const update = digests.update(bytes.subarray(at, at + 1));
    await (update ?? new Promise((resolve) => setTimeout(resolve)));
    if (update) return at + 1;
  }
}

Deno.test("digest wasm: many chunks go on by a thread, which is given back", async () => {
  const bytes = pattern(48 * MIB + 77);
  const wanted = expected(bytes, PAIR);
  const run = async () => {
    const digests = await createDigests(PAIR, { backend: "wasm" });
    const buffer = new Uint8Array(MIB + 1);
    const updates = [];
    let at = 0;
    for (; at < 40 * MIB; at += buffer.length) {
      buffer.set(bytes.subarray(at, at + buffer.length));
      await digests.update(buffer);
      buffer.fill(0xff);
    }
    at = await untilOnThread(digests, bytes, at);
    for (; at < bytes.length; at += 999_999) {
      updates.push(digests.update(bytes.subarray(at, at + 999_999)));
    }
    await Promise.all(updates);
    return await digests.digest();
  };
  for (const one of await Promise.all([run(), run(), run()])) assertEquals(one, wanted);
  assert([...pool().threads].every(({ load }) => load === 0));
});

Deno.test("digest wasm: the md5 of parts too, on this thread and on another", async () => {
  const bytes = pattern(20 * MIB + 5);
  for (const partSize of [128, 1024 * 1024, 3 * MIB, 32 * MIB]) {
    const digests = await createDigests(PAIR, { backend: "wasm", partSize });
    const md5s: Promise<string>[] = [];
    const parts: string[] = [];
    let at = 0;
    const feed = async (length: number) => {
      const part = bytes.subarray(at, at += length);
      for (let from = 0; from < length; from += 700_001) {
        await digests.update(part.subarray(from, from + 700_001));
      }
      if (length !== partSize) return;
      md5s.push(digests.endPart!());
      parts.push(expected(part, ["md5"])["md5"]!);
    };
    while (at + partSize <= bytes.length && parts.length < 40) {
      await feed(partSize);
      await new Promise((resolve) => setTimeout(resolve));
    }
    await feed(bytes.length - at);
    assertEquals(await digests.digest(), expected(bytes, PAIR));
    assertEquals(await Promise.all(md5s), parts);
  }
});

Deno.test("digest: the md5 of parts comes along only where it costs little", async () => {
  for (const backend of BACKENDS) {
    const digests = await createDigests(PAIR, { backend, partSize: 1024 });
    assertEquals(digests.endPart, undefined);
    digests.close();
  }
  for (const [partSize, has] of [[1024, true], [1000, false], [undefined, false]] as const) {
    const digests = await createDigests(PAIR, { backend: "wasm", partSize });
    assertEquals(digests.endPart !== undefined, has);
    digests.close();
  }
});

Deno.test("digest wasm: what is abandoned, on a thread or on its way there, is given back", async () => {
  const bytes = pattern(4 * MIB);
  for (let i = 0; i < 40; i++) {
    const digests = await createDigests(PAIR, { backend: "wasm" });
    const updates = Array.from({ length: 16 }, () => digests.update(bytes.subarray(0, i)));
    if (i % 2) await untilOnThread(digests, bytes, 0);
    updates.push(digests.update(bytes));
    digests.close();
    await Promise.all(updates);
  }
  assertEquals(await digestOf(bytes, "worker", PAIR, [MIB]), expected(bytes, PAIR));
  assert([...pool().threads].every(({ load }) => load === 0));
});

Deno.test("digest wasm: a thread that ends is an error", async () => {
  const bytes = pattern(MIB);
  const digests = await createDigests(PAIR, { backend: "wasm" });
  for (let i = 0; i < 16; i++) await digests.update(bytes);
  await untilOnThread(digests, bytes, 0);
  for (const { worker } of pool().threads) worker.terminate();
  const error = await assertRejects(async () => {
    for (let i = 0; i < 1000; i++) await digests.update(bytes);
  }, StoreError);
  assertEquals(error.message, "a digest thread ended before its time");
  await assertRejects(() => digests.digest(), StoreError);
});

Deno.test("digest wasm: other algorithms are for other backends", async () => {
  for (const others of [["md5"], ["sha512"], ["md5", "sha256"], ["md5", "sha512", "sha1"]]) {
    await assertRejects(() => createDigests(others, { backend: "wasm" }), BackendUnavailable);
  }
  const abc = new TextEncoder().encode("abc");
  assertEquals(await digestOf(abc, "wasm", ["md5", "sha512", "md5"], [2]), expected(abc, PAIR));
});

Deno.test("digest worker: threads and shared memory are bounded, and used again", async () => {
  const { threads, ring } = pool();
  const before = ring.memory;
  const bytes = pattern(5 * MIB);
  const wanted = expected(bytes, ["md5", "sha512"]);
  const some = Array.from(
    { length: 50 },
    () => digestOf(bytes, "worker", ["md5", "sha512"], [4 * MIB]),
  );
  for (const digests of await Promise.all(some)) assertEquals(digests, wanted);
  assert(threads.size <= Math.min(8, navigator.hardwareConcurrency), `${threads.size} threads`);
  assert(ring.memory.byteLength <= 32 * MIB);
  assertEquals(pool().ring.memory, before);
  const known = [...threads];
  await digestOf(bytes, "worker", ["md5", "sha512"], [MIB]);
  assertEquals([...threads], known);
  assert(known.every(({ load }) => load === 0));
});

Deno.test("digest worker: what was abandoned takes no room from those who come later", async () => {
  const bytes = pattern(16 * MIB);
  // More than there are slots.
  for (let i = 0; i < 40; i++) {
    const digests = await createDigests(["md5", "sha512"], { backend: "worker" });
    const inFlight = digests.update(bytes);
    digests.close();
    await inFlight;
  }
  const algorithms = ["md5", "sha512"];
  assertEquals(
    await digestOf(bytes, "worker", algorithms, [4 * MIB]),
    expected(bytes, algorithms),
  );
  assert([...pool().threads].every(({ load }) => load === 0));
});

Deno.test("digest worker: a thread that ends is an error, and is replaced", async () => {
  const bytes = pattern(6 * MIB);
  const algorithms = ["md5", "sha512"];
  const wanted = expected(bytes, algorithms);
  for (const victims of [1, 2]) {
    const digests = await createDigests(algorithms, { backend: "worker" });
    await digests.update(bytes);
    const dying = [...pool().threads].slice(0, victims);
    const ended = dying.map(({ worker }) => new Promise((resolve) => worker.once("exit", resolve)));
    for (const { worker } of dying) worker.terminate();
    const error = await assertRejects(async () => {
      for (let i = 0; i < 1000; i++) await digests.update(bytes);
    }, StoreError);
    assertEquals(error.message, "a digest thread ended before its time");
    assert(error.retryable);
    await assertRejects(() => digests.digest(), StoreError);
    await Promise.all(ended);
    for (const thread of dying) assert(!pool().threads.has(thread));

    // More images than slots: those that the dead held must have come back.
    const many = Array.from({ length: 40 }, () => digestOf(bytes, "worker", algorithms, [4 * MIB]));
    for (const one of await Promise.all(many)) assertEquals(one, wanted);
  }
});

Deno.test("digest worker: digest() rejects when its threads end under it", async () => {
  const digests = await createDigests(["md5", "sha512"], { backend: "worker" });
  await digests.update(pattern(4 * MIB));
  for (const { worker } of pool().threads) worker.terminate();
  await assertRejects(() => digests.digest(), StoreError, "a digest thread ended");
});

Deno.test("digest worker: what fails on a thread rejects, and the thread goes on", async () => {
  const bytes = pattern(4 * MIB);
  const digests = await createDigests(["md5"], { backend: "worker" });
  const [thread] = [...pool().threads].filter(({ load }) => load > 0);
  await assertRejects(() => thread!.send({ op: "update", id: -1, start: 0, end: 1 }), TypeError);
  await digests.update(bytes);
  assertEquals(await digests.digest(), expected(bytes, ["md5"]));
});

const root = new URL("../../", import.meta.url);

/** Runs a program to its own end and returns what it printed. */
async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: root,
    stdin: "null",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const text = new TextDecoder().decode(success ? stdout : stderr);
  assert(success, text);
  return text;
}

/** Runs a script in a Deno of its own that has these permissions and may not ask for more. */
async function inDeno(permissions: string[], script: string): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, script);
    const config = new URL("deno.json", root).pathname;
    return await output(Deno.execPath(), [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
      `--config=${config}`,
      ...permissions,
      path,
    ]);
  } finally {
    await Deno.remove(path);
  }
}

/** A script that digests "abc" by whatever is chosen and says how many threads it started. */
const CHOICE = (options: string) => `
  import { createDigests } from ${JSON.stringify(new URL("streams/digest/mod.ts", root).href)};
  import { pool } from ${JSON.stringify(new URL("streams/digest/threads.ts", root).href)};
  const digests = await createDigests(["md5"], ${options});
  await digests.update(new TextEncoder().encode("abc"));
  console.log((await digests.digest()).md5, pool().threads.size);
`;

const LIBCRYPTO = "/usr/lib/x86_64-linux-gnu/libcrypto.so.3";

Deno.test("digest: threads without any permission, and the process ends by itself", async () => {
  assertEquals(await inDeno([], CHOICE("{}")), `${ABC["md5"]} 1\n`);
  assertEquals(await inDeno([], CHOICE("{ sizeHint: 1e9 }")), `${ABC["md5"]} 1\n`);
});

Deno.test("digest: a small image starts no threads", async () => {
  assertEquals(await inDeno([], CHOICE("{ sizeHint: 3 }")), `${ABC["md5"]} 0\n`);
});

Deno.test("digest: libcrypto where the permission is granted, in full or for its path", async () => {
  const grants = [["--allow-ffi"], ["--allow-ffi", "--deny-ffi=/nowhere"]];
  if (await Deno.stat(LIBCRYPTO).catch(() => undefined)) grants.push([`--allow-ffi=${LIBCRYPTO}`]);
  for (const grant of grants) {
    assertEquals(await inDeno(grant, CHOICE("{}")), `${ABC["md5"]} 0\n`, grant.join(" "));
  }
});

Deno.test("digest: a permission for something else is no permission for libcrypto", async () => {
  assertEquals(await inDeno(["--allow-ffi=/nowhere"], CHOICE("{}")), `${ABC["md5"]} 1\n`);
  assertEquals(await inDeno(["--allow-ffi=libcrypto.so.3"], CHOICE("{}")), `${ABC["md5"]} 1\n`);
});

Deno.test("digest: a backend that was asked for and cannot run is refused", async () => {
  const script = `
    import { createDigests } from ${JSON.stringify(new URL("streams/digest/mod.ts", root).href)};
    await createDigests(["md5"], { backend: "ffi" })
      .catch((error) => console.log(error.name, error.message));
  `;
  assertEquals(
    await inDeno([], script),
    `${BackendUnavailable.name} the FFI permission is not granted\n`,
  );
});

Deno.test("digest ffi: a program that fails meanwhile ends with its own error", async () => {
  const script = `
    import { createDigests } from ${JSON.stringify(new URL("streams/digest/mod.ts", root).href)};
    const digests = await createDigests(["md5", "sha512"], { backend: "ffi" });
    const chunk = () => new Uint8Array(${4 * MIB}).fill(1);
    for (let i = 0; i < 60; i++) await digests.update(chunk());
    for (let i = 0; i < 6; i++) digests.update(chunk());
    setTimeout(() => { throw new Error("of its own"); });
  `;
  const error = await assertRejects(() => inDeno(["--allow-ffi"], script), Error);
  assert(error.message.includes("Error: of its own"), error.message);
});

const noNode = !await new Deno.Command("node", { args: ["--version"] }).output().catch(() => null);

Deno.test({ name: "digest: the same in Node", ignore: noNode }, async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/main.ts`,
      `
      import { createDigests } from ${JSON.stringify(new URL("streams/digest/mod.ts", root).href)};
      const bytes = new Uint8Array(9 << 20).fill(97);
      for (const backend of [undefined, "worker", "inline", "portable"]) {
        const digests = await createDigests(["md5", "sha256"], { backend });
        await digests.update(bytes);
        console.log(JSON.stringify(await digests.digest()));
      }`,
    );
    await output(Deno.execPath(), [
      "bundle",
      "--quiet",
      "--no-check",
      "--no-lock",
      "--minify",
      "--platform=browser",
      `--output=${folder}/main.mjs`,
      `${folder}/main.ts`,
    ]);
    const lines = (await output("node", [`${folder}/main.mjs`])).trim().split("\n");
    const wanted = expected(new Uint8Array(9 * MIB).fill(97), ["md5", "sha256"]);
    assertEquals(lines.map((line) => JSON.parse(line)), Array(4).fill(wanted));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
