/**
 * A multipart upload: begun, completed or aborted, and never left open.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import { uploadsOf } from "./listing.ts";
import { ADD_ID, type WriteState } from "./write_state.ts";
import { escapeXml } from "./xml.ts";

/** A part that the server has. */
export interface UploadedPart {
  /** Its entity tag. */
  etag: string;
  /** Its checksum by the name that XML has for it, where there is one. */
  checksum?: readonly [name: string, value: string] | undefined;
}

/** Clocks of a server's machines may differ by this much, in milliseconds. */
const MARGIN = 5_000;

/** An upload that is under way. */
export class Multipart {
  readonly #state: WriteState;
  readonly #key: string;
  readonly #id: string;
  readonly #addId: string;
  readonly #begun: Span;
  #unclear: boolean;

  private constructor(
    state: WriteState,
    key: string,
    { id, addId, begun, unclear }: { id: string; addId: string; begun: Span; unclear: boolean },
  ) {
    this.#state = state;
    this.#key = key;
    this.#id = id;
    this.#addId = addId;
    this.#begun = begun;
    this.#unclear = unclear;
  }

  /** Begins an upload of an object that will have these headers. */
  static async begin(
    state: WriteState,
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Multipart> {
    const addId = crypto.randomUUID();
    const since = state.client.now();
    const begun = () => ({ since, until: state.client.now() });
    try {
      const { root, repeated } = await state.withBucket(() =>
        state.client.xml({
          method: "POST",
          key,
          query: { uploads: "" },
          headers: { ...headers, [ADD_ID]: addId },
          signal,
        })
      );
      const id = root.text("UploadId");
      state.uploads.add(id);
      return new Multipart(state, key, { id, addId, begun: begun(), unclear: repeated });
    } catch (error) {
      await sweep(state, key, begun());
      throw error;
    }
  }

  /** Uploads a part and resolves to the headers of the answer. */
  async put(
    number: number,
    body: readonly Bytes[],
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Headers> {
    return await this.#state.client.headers({
      method: "PUT",
      key: this.#key,
      query: { partNumber: `${number}`, uploadId: this.#id },
      headers,
      body,
      signal,
    });
  }

  /** Copies a part out of another object. */
  async copy(
    number: number,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<UploadedPart> {
    const { root } = await this.#state.client.xml({
      method: "PUT",
      key: this.#key,
      query: { partNumber: `${number}`, uploadId: this.#id },
      headers,
      slow: true,
      signal,
    });
    return { etag: root.text("ETag") };
  }

  /** Makes the object of all parts appear. Throws `Duplicate`. */
  async complete(
    parts: readonly UploadedPart[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const list = parts.map(({ etag, checksum }, index) => {
      const [name, value] = checksum ?? [];
      return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag>` +
        (name ? `<${name}>${value}</${name}>` : "") + "</Part>";
    });
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      `${list.join("")}</CompleteMultipartUpload>`;
    const { client } = this.#state;
    await this.#state.createOnce(
      "complete",
      this.#key,
      this.#addId,
      signal,
      (headers) =>
        client.xml({
          method: "POST",
          key: this.#key,
          query: { uploadId: this.#id },
          headers,
          slow: true,
          signal,
          uncut: true,
        }, body),
    );
    await this.#end();
  }

  /** Removes the parts, and the object if it appeared without anybody learning of it. */
  async abort(): Promise<void> {
    const query = { uploadId: this.#id };
    const key = this.#key;
    try {
      await this.#state.cleanUp(async (signal) => {
        try {
          await this.#state.client.headers({ method: "DELETE", key, query, signal });
        } catch (error) {
          if (!(error instanceof NotFound)) throw error;
          this.#unclear = true;
          await this.#state.deleteOurs(key, this.#addId, signal);
        }
      });
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    this.#state.uploads.delete(this.#id);
    if (this.#unclear) await sweep(this.#state, this.#key, this.#begun);
  }
}

/** When something was done, in milliseconds by the server's clock. */
interface Span {
  since: number;
  until: number;
}

/**
 * Aborts uploads that nobody knows the ids of, because the answers to their beginning were lost:
 * those of the key that were begun at that time and are not under way in this store.
 */
async function sweep(state: WriteState, key: string, { since, until }: Span): Promise<void> {
  try {
    await state.cleanUp(async (signal) => {
      for await (const { id, initiated } of uploadsOf(state.client, key, signal)) {
        const time = initiated.getTime();
        if (state.uploads.has(id) || time < since - MARGIN || time > until + MARGIN) continue;
        await state.client.headers({ method: "DELETE", key, query: { uploadId: id }, signal });
      }
    });
  } catch {
    // The add's own end counts.
  }
}
