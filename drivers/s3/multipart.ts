/**
 * A multipart upload: begun, completed or aborted, and left open only to be resumed.
 *
 * @module
 */
import { BackendException, NotFound } from "../../errors/mod.ts";
import { parseEntityTag } from "../../transport/headers.ts";
import type { Bytes } from "../../streams/mod.ts";
import { sendDeletion } from "./deleter.ts";
import { listUploads, type OpenUpload } from "./leftovers.ts";
import { ADD_ID } from "./object_headers.ts";
import { isAddedBy, unconfirmed, type WriteState } from "./write_state.ts";
import { escapeXml } from "./xml.ts";
import { sendForXml } from "./xml_request.ts";

/** A part that the server has. */
export interface UploadedPart {
  /** Its entity tag. */
  etag: string;
  /** Its checksum by the name that XML has for it, where there is one. */
  checksum?: readonly [name: string, value: string] | undefined;
}

/** Clocks of a server's machines may differ by this much, in milliseconds. */
const MARGIN = 5_000;

/** A multipart upload that is under way. */
export class Multipart {
  readonly #state: WriteState;
  readonly #key: string;
  readonly #id: string;
  /** The value of {@linkcode ADD_ID} that the object will have. */
  readonly addId: string;
  #orphans: Orphans | undefined;

  private constructor(
    state: WriteState,
    key: string,
    { id, addId, orphans }: { id: string; addId: string; orphans: Orphans | undefined },
  ) {
    this.#state = state;
    this.#key = key;
    this.#id = id;
    this.addId = addId;
    this.#orphans = orphans;
  }

