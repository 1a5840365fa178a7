/**
 * The few checks that the cases need, in any runtime.
 *
 * @module
 */
import { StoreError } from "../../mod.ts";

/** Bytes, each of which depends on its place. */
export function pattern(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, at) => (at ^ (at >> 8) ^ (at >> 16)) & 255);
}

/** Fails unless the two are the same, bytes by content and everything else by its JSON. */
export function equal(actual: unknown, expected: unknown): void {
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    if (actual.length !== expected.length) {
      throw new Error(`${actual.length} bytes instead of ${expected.length}`);
    }
    const at = actual.findIndex((byte, index) => byte !== expected[index]);
    if (at >= 0) throw new Error(`the first wrong byte is at ${at}`);
    return;
  }
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${left} instead of ${right}`);
}

/** Fails unless a `StoreError` of that name is thrown, which its message must not be without. */
export async function fails(name: string, run: () => Promise<unknown>): Promise<StoreError> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    equal(error.name, name);
    return error;
  }
  throw new Error(`nothing was thrown instead of ${name}`);
}

/** All bytes of a stream. */
export async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Sizes of a stream's chunks. */
export async function sizesOf(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  const sizes: number[] = [];
  for (const reader = stream.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return sizes;
    sizes.push(value.length);
  }
}

/** Sizes of what a BYOB reader is given for views of `size` bytes. */
export async function byobSizesOf(
  stream: ReadableStream<Uint8Array>,
  size: number,
): Promise<number[]> {
  const sizes: number[] = [];
  let buffer = new ArrayBuffer(size);
  for (const reader = stream.getReader({ mode: "byob" });;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return sizes;
    sizes.push(value!.length);
    buffer = value!.buffer as ArrayBuffer;
  }
}

/** Everything that an iterable gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
