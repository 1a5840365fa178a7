/**
 * What the adds and copies of one store share: how an object comes to be only once.
 *
 * @module
 */
import { Duplicate, NotFound, StoreError } from "../../errors/mod.ts";
import { cleaningUp } from "../shared/cleanup.ts";
import type { S3Client } from "./client.ts";
import { getErrorCode, S3Fault } from "./errors.ts";
import type { S3Settings } from "./options.ts";

/** User metadata that tells by which add an object came to be. */
export const ADD_ID = "x-amz-meta-vitrine-add";

/** The requests that make an object appear. */
export type Creation = "put" | "copy" | "complete";

/** How many clean-ups are remembered at most; what the others left is for `gc`. */
const MOST_UNDONE = 1_000;

/** Removes what an operation left. It may be called again after it failed. */
export type CleanUp = (signal: AbortSignal) => Promise<void>;

/** The state of a store that writes. */
export class WriteState {
  /** Ids of the multipart uploads that are under way. */
  readonly uploads: Set<string> = new Set();
  readonly #unconditional = new Set<Creation>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #undone = new Set<CleanUp>();
  #bucket: Promise<unknown> | undefined;

  /** Binds the client and the options. */
  constructor(
    /** The client. */
    readonly client: S3Client,
    /** The options. */
    readonly options: S3Settings,
  ) {}

  /** Throws `Duplicate` if there is an object of that key. */
  async refuseDuplicate(key: string, signal: AbortSignal | undefined): Promise<void> {
    if (await this.#addIdOf(key, signal) !== undefined) {
      throw new Duplicate("the image exists already");
    }
  }

  /**
   * Makes an object appear, unless there is one: `create` sends the request with the headers it is
   * given, and cannot be interrupted. Whether the object is ours, where the answer to that was lost, is told by `addId`.
   *
   * Throws `Duplicate`, and the signal's reason also when the object has appeared.
   */
  async createOnce<T>(
    creation: Creation,
    key: string,
    addId: string,
    signal: AbortSignal | undefined,
    create: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#inTurn(key, async () => {
      await this.refuseDuplicate(key, signal);
      try {
        const created = await this.#conditionally(creation, create);
        signal?.throwIfAborted();
        return created;
      } catch (error) {
        signal?.throwIfAborted();
        const status = error instanceof StoreError && error.cause instanceof S3Fault
          ? error.cause.status
          : undefined;
        const exists = status === 412;
        const unclear = exists || getErrorCode(error) === "NoSuchUpload" ||
          (error as StoreError).retryable;
        const isOurs = () => this.#isOurs(key, addId, signal).catch(() => false);
        if (unclear && await isOurs()) return undefined;
        if (exists) throw new Duplicate("the image exists already", { cause: error });
        throw error;
      }
    });
  }

  /** Deletes the object of that key if it came to be by this add. */
  async deleteOurs(key: string, addId: string, signal: AbortSignal): Promise<void> {
    if (await this.#isOurs(key, addId, signal)) {
      await this.client.headers({ method: "DELETE", key, signal });
    }
  }

  /** Cleans up. Where it fails and may succeed later, it is done by {@linkcode cleanUpAgain}. */
  async cleanUp(work: CleanUp): Promise<void> {
    this.#undone.delete(work);
    try {
      await cleaningUp(work);
    } catch (error) {
      const { retryable } = error as StoreError;
      if (retryable && this.#undone.size < MOST_UNDONE) this.#undone.add(work);
      throw error;
    }
  }

  /** Cleans up what could not be until now, as far as it goes. */
  async cleanUpAgain(): Promise<void> {
    try {
      for (const work of this.#undone) await this.cleanUp(work);
    } catch {
      // The server is still in trouble; there will be another time.
    }
  }

  /** Does `work`, and does it again with the bucket created if that was what it lacked. */
  async withBucket<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (getErrorCode(error) !== "NoSuchBucket" || !this.options.createBucketOnPut) throw error;
      this.#bucket ??= this.#createBucket();
      try {
        await this.#bucket;
      } finally {
        this.#bucket = undefined;
      }
      return await work();
    }
  }

  async #createBucket(): Promise<void> {
    const { client } = this;
    const { region } = client.endpoint;
    // Amazon's first region must not be named; of another server's that name says nothing.
    const body = region === "us-east-1"
      ? undefined
      : `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
        `<LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
    try {
      await client.headers({
        method: "PUT",
        body: body === undefined ? undefined : new TextEncoder().encode(body),
      });
    } catch (error) {
      if (getErrorCode(error) !== "BucketAlreadyOwnedByYou") throw error;
    }
  }

  async #conditionally<T>(
    creation: Creation,
    create: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T> {
    if (this.#unconditional.has(creation)) return await create({});
    try {
      return await create({ "if-none-match": "*" });
    } catch (error) {
      if (getErrorCode(error) !== "NotImplemented") throw error;
      this.#unconditional.add(creation);
      return await create({});
    }
  }

  async #isOurs(key: string, addId: string, signal: AbortSignal | undefined): Promise<boolean> {
    return await this.#addIdOf(key, signal) === addId;
  }

  /** The add by which the object came to be, empty if by none of ours; `undefined` without object. */
  async #addIdOf(key: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      const headers = await this.client.headers({ method: "HEAD", key, signal });
      return headers.get(ADD_ID) ?? "";
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /** Does `work` after all earlier work on the key. */
  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.catch(() => {}).then(work);
    this.#turns.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    }
  }
}
