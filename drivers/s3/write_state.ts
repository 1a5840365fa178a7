/**
 * What the adds and copies of one store share: how an object comes to be only once.
 *
 * @module
 */
import { BackendException, Duplicate, Forbidden, NotFound, StoreError } from "../../errors/mod.ts";
import { cleaningUp } from "../shared/cleanup.ts";
import type { S3Client } from "./client.ts";
import { sendDeletion } from "./deleter.ts";
import { getErrorCode, S3Fault } from "./fault.ts";
import { ADD_ID } from "./object_headers.ts";
import { checkObject } from "./read_headers.ts";
import type { S3Settings } from "./options.ts";

/**
 * Creates what recognizes the object that an add has made.
 *
 * @param addId The value of {@linkcode ADD_ID}.
 * @returns Returns whether an object of such headers has come to be by the add.
 */
export function isAddedBy(addId: string): (headers: Headers) => boolean {
  return (headers) => headers.get(ADD_ID) === addId;
}

/** The requests that make an object appear. */
export type Creation = "put" | "copy" | "complete";

/** How many clean-ups are remembered at most; what the others left is for `gc`. */
const MOST_UNDONE = 1_000;

/** Removes what an operation left. It may be called again after it failed. */
export type CleanUp = (signal: AbortSignal) => Promise<void>;

/**
 * Creates the error of a request whose response has the status of a success, and nothing else of one.
 *
 * @param what What was requested, in words.
 * @returns The error. The request may be retried.
 */
export function unconfirmed(what: string): BackendException {
  return new BackendException(
    `the server's response to the ${what} has no ETag: it is not the one of S3`,
    { retryable: true },
  );
}

/** The condition of a request that creates an object: there is none of the key. */
const NO_OTHER = { "if-none-match": "*" };

/** Whether the server refused a request by its condition. */
function isRefused(error: unknown): boolean {
  return error instanceof StoreError && error.cause instanceof S3Fault &&
    error.cause.status === 412;
}

function invisible(cause: StoreError): Forbidden {
  return new Forbidden(
    "whether the image exists is not known: the keys lack the permission s3:ListBucket, without which " +
      "a missing image is 403 and not 404",
    { cause },
  );
}

/** The state of a store that writes. */
export class WriteState {
  /** Ids of the multipart uploads that are under way. */
  readonly uploads: Set<string> = new Set();
  /** Whether parts must have their md5, as in a bucket with Object Lock. */
  needsPartDigest = false;
  /** Whether the bucket keeps versions: some servers take each upload for a new object there. */
  hasVersions = false;
  /** Whether the server was seen to refuse a `PUT` by its `If-None-Match`. Default: not known yet. */
  #decides: boolean | undefined;
  #puts = 0;
  readonly #unconditional = new Set<Creation>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #undone = new Set<CleanUp>();
  #bucket: Promise<unknown> | undefined;

  /**
   * Creates the state of one store.
   *
   * @param client Sends the requests.
   * @param options What is configured, with the defaults.
   */
  constructor(
    /** The client. */
    readonly client: S3Client,
    /** The options. */
    readonly options: S3Settings,
  ) {}

  /**
   * Checks that there is no object of a key.
   *
   * @param key The key.
   * @param creation The request that is to make the object appear.
   * @param signal Ends the check.
   * @returns Whether that is known. If the keys may not know, `If-None-Match` has to decide.
   * @throws {Duplicate} If there is one.
   * @throws {Forbidden} If the keys may not know, and the server does not decide.
   */
  async refuseDuplicate(
    key: string,
    creation: Creation,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    let found: Headers | undefined;
    try {
      found = await this.#headOf(key, signal);
    } catch (error) {
      if (!(error instanceof Forbidden)) throw error;
      // Without s3:ListBucket a missing key is 403. Ceph decides for a PUT only, Amazon always.
      const decides = creation === "put" || this.client.endpoint.isAmazon;
      if (decides && !this.#unconditional.has(creation)) return false;
      throw invisible(error);
    }
    if (found !== undefined) throw new Duplicate("the image exists already");
    return true;
  }

  /**
   * Makes an object appear, unless there is one.
   *
   * @param creation The request that makes it appear.
   * @param key The key.
   * @param isOurs Returns whether the object of such headers is ours. Called where the response is lost.
   * @param signal Keeps the request from being sent; the request itself is not cut off.
   * @param create Sends the request with the headers that it is given.
   * @returns What `create` returns; `undefined` if its response was lost and the object is ours.
   * @throws {Duplicate} If there is one. The reason of the signal is thrown also if the object has appeared.
   */
  async createOnce<T>(
    creation: Creation,
    key: string,
    isOurs: (headers: Headers) => boolean | Promise<boolean>,
    signal: AbortSignal | undefined,
    create: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.inTurn(key, async () => {
      const refuse = () => this.refuseDuplicate(key, creation, signal);
      const isKnown = creation === "put" && this.#serverDecides ? undefined : await refuse();
      try {
        const created = await this.#conditionally(
          creation,
          async () => isKnown ?? await refuse(),
          create,
        );
        if (creation === "put") await this.#findOut(create);
        signal?.throwIfAborted();
        return created;
      } catch (error) {
        signal?.throwIfAborted();
        const exists = isRefused(error);
        const unclear = exists || getErrorCode(error) === "NoSuchUpload" ||
          (error as StoreError).retryable;
        const hasAppeared = async () => {
          const headers = await this.#headOf(key, signal);
          return headers !== undefined && await isOurs(headers);
        };
        if (unclear && await hasAppeared().catch(() => false)) return undefined;
        signal?.throwIfAborted();
        if (exists) throw new Duplicate("the image exists already", { cause: error });
        throw error;
      }
    });
  }

