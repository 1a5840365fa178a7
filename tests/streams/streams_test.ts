/**
 * Streams: exact chunks out of any chunking in, bounded and abortable.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { createHash } from "node:crypto";
import fc from "../fast_check.ts";
import {
  type ByteReader,
  type Bytes,
  CHUNK_SIZE,
  Invalid,
  openSource,
  readableFrom,
  RemoteServiceUnavailable,
  SizeMismatch,
  streamReader,
} from "@vitrine/vitrine";
import { abortable } from "../../streams/abort.ts";
import { exactSizeReader } from "../../streams/exact_size.ts";
import { transfer } from "../../streams/transfer.ts";

const MIB = 1024 * 1024;

/** Pieces of any sizes, small ones so that a run is quick: the reader's view is small as well. */
const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });

function joined(parts: readonly Uint8Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

async function drain(reader: ByteReader, size: number): Promise<Uint8Array[]> {
  const parts = [];
  for (;;) {
    const part = await reader.read(new Uint8Array(size));
    if (part.length === 0) return parts;
    parts.push(part);
    if (part.length < size) return parts;
  }
}

Deno.test("openSource: a reader fills each view from any chunking, whatever the source is", async () => {
  await fc.assert(fc.asyncProperty(pieces, fc.integer({ min: 1, max: 50 }), async (parts, size) => {
    const copies = () => parts.map((part) => part.slice());
    const plain = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (const part of copies()) controller.enqueue(part);
          controller.close();
        },
      });
    const bytes = () =>
      new ReadableStream({
        type: "bytes",
        start(controller: ReadableByteStreamController) {
          for (const part of copies()) if (part.length > 0) controller.enqueue(part);
          controller.close();
        },
      });
    const sources = [plain(), bytes(), copies(), new Blob(copies())];
    for (const source of sources) {
      const got = await drain(openSource(source).reader, size);
      assertEquals(joined(got), joined(parts));
      for (const part of got.slice(0, -1)) assertEquals(part.length, size);
    }
  }));
});

Deno.test("openSource: a ByteReader is read whole, also one that fills views in pieces", async () => {
  const bytes = new Uint8Array(1000).map((_, at) => at);
  let at = 0;
  let closed = 0;
  const reader = {
    size: 1000,
    read(view: Bytes) {
      const piece = bytes.subarray(at, at + Math.min(view.length, 7));
      at += piece.length;
      // As a BYOB reader does, into a buffer of its own.
      const transferred = new Uint8Array(structuredClone(view.buffer), view.byteOffset);
      transferred.set(piece);
      return Promise.resolve(transferred.subarray(0, piece.length));
    },
    close: () => Promise.resolve(void closed++),
  };
  const source = openSource(reader);
  assertEquals(source.size, 1000);
  assertEquals(joined(await drain(source.reader, 64)), [...bytes]);
  await source.reader.close();
  assertEquals(closed, 1);
});

Deno.test("openSource: a file of Deno is refused, with what to pass in its place", async () => {
  const file = { read: () => Promise.resolve(3), close() {} };
  const { reader } = openSource(file as unknown as ByteReader);
  const error = await assertRejects(() => reader.read(new Uint8Array(4)), Invalid);
  assertMatch(error.message, /file\.readable/);
});

Deno.test("openSource: a Content-Length that is no number is an unknown size", () => {
  for (const [length, size] of [["5", 5], ["-5", undefined], ["5, 5", undefined]] as const) {
    const response = new Response("hello", { headers: { "content-length": length } });
    assertEquals(openSource(response).size, size);
  }
});

Deno.test("readableFrom: gives BYOB and default readers what they request", async () => {
  await fc.assert(fc.asyncProperty(pieces, fc.integer({ min: 1, max: 50 }), async (parts, size) => {
    const stream = () => readableFrom(openSource(parts.map((part) => part.slice())).reader);
    assertEquals([...await new Response(stream()).bytes()], joined(parts));
    assertEquals(joined(await drain(streamReader(stream()), size)), joined(parts));
  }));
});

