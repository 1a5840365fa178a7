/**
 * The writer of an image: one `PUT`, or parts side by side.
 *
 * @module
 */
import { Invalid, StorageFull } from "../../errors/mod.ts";
import { decodeHex, encodeBase64 } from "../../streams/encoding.ts";
import type { Bytes } from "../../streams/mod.ts";
import { type Part, Parts } from "../../streams/parts.ts";
import type { ImageWriter, WriteOptions } from "../../store/driver.ts";
import { formatProperties } from "../../store/image_properties.ts";
import type { ImageFacts } from "../../store/types.ts";
import { parseEntityTag } from "../../transport/headers.ts";
import { UploadChecksums } from "./upload_checksums.ts";
import { getErrorCode } from "./fault.ts";
import type { S3Location } from "./location.ts";
import { Multipart, type UploadedPart } from "./multipart.ts";
import { MAX_PARTS, MIB, partSize, resumablePartSize } from "./part_size.ts";
import { findKeptUpload, isKept, isMadeOf, type KeptUpload } from "./resumable.ts";
import { ADD_ID, formatDigests, formatFacts, META, PART_SIZE } from "./object_headers.ts";
import { isAddedBy, unconfirmed, type WriteState } from "./write_state.ts";

/** Servers guess another from the key, or give none. */
const CONTENT_TYPE = { "content-type": "application/octet-stream" };

/**
 * Collects the chunks into parts. An image that ends within its first part is uploaded with one
 * `PUT`, for which that part is as large as the image up to `largeObjectSize`; any other as a
 * multipart upload, up to `concurrency` parts at once. Each part is sent again by itself where it
 * fails. Together the parts in memory take `concurrency` times the configured size of one; where they
 * have to be larger, fewer are under way, one at least.
 *
 * With `resume`, the first part is sent before all others, so that every upload that can be continued has
 * it, and an upload is left as it is if the add fails. Others may be adding the same image, and have found
 * the same upload: its parts are named by their ETags when it is completed, so that none of another image
 * gets in, and nobody removes what all of them use.
 */
export class S3Writer implements ImageWriter<S3Location> {
  /** Where the image will be. */
  readonly location: S3Location;
  readonly #state: WriteState;
  readonly #key: string;
  readonly #options: WriteOptions;
  readonly #checksums: UploadChecksums;
  readonly #addId = crypto.randomUUID();
  readonly #parts: Parts;
  readonly #uploaded: UploadedPart[] = [];
  readonly #sizeOf: (number: number) => number;
  #multipart: Promise<Multipart> | undefined;
  /** The upload that is continued. */
  #kept: KeptUpload | undefined;
  /** Settles when the first part was sent. */
  #first: Promise<void> | undefined;
  #etag: string | undefined;
  #committed = false;

