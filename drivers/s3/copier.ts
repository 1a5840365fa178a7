/**
 * Copies and renames inside the server.
 *
 * @module
 */
import { BackendException, ImageChanged, NotFound, type StoreError } from "../../errors/mod.ts";
import { encodeReserved } from "../../location/percent_encoding.ts";
import { parseContentLength } from "../../transport/headers.ts";
import { deleteObject, sendDeletion } from "./deleter.ts";
import { getErrorCode, S3Fault } from "./fault.ts";
import { Multipart, type UploadedPart } from "./multipart.ts";
import { ADD_ID, isWithoutDigest, PART_SIZE } from "./object_headers.ts";
import { checkObject } from "./read_headers.ts";
import { MAX_PART_SIZE, MIB, partSize } from "./part_size.ts";
import { readTaggedFacts } from "./object_tags.ts";
import { isAddedBy, unconfirmed, type WriteState } from "./write_state.ts";
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
  /** Up to which size, in bytes, an object is copied by one request. Default: 5 GiB, S3's own limit. */
  limit?: number | undefined;
  /** The size of a part above it, in bytes. Default: 512 MiB. */
  part?: number | undefined;
  /**
   * Whether source and copy are looked at again also where the response proves the copy by its ETag.
   * Default: `false`.
   */
  isLookedAt?: boolean | undefined;
}

/** A copy that was made. */
export interface CopiedObject {
  /** The ETag of the source. */
  etag: string | undefined;
  /** Removes the copy, and nothing that others put in its place. */
  remove(): Promise<void>;
}

/**
 * Copies an object with its metadata. The copy has appeared, with the size of the source, when this
 * returns.
 *
 * @param state The client and the options.
 * @param from The key of the source.
 * @param to The key of the copy.
 * @param options What ends the copy, and how large its parts are.
 * @returns The copy.
 * @throws {NotFound} If there is no source.
 * @throws {Duplicate} If there is an object of the key `to`.
 * @throws {ImageChanged} If the source was replaced meanwhile.
 */
export async function copyObject(
  state: WriteState,
  from: string,
  to: string,
  { signal, limit = MAX_PART_SIZE, part = COPIED_PART, isLookedAt }: CopyObjectOptions = {},
): Promise<CopiedObject> {
  const { client, options } = state;
  const found = await client.headers({ method: "HEAD", key: from, signal });
  checkObject(found);
  const size = parseContentLength(found);
  if (size === undefined) throw new BackendException("the server sent no size of the image");
  const isLarge = size > limit;
  // A copy by one request finds that out by itself.
  if (isLarge) await state.refuseDuplicate(to, "complete", signal);
  const path = [options.bucket, ...from.split("/")].map(encodeReserved).join("/");
  const source = { "x-amz-copy-source": `/${path}` };
  const kept = {
    ...Object.fromEntries([...found].filter(([name]) => KEPT.test(name))),
    ...isWithoutDigest(found) && await readTaggedFacts(client, from, found, signal),
  };

  // Not by `x-amz-copy-source-if-match`: Swift compares it with another tag than it sends.
  async function checkUnchanged(): Promise<void> {
    const now = await client.headers({ method: "HEAD", key: from, signal }).catch((error) => {
      if (error instanceof NotFound) return found;
      throw error;
    });
    if (now.get("etag") !== found.get("etag")) {
      throw new ImageChanged("the image was replaced while it was being copied");
    }
  }

  async function checkCopy(addId: string): Promise<void> {
    const copy = await client.headers({ method: "HEAD", key: to, signal });
    const copied = parseContentLength(copy);
    if (copy.get(ADD_ID) !== addId || copied !== size) {
      throw new BackendException(
        `the copy has ${copied ?? "an unknown number of"} bytes, expected ${size}`,
      );
    }
  }

  const remove = (addId: string) =>
    state.cleanUp((signal) => state.deleteOurs(to, addId, signal)).catch(() => {});
  const etag = found.get("etag") ?? undefined;

  if (isLarge) {
    const each = partSize(1, part, size);
    const headers = { ...kept, [PART_SIZE]: `${each}` };
    const multipart = await Multipart.begin(state, to, headers, signal);
    const { addId } = multipart;
    try {
      const parts = await copyParts(multipart, size, each, source, {
        concurrency: options.concurrency,
        signal,
      });
      await checkUnchanged();
      await multipart.complete(parts, {}, signal);
      await checkCopy(addId);
    } catch (error) {
      await multipart.abort().catch(() => {});
      throw error;
    }
    return { etag, remove: () => remove(addId) };
  }
  const addId = crypto.randomUUID();
  try {
    const copied = await state.createOnce(
      "copy",
      to,
      isAddedBy(addId),
      signal,
      async (condition) => {
        const root = await sendForXml(client, {
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
        });
        if (root.text("ETag") === "") throw unconfirmed("copy");
        return root.text("ETag").replaceAll('"', "");
      },
    );
    // A copy with the ETag of the source that was looked at is a whole copy of that source.
    if (isLookedAt || copied === undefined || copied !== etag?.replaceAll('"', "")) {
      await checkUnchanged();
      await checkCopy(addId);
    }
  } catch (error) {
    await remove(addId);
    throw error;
  }
  return { etag, remove: () => remove(addId) };
}

/**
 * Renames an object: copies it, and deletes the source if it is still the object that was copied. If that
 * is refused, the copy is removed again.
 *
 * Of two renames of one source, in this process or on a server that decides by `If-Match` (Amazon S3), one
 * succeeds and the other fails and leaves nothing. Elsewhere two processes that delete the source at the
 * same moment can both succeed, and then both copies stay: no image is lost.
 *
 * @param state The client and the options.
 * @param from The key of the source.
 * @param to The key that it will have.
 * @param signal Ends the rename, as long as the source is not being deleted.
 * @throws {NotFound} If there is no source, or it was deleted or renamed meanwhile.
 * @throws {Duplicate} If there is an object of the key `to`.
 * @throws {ImageChanged} If the source was replaced meanwhile.
 */
export async function renameObject(
  state: WriteState,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { client } = state;
  // Nothing is destroyed on the word of one response.
  const copy = await copyObject(state, from, to, { signal, isLookedAt: true });
  await state.inTurn(from, async () => {
    try {
      const now = await client.headers({ method: "HEAD", key: from, signal });
      if (now.get("etag") !== copy.etag) {
        throw new ImageChanged("the image was replaced while it was being renamed");
      }
    } catch (error) {
      await copy.remove();
      throw error;
    }
    try {
      await deleteSource(state, from, copy.etag);
    } catch (error) {
      // Without a clear refusal the source may be deleted still: then the copy is all that there is.
      const { cause, retryable } = error as StoreError;
      const isRefused = cause instanceof S3Fault && !retryable &&
        cause.status >= 400 && cause.status < 500;
      if (isRefused) await copy.remove();
      throw error;
    }
  });
}

/** Deletes the source of a rename, where the server decides only if it is what was copied. */
async function deleteSource(
  { client }: WriteState,
  key: string,
  etag: string | undefined,
): Promise<void> {
  if (client.endpoint.isAmazon && etag !== undefined) {
    try {
      // Sent once: a second one would find that the first has deleted the object.
      const headers = { "if-match": etag };
      await sendDeletion(client, { key, headers, once: true });
      return;
    } catch (error) {
      const { retryable } = error as StoreError;
      if (!retryable && getErrorCode(error) !== "NotImplemented") throw error;
    }
  }
  await deleteObject(client, key, undefined);
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
