/**
 * Replies in their bytes.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { ALLOCATION_ID, CHUNK, MAGIC } from "./protocol.ts";

/** Header of a simple reply, in bytes. */
export const SIMPLE_HEADER = 16;
/** Header of a structured reply that is one chunk of data: that of the chunk, and the offset. */
export const DATA_HEADER = 28;
const CHUNK_HEADER = 20;

/** A part of an image in a reply to BLOCK_STATUS. */
export interface StatusExtent {
  /** The number of bytes. */
  length: number;
  /** 0 for data, else the sum of 1 for a hole and 2 for zeros. */
  flags: number;
}

/**
 * Encodes a reply to an option.
 *
 * @param option The option.
 * @param type The type of the reply.
 * @param data Its data: bytes, or the text of an error.
 * @returns The bytes of the reply.
 */
export function optionReply(option: number, type: number, data: Bytes | string = ""): Bytes {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const reply = new Uint8Array(20 + bytes.length);
  const view = new DataView(reply.buffer);
  view.setBigUint64(0, MAGIC.optionReply);
  view.setUint32(8, option);
  view.setUint32(12, type);
  view.setUint32(16, bytes.length);
  reply.set(bytes, 20);
  return reply;
}

/**
 * Writes the header of a simple reply.
 *
 * @param view Where to write it, 16 bytes.
 * @param cookie What the client gave the request to know it by.
 * @param errno The error number, 0 for none.
 */
export function setSimpleHeader(view: DataView, cookie: bigint, errno: number): void {
  view.setUint32(0, MAGIC.simpleReply);
  view.setUint32(4, errno);
  view.setBigUint64(8, cookie);
}

/**
 * Writes the header of a structured reply that has all data in one chunk.
 *
 * @param view Where to write it, 28 bytes.
 * @param cookie What the client gave the request to know it by.
 * @param offset Where in the image the data lies, in bytes.
 * @param length The number of bytes of the data.
 */
export function setDataHeader(
  view: DataView,
  cookie: bigint,
  offset: number,
  length: number,
): void {
  setChunkHeader(view, CHUNK.data, cookie, 8 + length);
  view.setBigUint64(CHUNK_HEADER, BigInt(offset));
}

/**
 * Encodes a reply without data: that of success, or an error.
 *
 * @param isStructured Whether structured replies were negotiated.
 * @param cookie What the client gave the request to know it by.
 * @param errno The error number, 0 for none.
 * @param message What a client may show to its user.
 * @returns The bytes of the reply.
 */
export function plainReply(
  isStructured: boolean,
  cookie: bigint,
  errno = 0,
  message = "",
): Bytes {
  if (!isStructured) {
    const reply = new Uint8Array(SIMPLE_HEADER);
    setSimpleHeader(new DataView(reply.buffer), cookie, errno);
    return reply;
  }
  const text = new TextEncoder().encode(message);
  const length = errno === 0 ? 0 : 6 + text.length;
  const reply = new Uint8Array(CHUNK_HEADER + length);
  const view = new DataView(reply.buffer);
  setChunkHeader(view, errno === 0 ? CHUNK.none : CHUNK.error, cookie, length);
  if (errno !== 0) {
    view.setUint32(CHUNK_HEADER, errno);
    view.setUint16(CHUNK_HEADER + 4, text.length);
    reply.set(text, CHUNK_HEADER + 6);
  }
  return reply;
}

/**
 * Encodes a reply to BLOCK_STATUS.
 *
 * @param cookie What the client gave the request to know it by.
 * @param extents The parts, in order, from the request's offset on.
 * @returns The bytes of the reply.
 */
export function statusReply(cookie: bigint, extents: readonly StatusExtent[]): Bytes {
  const length = 4 + 8 * extents.length;
  const reply = new Uint8Array(CHUNK_HEADER + length);
  const view = new DataView(reply.buffer);
  setChunkHeader(view, CHUNK.status, cookie, length);
  view.setUint32(CHUNK_HEADER, ALLOCATION_ID);
  extents.forEach(({ length, flags }, i) => {
    view.setUint32(CHUNK_HEADER + 4 + 8 * i, length);
    view.setUint32(CHUNK_HEADER + 8 + 8 * i, flags);
  });
  return reply;
}

function setChunkHeader(view: DataView, type: number, cookie: bigint, length: number): void {
  view.setUint32(0, MAGIC.chunk);
  view.setUint16(4, CHUNK.done);
  view.setUint16(6, type);
  view.setBigUint64(8, cookie);
  view.setUint32(16, length);
}
