/**
 * Reads of objects: one range, several ranges side by side, and whole images checked against the
 * checksums that the server has.
 *
 * @module
 */
import type { ImageInspection } from "../../formats/mod.ts";
import { BackendException } from "../../errors/mod.ts";
import type { ImageReader, OpenReadOptions } from "../../store/driver.ts";
import type { ByteRange } from "../../streams/mod.ts";
import { parseContentLength } from "../../transport/headers.ts";
import { readRange } from "../../transport/read_range.ts";
import type { HttpResponse } from "../../transport/response.ts";
import type { S3Client } from "./client.ts";
import type { S3Settings } from "./options.ts";
import { checkObject, parseFormat } from "./read_headers.ts";

/**
 * Opens a range of an object.
 *
 * @param client The client of the bucket.
 * @param options The options of the store.
 * @param key The key of the object.
 * @param range The range in bytes.
 * @param read Preconditions, and what ends the read.
 * @returns A reader of the range. A whole image is checked against the server's checksums, if the options
 * say so.
 * @throws {NotFound} If there is no such object.
 */
export async function openObject(
  client: S3Client,
  options: S3Settings,
  key: string,
  range: ByteRange,
  { signal, conditions }: OpenReadOptions,
): Promise<ImageReader> {
  const { enableDataIntegrityProtection, responseChecksumValidation: when } = options;
  const checked = enableDataIntegrityProtection && when === "when_supported";
  if (!checked || range.offset > 0 || range.length !== undefined) {
    return await openRange(client, options, { key, signal, conditions }, range);
  }
  const { checksumReader } = await import("./checksum_reader.ts");
  const headers = await client.headers({
    method: "HEAD",
    key,
    headers: { "x-amz-checksum-mode": "ENABLED" },
    signal,
  });
  const etag = headers.get("etag") ?? undefined;
  const opened = await openRange(client, options, { key, signal, conditions, etag }, range);
  return checksumReader(headers, opened);
}

/** Opens a range of the object that has the entity tag, if one is named, and meets the preconditions. */
async function openRange(
  client: S3Client,
  { readConcurrency: concurrency, largeObjectChunkSize }: S3Settings,
  { key, signal, etag, conditions }: OpenReadOptions & { key: string; etag?: string | undefined },
  range: ByteRange,
): Promise<ImageReader> {
  const readFirst = conditions
    ? (await import("../../transport/conditional_range.ts")).readRangeIf(conditions)
    : readRange;
  const open = async (part: ByteRange, etag: string | undefined) => {
    let inspection: ImageInspection | undefined;
    const onResponse = ({ headers }: HttpResponse) => void (inspection = parseFormat(headers));
    const read = part.offset === range.offset ? readFirst : readRange;
    const wanted = { ...part, etag, onResponse };
    const reader = Object.assign(
      await client.followRedirects(
        key,
        () => read(client.transport, client.request({ key, signal }), wanted),
      ),
      { inspection: inspection ?? null },
    );
    if (reader.etag !== undefined || reader.modified !== undefined) return reader;
    try {
      // This may be any web page. What has no bytes may also be the end of an object.
      const { size } = reader;
      const headers = size === 0
        ? await client.headers({ method: "HEAD", key, signal })
        : new Headers();
      checkObject(headers);
      const total = parseContentLength(headers) ?? 0;
      if (part.offset < total) {
        throw new BackendException(`the server sent nothing of an image of ${total} bytes`);
      }
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  };
  if (concurrency === 1) return await open(range, etag);
  const { parallelReader } = await import("../shared/parallel_reader.ts");
  const partSize = largeObjectChunkSize * 2 ** 20;
  return await parallelReader(open, range, { etag, partSize, concurrency });
}