  /**
   * Deletes the object of a key if it came to be by an add; in a bucket with versions, that version.
   *
   * @param key The key.
   * @param addId The value of {@linkcode ADD_ID}.
   * @param signal Ends the deletion.
   */
  async deleteOurs(key: string, addId: string, signal: AbortSignal): Promise<void> {
    let headers: Headers;
    try {
      headers = await this.client.headers({ method: "HEAD", key, signal });
    } catch (error) {
      if (error instanceof NotFound || error instanceof Forbidden) return;
      throw error;
    }
    if (headers.get(ADD_ID) !== addId) return;
    const versionId = headers.get("x-amz-version-id");
    if (versionId !== null) {
      try {
        const query = { versionId };
        await sendDeletion(this.client, { key, query, signal });
        return;
      } catch (error) {
        // Keys that may not delete versions may still hide the newest one.
        if (!(error instanceof Forbidden)) throw error;
      }
    }
    await sendDeletion(this.client, { key, signal });
  }

  /**
   * Cleans up. If it fails and may succeed later, {@linkcode cleanUpAgain} repeats it.
   *
   * @param work The work, which may be called several times.
   */
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

  /** Repeats clean-ups that have failed, until one fails again. */
  async cleanUpAgain(): Promise<void> {
    try {
      for (const work of this.#undone) await this.cleanUp(work);
    } catch {
      // The server is still in trouble; there will be another time.
    }
  }

  /**
   * Does work, and does it again if the bucket was missing and has been created.
   *
   * @param work The work.
   * @returns What the work returns.
   */
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

  /** Whether an image needs no `HEAD` before its `PUT`, as the server decides by `If-None-Match`. */
  get #serverDecides(): boolean {
    if (this.#unconditional.has("put")) return false;
    return this.client.endpoint.isAmazon || this.#decides === true && !this.hasVersions;
  }

  /**
   * Finds out with the second image whether the server decides by `If-None-Match`: the `PUT` that has succeeded
   * is sent once more. A server that decides refuses it; one that does not stores the same bytes again.
   */
  async #findOut(create: (headers: Record<string, string>) => Promise<unknown>): Promise<void> {
    if (this.#decides !== undefined || this.client.endpoint.isAmazon) return;
    if (this.hasVersions || this.#unconditional.has("put") || ++this.#puts < 2) return;
    this.#decides = false;
    await create(NO_OTHER).catch((error) => this.#decides = isRefused(error));
  }

  async #conditionally<T>(
    creation: Creation,
    isKnown: () => Promise<boolean>,
    create: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T> {
    if (this.#unconditional.has(creation)) return await create({});
    try {
      return await create(NO_OTHER);
    } catch (error) {
      if (getErrorCode(error) !== "NotImplemented") throw error;
      this.#unconditional.add(creation);
      if (!await isKnown()) throw invisible(error as StoreError);
      return await create({});
    }
  }

  /** Returns the headers of the object of a key, or `undefined` if there is none. */
  async #headOf(key: string, signal: AbortSignal | undefined): Promise<Headers | undefined> {
    try {
      const headers = await this.client.headers({ method: "HEAD", key, signal });
      checkObject(headers);
      return headers;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /**
   * Does work after all earlier work on a key.
   *
   * @param key The key.
   * @param work The work.
   * @returns What the work returns.
   */
  async inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
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