  /**
   * Begins an upload.
   *
   * @param state The client, and the uploads that are under way.
   * @param key The key of the object.
   * @param headers The headers that the object will have.
   * @param signal Keeps the request from being sent.
   * @returns The upload.
   */
  static async begin(
    state: WriteState,
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Multipart> {
    const addId = crypto.randomUUID();
    const since = state.client.now();
    let unclear = false;
    const begunThen = () => begunBetween(since, state.client.now());
    try {
      const root = await state.withBucket(() =>
        sendForXml(state.client, {
          root: "InitiateMultipartUploadResult",
          method: "POST",
          key,
          query: { uploads: "" },
          headers: { ...headers, [ADD_ID]: addId },
          signal,
          // So that its id is learned.
          uninterruptible: true,
          onLost: () => unclear = true,
        })
      );
      const id = root.text("UploadId");
      if (id === "") throw new BackendException("the server began an upload without an UploadId");
      state.uploads.add(id);
      return new Multipart(state, key, { id, addId, orphans: unclear ? begunThen() : undefined });
    } catch (error) {
      if (unclear) await sweep(state, key, begunThen());
      throw error;
    }
  }

  /**
   * Continues an upload that an earlier add has left.
   *
   * @param state The client, and the uploads that are under way.
   * @param key The key of the object.
   * @param id The id of the upload.
   * @returns The upload. Only {@linkcode Multipart.keep} may end it where it is not completed.
   */
  static continue(state: WriteState, key: string, id: string): Multipart {
    state.uploads.add(id);
    return new Multipart(state, key, { id, addId: crypto.randomUUID(), orphans: undefined });
  }

  /**
   * Uploads a part.
   *
   * @param number Its number, from 1 on.
   * @param body The part, lent until the promise settles.
   * @param headers Its checksums.
   * @param signal Ends the upload of the part.
   * @returns The headers of the response.
   */
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

  /**
   * Copies a part out of another object.
   *
   * @param number Its number, from 1 on.
   * @param headers The source and the range.
   * @param signal Ends the copy of the part.
   * @returns The part.
   */
  async copy(
    number: number,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<UploadedPart> {
    const root = await sendForXml(this.#state.client, {
      root: "CopyPartResult",
      method: "PUT",
      key: this.#key,
      query: { partNumber: `${number}`, uploadId: this.#id },
      headers,
      slow: true,
      signal,
    });
    const etag = root.text("ETag");
    if (etag === "") throw unconfirmed(`copy of part ${number}`);
    return { etag };
  }

  /**
   * Makes the object of all parts appear.
   *
   * @param parts The parts, in order.
   * @param facts What is known of the image only now, as headers. OpenStack Swift keeps them.
   * @param signal Keeps the completion from being sent.
   * @param isOurs Recognizes the object if the response is lost. Default: by the add that began the upload.
   * @returns The entity tag of the object, unless the response was lost.
   * @throws {Duplicate} If there is an object of the key.
   */
  async complete(
    parts: readonly UploadedPart[],
    facts: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
    isOurs: (headers: Headers) => boolean | Promise<boolean> = isAddedBy(this.addId),
  ): Promise<string | undefined> {
    const list = parts.map(({ etag, checksum }, index) => {
      const [name, value] = checksum ?? [];
      return `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag>` +
        (name ? `<${name}>${value}</${name}>` : "") + "</Part>";
    });
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      `${list.join("")}</CompleteMultipartUpload>`;
    const { client } = this.#state;
    const etag = await this.#state.createOnce(
      "complete",
      this.#key,
      isOurs,
      signal,
      async (condition) => {
        const root = await sendForXml(client, {
          root: "CompleteMultipartUploadResult",
          method: "POST",
          key: this.#key,
          query: { uploadId: this.#id },
          headers: { ...facts, ...condition },
          slow: true,
          signal,
          uninterruptible: true,
          body,
        });
        const etag = root.text("ETag");
        if (etag === "") throw unconfirmed("completion");
        return etag;
      },
    );
    await this.#end();
    return etag && parseEntityTag(new Headers({ etag }));
  }

  /** Removes the parts, and the object if it appeared while the response to that was lost. */
  async abort(): Promise<void> {
    const query = { uploadId: this.#id };
    const key = this.#key;
    try {
      await this.#state.cleanUp(async (signal) => {
        try {
          await sendDeletion(this.#state.client, { key, query, signal });
        } catch (error) {
          if (!(error instanceof NotFound)) throw error;
          // Some list it all the same.
          this.#orphans ??= ({ id }) => id === this.#id;
          await this.#state.deleteOurs(key, this.addId, signal);
        }
      });
    } finally {
      await this.#end();
    }
  }

  /** Leaves the upload to be continued by another add, or to be removed by `gc`. */
  async keep(): Promise<void> {
    // It is no orphan as long as it is under way.
    if (this.#orphans) await sweep(this.#state, this.#key, this.#orphans);
    this.#state.uploads.delete(this.#id);
  }

  async #end(): Promise<void> {
    this.#state.uploads.delete(this.#id);
    if (this.#orphans) await sweep(this.#state, this.#key, this.#orphans);
  }
}

/** Returns whether nobody will end an upload. */
type Orphans = (upload: OpenUpload) => boolean;

/**
 * Recognises uploads whose ids are not known, because the responses to their beginning were lost: those
 * begun between two times in milliseconds by the server's clock.
 */
function begunBetween(since: number, until: number): Orphans {
  return ({ initiated }) => {
    const time = initiated?.getTime() ?? NaN;
    return time >= since - MARGIN && time <= until + MARGIN;
  };
}

/** Aborts the orphans among the uploads of the key, but none that is under way in this store. */
async function sweep(state: WriteState, key: string, isOrphan: Orphans): Promise<void> {
  try {
    await state.cleanUp(async (signal) => {
      for await (const upload of listUploads(state.client, key, signal)) {
        if (state.uploads.has(upload.id) || !isOrphan(upload)) continue;
        const query = { uploadId: upload.id };
        await sendDeletion(state.client, { key, query, signal });
      }
    });
  } catch {
    // The add's own end counts.
  }
}