Deno.test("readableFrom: reads nothing before it is requested", async () => {
  let reads = 0;
  let closed = 0;
  const stream = readableFrom({
    read: (view) => (reads++, Promise.resolve(view)),
    close: () => (closed++, Promise.resolve()),
  });
  assertEquals(reads, 0);
  const reader = stream.getReader();
  assertEquals((await reader.read()).value!.length, CHUNK_SIZE);
  assertEquals(reads, 1);
  await reader.cancel();
  assertEquals([reads, closed], [1, 1]);
});

Deno.test("readableFrom: where the size is known, no buffer is much larger than what is left", async () => {
  for (const size of [0, 1, 65_536, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1]) {
    const views: number[] = [];
    let left = size;
    let closed = 0;
    const stream = readableFrom({
      read: (view) => {
        views.push(view.length);
        const chunk = view.subarray(0, left);
        left -= chunk.length;
        return Promise.resolve(chunk);
      },
      close: () => (closed++, Promise.resolve()),
    }, size);
    assertEquals((await new Response(stream).bytes()).length, size);
    const whole = Math.floor(size / CHUNK_SIZE);
    assertEquals(views, [...Array(whole).fill(CHUNK_SIZE), size % CHUNK_SIZE + 1]);
    assertEquals(closed, 1);
  }
});

Deno.test("readableFrom: a reader that fails is closed, and its error is the stream's", async () => {
  const failure = new Error("broken");
  let closed = 0;
  const stream = readableFrom({
    read: () => Promise.reject(failure),
    close: () => (closed++, Promise.resolve()),
  });
  assertStrictEquals(await assertRejects(() => stream.getReader().read()), failure);
  assertEquals(closed, 1);
});

Deno.test("exactSizeReader: refuses data that is short or long", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uint8Array({ maxLength: 60 }),
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: 1, max: 20 }),
    async (bytes, size, view) => {
      const reading = drain(exactSizeReader(openSource(bytes).reader, size), view);
      if (bytes.length === size) assertEquals(joined(await reading), [...bytes]);
      else if (bytes.length > size) await assertRejects(() => reading, SizeMismatch);
      else await assertRejects(() => reading, RemoteServiceUnavailable);
    },
  ));
});

Deno.test("openSource: data of no known kind and a failed response are Invalid", async () => {
  for (
    const source of [null, undefined, 3, "text".length, {}, new Response("no", { status: 404 })]
  ) {
    try {
      openSource(source as never);
      assert(false, "it was taken");
    } catch (error) {
      assert(error instanceof Invalid);
    }
  }
  const locked = new ReadableStream<Uint8Array>();
  locked.getReader();
  await assertRejects(() => Promise.resolve().then(() => openSource(locked)), Invalid);
  const texts = openSource(["text"] as never).reader;
  await assertRejects(() => texts.read(new Uint8Array(4)), Invalid);
});

Deno.test("transfer: holds four buffers at most, however far the sink lags behind", async () => {
  let read = 0;
  let written = 0;
  let furthest = 0;
  const data = async function* () {
    for (; read < 20; read++) {
      furthest = Math.max(furthest, read - written);
      yield new Uint8Array(CHUNK_SIZE);
    }
  };
  const { size } = await transfer(openSource(data()).reader, {
    size: undefined,
    hashingAlgo: "sha256",
    async write() {
      await new Promise((resolve) => setTimeout(resolve, 1));
      written++;
    },
  });
  assertEquals(size, 20 * CHUNK_SIZE);
  assert(furthest <= 4, `${furthest} chunks were ahead of the sink`);
});

