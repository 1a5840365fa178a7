/**
 * Data for the rules: patterns each byte of which depends on its place, in every shape that `add` takes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { GetOptions, ImageRef, ListEntry, Store } from "../mod.ts";
import type { RuleContext } from "./suite.ts";

/** One mebibyte. */
export const MIB: number = 1024 * 1024;

/**
 * Returns bytes that differ by place and by seed.
 *
 * @param size The number of bytes.
 * @param seed Any number. Other seeds give other bytes. Default: 1.
 * @returns The same bytes for the same size and seed.
 */
export function pattern(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer, 0, size >> 2);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  for (let i = words.length * 4; i < size; i++) bytes[i] = (seed + i) & 255;
  return bytes;
}

/**
 * Returns a stream with chunks of an odd size.
 *
 * @param bytes All that the stream has.
 * @param piece The size of a chunk in bytes. Default: 65,539, so that no chunk ends where a block does.
 * @returns The stream, which is no byte stream.
 */
export function streamOf(bytes: Uint8Array, piece = 65_539): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + piece));
      at += piece;
    },
  });
}

/**
 * Returns a stream that gives some bytes and then fails.
 *
 * @param bytes What comes before the failure.
 * @param error What the stream fails with.
 * @returns A source that an `add` must not survive.
 */
export function failing(bytes: Uint8Array, error: unknown): ReadableStream<Uint8Array> {
  const reader = streamOf(bytes).getReader();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.error(error);
      else controller.enqueue(value);
    },
  });
}

/**
 * Reads an image into memory.
 *
 * @param store The store that has it.
 * @param image The image: its id, its location or its location URI.
 * @param options The range, and digests to verify. Default: the whole image, unverified.
 * @returns All bytes of the image, or of the range.
 */
export async function bytesOf(
  store: Store,
  image: ImageRef,
  options: GetOptions = {},
): Promise<Uint8Array> {
  const { stream } = await store.get(image, options);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Asserts that two byte arrays are equal, without printing megabytes.
 *
 * @param actual What was read.
 * @param expected What should have been read.
 */
export function assertBytes(actual: Uint8Array, expected: Uint8Array): void {
  assertEquals(actual.length, expected.length, "number of bytes");
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assertEquals(at, -1, `the first wrong byte is at ${at}`);
}

/**
 * Lists the images and directories of one rule.
 *
 * @param context The store, and which part of it belongs to the rule.
 * @param recursive Whether to list everything below the rule's directory. Default: `true`.
 * @returns The entries in the order of their paths. Those of other rules are left out.
 */
export async function listed(
  { store, directory, flat, id }: RuleContext,
  recursive = true,
): Promise<ListEntry[]> {
  const prefix = id("");
  const entries: ListEntry[] = [];
  for await (const entry of store.list({ directory, recursive })) {
    if (!flat || entry.path.startsWith(prefix)) entries.push(entry);
  }
  return entries.sort((a, b) => a.path < b.path ? -1 : 1);
}
