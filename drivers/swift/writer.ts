/**
 * Adding an image: one PUT, or segments side by side.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { type Part, Parts } from "../../streams/parts.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { ImageWriter } from "../../store/driver.ts";
import type { ImageDigest } from "../../store/types.ts";
import { md5Of } from "../shared/md5.ts";
import { objectPath, type SwiftClient } from "./client.ts";
import type { SwiftLocation } from "./location.ts";
import { findKeptSegments, type KeptSegment } from "./resumable.ts";
import { Upload, type UploadOptions } from "./upload.ts";

/** What a {@linkcode SwiftWriter} needs to know. */
export interface WriterOptions extends UploadOptions {
  /** Size of a segment in bytes. */
  segmentSize: number;
  /** How many segments are under way at once. */
  concurrency: number;
  /** Whether to use the segments that earlier adds have left, and to leave them if this one fails. */
  resume: boolean;
  /** Ends the upload. */
  signal: AbortSignal | undefined;
  /** The client that sends an image of one part. */
  client: SwiftClient;
  /**
   * Creates the client that sends segments, which may take longer than a token lives. Called once.
   *
   * @returns A client that renews its token by itself.
   */
  longClient(): Promise<SwiftClient>;
  /**
   * Releases what the writer has. Called once at the end.
   *
   * @param failed Whether the image was not committed.
   */
  dispose(failed: boolean): Promise<void>;
}

/** Writes one image. */
export class SwiftWriter implements ImageWriter<SwiftLocation> {
  readonly #options: WriterOptions;
  readonly #upload: Upload;
  readonly #parts: Parts;
  /** The md5 of each segment, where they come with the image's digests. */
  readonly #md5s: Promise<string>[] = [];
  /** The segments that earlier adds have left, by md5. */
  #kept: Promise<Map<string, KeptSegment>> | undefined;
  /** Those of them that are copied in the end, so that an add that fails before leaves no second copy. */
  readonly #reused: { number: number; etag: string; segment: KeptSegment }[] = [];
  #long: Promise<SwiftClient> | undefined;
  #etag: string | undefined;

  /**
   * Creates a writer. Nothing is sent yet.
   *
   * @param options Where the image is written, and how.
   */
  constructor(options: WriterOptions) {
    this.#options = options;
    this.#upload = new Upload(options);
    const { segmentSize, concurrency, signal } = options;
    this.#parts = new Parts({
      size: () => segmentSize,
      memory: segmentSize * concurrency,
      signal,
      send: (part, signal) => this.#send(part, signal),
    });
  }

  /** Where the image will be. */
  get location(): SwiftLocation {
    return this.#upload.location;
  }

  /** The entity tag of an image of one PUT, which is its md5. */
  get etag(): string | undefined {
    return this.#etag;
  }

  /** Size of a segment in bytes. */
  get partSize(): number {
    return this.#options.segmentSize;
  }

  /**
   * Takes the next chunk, which is not given back.
   *
   * @param chunk The chunk.
   * @param md5s The md5 of each part that ends in the chunk.
   * @returns A buffer of the same size.
   */
  write(chunk: Bytes, md5s: readonly Promise<string>[]): Promise<ArrayBuffer> {
    this.#md5s.push(...md5s);
    return this.#parts.write(chunk);
  }

  /**
   * Makes the image visible.
   *
   * @param image The size and the digests.
   */
  async commit(image: ImageDigest): Promise<void> {
    const isSegmented = this.#parts.sent > 0;
    if (isSegmented) await this.#parts.finish();
    const body = isSegmented ? [] : this.#parts.rest().chunks;
    const { client, signal } = this.#options;
    await this.#copyReused();
    await this.#upload.commit(await (this.#long ?? client), image, { body, signal });
    if (!isSegmented) this.#etag = `"${image.checksum}"`;
    await this.#options.dispose(false).catch(() => {});
  }

  /**
   * Removes everything, but not the segments if the upload can be resumed.
   *
   * @param reason Why the upload has failed.
   */
  async abort(reason: unknown): Promise<void> {
    await this.#parts.abort(reason);
    try {
      const long = await this.#long?.catch(() => undefined);
      const { client, resume } = this.#options;
      await this.#upload.abort(long ?? client, resume);
    } finally {
      await this.#options.dispose(true);
    }
  }

  async #send({ number, size, chunks }: Part, signal: AbortSignal): Promise<void> {
    const client = await (this.#long ??= this.#options.longClient());
    const etag = this.#md5s[number - 1] ?? md5Of(chunks);
    // If the segment fails before, nobody awaits this.
    etag.catch(() => {});
    if (this.#options.resume) {
      const kept = await (this.#kept ??= findKeptSegments(client, this.location, signal));
      const segment = kept.size > 0 ? kept.get(await etag) : undefined;
      if (segment?.size === size) {
        this.#reused.push({ number, etag: await etag, segment });
        return;
      }
    }
    await this.#upload.segment(client, { number, size, etag }, { body: chunks, signal });
  }

  /** Lets the server copy what earlier adds have left. */
  async #copyReused(): Promise<void> {
    if (this.#reused.length === 0) return;
    const { concurrency, signal } = this.#options;
    const client = await this.#long!;
    await poolMap(this.#reused, concurrency, ({ number, etag, segment: { object, size } }) => {
      const source = objectPath(this.location.container, object);
      const headers = { "x-copy-from": source, "x-fresh-metadata": "true" };
      const request = { headers, body: [], slow: true, signal };
      return this.#upload.segment(client, { number, size, etag }, request);
    });
  }
}
