/**
 * A stand-in for what is used of `@std/streams`, for where JSR is out of reach: the same names,
 * signatures and results, over `node:stream/consumers`.
 *
 * @module
 */
import { arrayBuffer, text } from "node:stream/consumers";

/** Reads a stream to its end into one buffer. */
export function toArrayBuffer(readableStream: ReadableStream<Uint8Array>): Promise<ArrayBuffer> {
  return arrayBuffer(readableStream);
}

/** Reads a stream to its end into one text, decoding bytes as UTF-8. */
export function toText(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<string> {
  return text(stream);
}

/** Reads a stream to its end and parses it as JSON. */
export async function toJson(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<unknown> {
  return JSON.parse(await toText(stream));
}

/** Reads a stream to its end into a `Blob` of no type. */
export function toBlob(stream: ReadableStream<Uint8Array>): Promise<Blob> {
  return new Response(stream).blob();
}