  /**
   * Creates a writer. Nothing is sent yet.
   *
   * @param state The client and the options.
   * @param location Where the image will be.
   * @param key Its key.
   * @param options What is known of the image.
   * @throws {Invalid} If it has metadata and is to be resumed.
   */
  constructor(state: WriteState, location: S3Location, key: string, options: WriteOptions) {
    this.#state = state;
    this.location = location;
    this.#key = key;
    this.#options = options;
    this.#checksums = new UploadChecksums(state.options, state.client.endpoint.secure);
    const { largeObjectSize, largeObjectChunkSize, concurrency, equalParts } = state.options;
    const { size, resume, signal, contentType, cacheControl, metadata } = options;
    if (resume && (contentType ?? cacheControl ?? metadata) !== undefined) {
      throw new Invalid(
        "an upload that is resumed keeps the metadata that it was begun with: " +
          "contentType, cacheControl and metadata do not go with resume",
      );
    }
    const least = resume
      ? resumablePartSize(largeObjectChunkSize * MIB, 0)
      : largeObjectChunkSize * MIB;
    const whole = size !== undefined && size < largeObjectSize * MIB &&
      size <= least * (concurrency + 1);
    const each = resume ? resumablePartSize(largeObjectChunkSize * MIB, size!) : undefined;
    this.#sizeOf = (number) => whole ? size : each ?? partSize(number, least, size, equalParts);
    this.#parts = new Parts({
      size: this.#sizeOf,
      memory: least * concurrency,
      signal,
      send: (part, signal) => resume ? this.#sendInTurn(part, signal) : this.#send(part, signal),
    });
  }

  /** The entity tag of the image, unless the response that has it was lost. */
  get etag(): string | undefined {
    return this.#etag;
  }

  /**
   * Takes a chunk and sends the parts that are full.
   *
   * @param chunk The chunk; it is the writer's from now on.
   * @returns A buffer in its place.
   */
  write(chunk: Bytes): Promise<ArrayBuffer> {
    return this.#parts.write(chunk);
  }

  /**
   * Sends the last part and makes the image appear.
   *
   * @param image The digests and the size of the image.
   * @throws {Duplicate} If the id exists.
   */
  async commit(image: ImageFacts): Promise<void> {
    if (this.#parts.sent === 0) {
      this.#committed = true;
      return await this.#put(image);
    }
    await this.#parts.finish();
    const { client } = this.#state;
    const { signal, expected, resume } = this.#options;
    const facts = formatFacts(image);
    const multipart = await this.#multipart!;
    // Amazon has tags, and does not document what it does with such headers.
    const late = client.endpoint.isAmazon ? {} : facts;
    const isOurs = resume
      ? (headers: Headers) => isMadeOf(headers, this.#uploaded)
      : isAddedBy(multipart.addId);
    signal?.throwIfAborted();
    // What others may have completed too is not taken back.
    const until = resume ? undefined : signal;
    this.#etag = await multipart.complete(this.#uploaded, late, until, isOurs);
    if (!resume && expected?.checksum && expected.multihash) return;
    const { tagObject } = await import("./object_tags.ts");
    await tagObject(client, this.#key, isOurs, facts, until);
  }

  /**
   * Stops what is under way, and removes what was sent unless it can be resumed.
   *
   * @param reason Why.
   */
  async abort(reason: unknown): Promise<void> {
    await this.#parts.abort(reason);
    const multipart = await this.#multipart?.catch(() => undefined);
    if (multipart) await (this.#options.resume ? multipart.keep() : multipart.abort());
    else if (this.#committed) {
      await this.#state.cleanUp((signal) => this.#state.deleteOurs(this.#key, this.#addId, signal));
    }
  }

  /** Uploads the whole image, no part of which was sent. */
  async #put(image: ImageFacts): Promise<void> {
    const { signal } = this.#options;
    const body = this.#parts.rest().chunks;
    const headers = {
      ...CONTENT_TYPE,
      ...formatProperties(this.#options, META),
      ...formatFacts(image),
      ...await this.#checksums.ofObject(body),
      "content-md5": encodeBase64(decodeHex(image.checksum)!),
      [ADD_ID]: this.#addId,
    };
    this.#etag = await this.#state.createOnce(
      "put",
      this.#key,
      isAddedBy(this.#addId),
      signal,
      async (condition) => {
        const response = await this.#state.withBucket(() =>
          this.#state.client.headers({
            method: "PUT",
            key: this.#key,
            headers: { ...headers, ...condition },
            body,
            signal,
            uninterruptible: true,
          })
        );
        // Any web page has the status 200.
        if (!response.has("etag")) throw unconfirmed("upload");
        if (response.has("x-amz-version-id")) this.#state.hasVersions = true;
        return parseEntityTag(response);
      },
    );
  }

  /** Sends a part when the first has been sent. */
  #sendInTurn(part: Part, signal: AbortSignal): Promise<void> {
    if (this.#first === undefined) return this.#first = this.#send(part, signal);
    return this.#first.then(() => this.#send(part, signal));
  }

  async #send({ number, chunks }: Part, signal: AbortSignal): Promise<void> {
    const multipart =
      await (this.#multipart ??= this.#options.resume
        ? this.#resume(chunks, signal)
        : this.#begin(signal));
    const kept = this.#kept?.parts.get(number);
    if (kept !== undefined && await isKept(kept, chunks)) {
      this.#uploaded[number - 1] = kept;
      return;
    }
    if (number > MAX_PARTS) {
      throw new StorageFull(
        `the image has more than ${MAX_PARTS} parts of the configured largeObjectChunkSize`,
      );
    }
    const put = async () =>
      await multipart.put(
        number,
        chunks,
        await this.#checksums.ofPart(chunks, this.#state.needsPartDigest),
        signal,
      );
    const response = await put().catch((error) => {
      // A bucket with Object Lock wants a checksum with every part.
      if (this.#state.needsPartDigest || !isDigestMissing(error)) throw error;
      this.#state.needsPartDigest = true;
      return put();
    });
    if (!response.has("etag")) throw unconfirmed(`upload of part ${number}`);
    this.#uploaded[number - 1] = this.#checksums.uploaded(response);
  }

  /** Continues the upload that an earlier add has left, or begins one that can be continued. */
  async #resume(first: readonly Bytes[], signal: AbortSignal): Promise<Multipart> {
    const wanted = {
      size: this.#options.size!,
      partSize: this.#sizeOf(1),
      first,
      checksumName: this.#checksums.partName,
    };
    this.#kept = await findKeptUpload(this.#state, this.#key, wanted, signal);
    if (this.#kept) return Multipart.continue(this.#state, this.#key, this.#kept.id);
    return await this.#begin(signal);
  }

  #begin(signal: AbortSignal): Promise<Multipart> {
    return Multipart.begin(
      this.#state,
      this.#key,
      {
        ...CONTENT_TYPE,
        ...formatProperties(this.#options, META),
        // Who continues the upload may expect others.
        ...formatDigests(this.#options.resume ? {} : this.#options.expected ?? {}),
        ...this.#checksums.ofUpload(),
        [PART_SIZE]: `${this.#sizeOf(1)}`,
      },
      signal,
    );
  }
}

/** Whether a part was refused because it has neither md5 nor checksum. */
function isDigestMissing(error: unknown): boolean {
  return ["InvalidRequest", "MissingContentMD5", "InvalidDigest"].includes(
    getErrorCode(error) ?? "",
  );
}
