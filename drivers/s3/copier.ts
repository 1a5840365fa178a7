/**
 * Copies inside the server.
 *
 * @module
 */
import { ImageChanged, NotFound } from "../../errors/mod.ts";
import { encodeReserved } from "../../location/percent_encoding.ts";
import { Multipart, type UploadedPart } from "./multipart.ts";
import { MAX_PART_SIZE, MIB, partSize } from "./part_size.ts";
import { PART_SIZE } from "./object_headers.ts";
import { ADD_ID, type WriteState } from "./write_state.ts";
import { sendForXml } from "./xml_request.ts";

/** The size of the parts in which large objects are copied, in bytes; no bytes pass through here. */
const COPIED_PART = 512 * MIB;

/** Headers that a copy has from its source. */
const KEPT =
  /^(x-amz-meta-(?!vitrine-add$).*|cache-control|content-(type|disposition|language|encoding))$/;

/** How a copy is made. */
export interface CopyObjectOptions {
  /** Ends the copy. */
  signal?: AbortSignal | undefined;
  /** Up to which size, in bytes, an object is copied by one request: 5 GiB, S3's own limit. */
  limit?: number | undefined;
  /** The size of a part above it, in bytes. */
  part?: number | undefined;
}

/** Copies an object with its metadata. Throws `NotFound` and `Duplicate`. */
export async function copyObject(
  state: WriteState,
  from: string,
  to: string,
  { signal, limit = MAX_PART_SIZE, part = COPIED_PART }: CopyObjectOptions = {},
): Promise<void> {
  const { client, options } = state;
  const found = await client.headers({ method: "HEAD", key: from, signal });
  await state.refuseDuplicate(to, signal);
  const size = Number(found.get("content-length"));
  const path = [options.bucket, ...from.split("/")].map(encodeReserved).join("/");
  const source = { "x-amz-copy-source": `/${path}` };
  const kept = Object.fromEntries([...found].filter(([name]) => KEPT.test(name)));

  // Not by `x-amz-copy-source-if-match`: Swift compares it with another tag than it gives.
  async function checkUnchanged(): Promise<void> {
    const now = await client.headers({ method: "HEAD", key: from, signal }).catch((error) => {
      if (error instanceof NotFound) return found;
      throw error;
    });
    if (now.get("etag") !== found.get("etag")) {
      throw new ImageChanged("the image was replaced while it was being copied");
    }
  }

  if (size > limit) {
    const each = partSize(1, part, size);
    const headers = { ...kept, [PART_SIZE]: `${each}` };
    const multipart = await Multipart.begin(state, to, headers, signal);
    try {
      const parts = await copyParts(multipart, size, each, source, {
        concurrency: options.concurrency,
        signal,
      });
      await checkUnchanged();
      await multipart.complete(parts, signal);
    } catch (error) {
      await multipart.abort().catch(() => {});
      throw error;
    }
    return;
  }
  const addId = crypto.randomUUID();
  try {
    await state.createOnce("copy", to, addId, signal, (condition) =>
      sendForXml(client, {
        root: "CopyObjectResult",
        method: "PUT",
        key: to,
        headers: {
          ...source,
          ...kept,
          ...condition,
          "x-amz-metadata-directive": "REPLACE",
          [ADD_ID]: addId,
        },
        slow: true,
        signal,
        uninterruptible: true,
      }));
    await checkUnchanged();
  } catch (error) {
    await state.cleanUp((signal) => state.deleteOurs(to, addId, signal)).catch(() => {});
    throw error;
  }
}

/** Copies the parts, several at once. */
async function copyParts(
  multipart: Multipart,
  size: number,
  part: number,
  source: Record<string, string>,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<UploadedPart[]> {
  const parts: UploadedPart[] = [];
  let next = 0;
  let failed = false;
  async function copySome(): Promise<void> {
    while (!failed && next * part < size) {
      const index = next++;
      const last = Math.min(size, (index + 1) * part) - 1;
      const range = { "x-amz-copy-source-range": `bytes=${index * part}-${last}` };
      try {
        parts[index] = await multipart.copy(index + 1, { ...source, ...range }, signal);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const copying = await Promise.allSettled(Array.from({ length: concurrency }, copySome));
  for (const one of copying) if (one.status === "rejected") throw one.reason;
  return parts;
}
