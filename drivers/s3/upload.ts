/**
 * The writer of an image: one `PUT`, or parts side by side.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import type { ImageDigest, ImageWriter, WriteOptions } from "../driver.ts";
import { Checksums } from "./checksums.ts";
import type { S3Location } from "./location.ts";
import { Multipart, type UploadedPart } from "./multipart.ts";
import { MIB, partSize } from "./parts.ts";
import { digestHeaders, PART_SIZE } from "./stat.ts";
import { fromHex, toBase64 } from "./text.ts";
import { ADD_ID, type WriteState } from "./write_state.ts";

/** Servers guess another from the key, or give none. */
const CONTENT_TYPE = { "content-type": "application/octet-stream" };

/**
 * Collects the chunks into parts. An image that ends within its first part is uploaded with one
 * `PUT`, for which that part is as large as the image up to `largeObjectSize`; any other as a
 * multipart upload, up to `concurrency` parts at once. Each part is sent again by itself where it
 * fails. Together the parts in memory take `concurrency` + 1 times the configured size of one; where
 * parts have to be larger, fewer are under way, two at least.
 */
export class S3Upload implements ImageWriter<S3Location> {
  /** Where the image will be. */
  readonly location: S3Location;
  readonly #state: WriteState;
  readonly #key: string;
  readonly #options: WriteOptions;
  readonly #checksums: Checksums;
  readonly #budget: number;
  readonly #controller = new AbortController();
  readonly #onAbort = () => this.#controller.abort(this.#options.signal!.reason);
  readonly #addId = crypto.randomUUID();
  readonly #running = new Set<Promise<void>>();
  readonly #parts: UploadedPart[] = [];
  #free: ArrayBuffer[] = [];
  #part: Bytes;
  #filled = 0;
  #sent = 0;
  #multipart: Multipart | undefined;
  #committed = false;
  #failure: { error: unknown } | undefined;

  /** Makes a writer. Nothing is sent yet. */
  constructor(state: WriteState, location: S3Location, key: string, options: WriteOptions) {
    this.#state = state;
    this.location = location;
    this.#key = key;
    this.#options = options;
    this.#checksums = new Checksums(state.options, state.client.endpoint.secure);
    const { largeObjectSize, largeObjectChunkSize, concurrency } = state.options;
    this.#budget = largeObjectChunkSize * MIB * (concurrency + 1);
    const { size } = options;
    const whole = size !== undefined && size < largeObjectSize * MIB && size <= this.#budget;
    this.#part = new Uint8Array(whole ? size : this.#sizeOf(1));
    options.signal?.addEventListener("abort", this.#onAbort);
  }

  /** Copies the chunk into the part at hand and sends what is full. */
  async write(chunk: Bytes): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      if (this.#filled === this.#part.length) await this.#next();
      const piece = chunk.subarray(at, at + this.#part.length - this.#filled);
      this.#part.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
    }
  }

  /** Sends the last part and makes the image appear. */
  async commit(image: ImageDigest): Promise<void> {
    const { signal } = this.#options;
    if (this.#multipart === undefined) {
      this.#committed = true;
      await this.#put(image, signal);
    } else {
      if (this.#filled > 0) await this.#send();
      await Promise.all(this.#running);
      if (this.#failure) throw this.#failure.error;
      await this.#multipart.complete(this.#parts, signal);
    }
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  /** Stops what is under way and removes what was sent. */
  async abort(reason: unknown): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#controller.abort(reason);
    await Promise.all(this.#running);
    if (this.#multipart) await this.#multipart.abort();
    else if (this.#committed) await this.#state.withdraw(this.#key, this.#addId);
  }

  /** The size of a part, in bytes. */
  #sizeOf(number: number): number {
    const least = this.#state.options.largeObjectChunkSize * MIB;
    return partSize(number, least, this.#options.size);
  }

  /** Uploads the whole image, which the part at hand holds. */
  async #put(image: ImageDigest, signal: AbortSignal | undefined): Promise<void> {
    const body = this.#part.subarray(0, this.#filled);
    const headers = {
      ...CONTENT_TYPE,
      ...digestHeaders(image),
      ...await this.#checksums.ofObject(body),
      "content-md5": toBase64(fromHex(image.checksum)),
      [ADD_ID]: this.#addId,
    };
    await this.#state.createOnce(
      "put",
      this.#key,
      this.#addId,
      signal,
      (condition) =>
        this.#state.withBucket(() =>
          this.#state.client.headers({
            method: "PUT",
            key: this.#key,
            headers: { ...headers, ...condition },
            body,
            signal,
          })
        ),
    );
  }

  /** Sends the part at hand and takes a fresh one. */
  async #next(): Promise<void> {
    await this.#send();
    const size = this.#sizeOf(this.#sent + 1);
    const most = Math.max(1, Math.floor(this.#budget / size) - 1);
    while (this.#running.size >= most) await Promise.race(this.#running);
    if (this.#failure) throw this.#failure.error;
    this.#free = this.#free.filter(({ byteLength }) => byteLength === size);
    this.#part = new Uint8Array(this.#free.pop() ?? new ArrayBuffer(size));
    this.#filled = 0;
  }

  /** Begins to upload the part at hand. */
  async #send(): Promise<void> {
    const multipart = this.#multipart ??= await Multipart.begin(
      this.#state,
      this.#key,
      {
        ...CONTENT_TYPE,
        ...digestHeaders(this.#options.expected ?? {}),
        ...this.#checksums.ofUpload(),
        [PART_SIZE]: `${this.#part.length}`,
      },
      this.#options.signal,
    );
    const number = ++this.#sent;
    const body = this.#part.subarray(0, this.#filled);
    const { signal } = this.#controller;
    const sending = (async () => {
      const headers = await this.#checksums.ofPart(body);
      const answer = await multipart.put(number, body, headers, signal);
      this.#parts[number - 1] = this.#checksums.uploaded(answer);
      // After a failure somebody may still read from the buffer, so it is used again only here.
      this.#free.push(body.buffer);
    })().catch((error) => {
      this.#failure ??= { error };
      this.#controller.abort(error);
    }).finally(() => this.#running.delete(sending));
    this.#running.add(sending);
  }
}