Deno.test("transfer: a sink gets the md5 of its parts with the chunk in which they end", async () => {
  const bytes = new Uint8Array(14 * MIB + 3).map((_, i) => i ^ i >> 9);
  const md5 = (of: Uint8Array) => createHash("md5").update(of).digest("hex");
  for (const partSize of [MIB, 4 * MIB, 5 * MIB, 7 * MIB, 16 * MIB]) {
    const ends: number[] = [];
    const given: string[] = [];
    let end = 0;
    await transfer(openSource(bytes).reader, {
      size: undefined,
      hashingAlgo: "sha512",
      partSize,
      async write(chunk, md5s) {
        end += chunk.length;
        ends.push(...md5s.map(() => end));
        given.push(...await Promise.all(md5s));
      },
    });
    const parts = Array.from(
      { length: Math.floor(bytes.length / partSize) },
      (_, i) => ({ from: i * partSize, to: (i + 1) * partSize }),
    );
    assertEquals(given, parts.map(({ from, to }) => md5(bytes.subarray(from, to))));
    const chunkEnd = (at: number) =>
      Math.min(bytes.length, Math.ceil(at / CHUNK_SIZE) * CHUNK_SIZE);
    assertEquals(ends, parts.map(({ to }) => chunkEnd(to)));
  }
});

Deno.test("transfer: a sink gets no md5 of parts where they would cost as much again", async () => {
  for (const [hashingAlgo, partSize] of [["sha256", MIB], ["sha512", MIB + 1]] as const) {
    let count = 0;
    const write = (_: Uint8Array, { length }: readonly unknown[]) =>
      Promise.resolve(void (count += length));
    const options = { size: undefined, hashingAlgo, partSize, write };
    await transfer(openSource(new Uint8Array(9 * MIB)).reader, options);
    assertEquals(count, 0);
  }
});

for (const size of [0, 1, 65_536, 262_144, 262_145, MIB, CHUNK_SIZE - 1, CHUNK_SIZE]) {
  Deno.test(`transfer: ${size} bytes of known size take buffers of that size`, async () => {
    const bytes = new Uint8Array(size).map((_, i) => i ^ i >> 9);
    const source = openSource(bytes).reader;
    const lent: number[] = [];
    const written: number[] = [];
    const digest = await transfer({
      read: (view) => {
        lent.push(view.buffer.byteLength);
        return source.read(view);
      },
      close: () => source.close(),
    }, {
      size,
      hashingAlgo: "sha256",
      write: (chunk) => Promise.resolve(void written.push(chunk.length)),
    });
    const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
    assertEquals(sum(written), size);
    assert(Math.max(...lent) <= size + 64, `${Math.max(...lent)} bytes were lent`);
    assertEquals(digest.checksum, createHash("md5").update(bytes).digest("hex"));
    assertEquals(digest.multihash.value, createHash("sha256").update(bytes).digest("hex"));
  });
}

Deno.test("transfer: small data of another size or digest is refused, and the source closed", async () => {
  const cases = [[3, "longer than the 3 bytes"], [5, "ended after 4 of 5"], [4, "md5 is"]] as const;
  for (const [size, message] of cases) {
    let closed = false;
    let written = 0;
    const source = openSource(new Uint8Array(4)).reader;
    const options = {
      size,
      hashingAlgo: "sha512",
      expected: { checksum: "00" },
      write: () => Promise.resolve(void written++),
    };
    await assertRejects(
      () =>
        transfer({
          read: (view) => source.read(view),
          close: () => Promise.resolve(void (closed = true)),
        }, options),
      Error,
      message,
    );
    assert(closed);
    assertEquals(written, size === 4 ? 1 : 0);
  }
});

Deno.test("transfer: a sink that fails ends the transfer, its source is closed, nothing more is written", async () => {
  const failure = new Error("the sink broke");
  let writes = 0;
  let returned = false;
  const data = async function* () {
    try {
      for (;;) yield new Uint8Array(CHUNK_SIZE);
    } finally {
      returned = true;
    }
  };
  const error = await assertRejects(() =>
    transfer(openSource(data()).reader, {
      size: undefined,
      hashingAlgo: "sha512",
      write: () => ++writes === 3 ? Promise.reject(failure) : Promise.resolve(),
    })
  );
  assertStrictEquals(error, failure);
  assertEquals(writes, 3);
  assert(returned);
});

Deno.test("abortable: lets go of its signal, and rejects a wait at once", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const waiting = abortable(controller.signal);
  assertEquals(await waiting.race(Promise.resolve(1)), 1);
  const never = waiting.race(new Promise(() => {}));
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => never), reason);
  assertStrictEquals(await assertRejects(() => waiting.race(Promise.resolve(2))), reason);
  waiting.dispose();
});
