/**
 * Byte streams in 4 MiB chunks: sources, readers, digests, size limits.
 *
 * @module
 */
export { type ByteRange, type ByteReader, type Bytes, CHUNK_SIZE } from "./bytes.ts";
export { readableFrom } from "./readable.ts";
export { type ImageData, type ImageSource, openSource } from "./source.ts";
export { streamReader } from "./stream_reader.ts";
export type { ExpectedDigests, ImageDigest, Multihash } from "./image_digest.ts";
export type { ChunkObserver } from "./transfer.ts";
