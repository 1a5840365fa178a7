/**
 * The errors of Vitrine: one class an error, all under {@linkcode StoreError}, named as in
 * glance_store where it has one.
 *
 * @module
 */

/** How many characters of a detail a message has. */
const MAX_DETAIL = 1_000;

/** What an error says beside its detail: where it happened and whether trying again can help. */
export interface StoreErrorOptions extends ErrorOptions {
  /** Name of the store, as configured. */
  store?: string | undefined;
  /** The operation that failed: `add`, `get`, `delete`, ... */
  operation?: string | undefined;
  /** The image's path in its store, or the URI with its secrets masked. */
  path?: string | undefined;
  /** Whether the same call may succeed later without anybody changing anything. */
  retryable?: boolean | undefined;
  /** How long to wait before trying again, in milliseconds, where the backend says so. */
  retryAfter?: number | undefined;
}

/**
 * The base class of every error that Vitrine throws for a store.
 *
 * The message is one line, `<store>: <operation> <path>: <detail>`, and holds no secret.
 *
 * @example The message of an error
 * ```ts
 * import { NotFound } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new NotFound("no such image", { store: "local", operation: "get", path: "a.iso" });
 * assertEquals(error.message, "local: get a.iso: no such image");
 * assertEquals(error.retryable, false);
 * ```
 *
 * @example The class says what to do
 * ```ts
 * import { Duplicate, StoreError } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * await using store = new MemoryStore("scratch");
 * async function addOnce(text: string): Promise<string> {
 *   try {
 *     await store.add("a.txt", new Blob([text]));
 *     return "added";
 *   } catch (error) {
 *     if (error instanceof Duplicate) return "there already";
 *     if (error instanceof StoreError && error.retryable) return "try again later";
 *     throw error;
 *   }
 * }
 * assertEquals(await addOnce("one"), "added");
 * assertEquals(await addOnce("two"), "there already");
 * ```
 */
export class StoreError extends Error {
  /** The class's name, which survives minification. */
  override readonly name: string = "StoreError";
  /** The reason alone, without store, operation and path. */
  readonly detail: string;
  /** Name of the store, where known. */
  store: string | undefined;
  /** The operation that failed, where known. */
  operation: string | undefined;
  /** The image's path in its store, or its masked URI, where known. */
  path: string | undefined;
  /** Whether trying again can help. */
  readonly retryable: boolean;
  /** How long to wait before trying again, in milliseconds, where the backend says so. */
  readonly retryAfter: number | undefined;

  /**
   * Creates an error.
   *
   * @param detail The reason in one line, without a secret.
   * @param options Where it happened, the cause, and whether trying again can help.
   */
  constructor(detail: string, options: StoreErrorOptions = {}) {
    super(detail, "cause" in options ? { cause: options.cause } : undefined);
    this.detail = detail;
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.store = options.store;
    this.operation = options.operation;
    this.path = options.path;
    this.message = compose(this);
  }

  /**
   * Adds where the error happened, as far as that is not known yet: an error that passes through two
   * stores (a copy) keeps the inner one.
   *
   * @param where The store, the operation and the path in the store.
   * @returns The error itself.
   */
  at(where: { store?: string; operation?: string; path?: string }): this {
    this.store ??= where.store;
    this.operation ??= where.operation;
    this.path ??= where.path;
    this.message = compose(this);
    return this;
  }
}

function compose(error: StoreError): string {
  const { store, operation, path, detail } = error;
  const action = [operation, path].filter(Boolean).join(" ");
  // A server decides how long a value is that it sends.
  const reason = detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL)}...` : detail;
  return [store, action, reason].filter(Boolean).join(": ").replace(/\s*[\r\n]+\s*/g, " ");
}

/** A backend failed in a way that no other class names. */
export class BackendException extends StoreError {
  /** @internal */
  override readonly name: string = "BackendException";
}
/** There is no store of that name, or its driver is not available in this runtime. */
export class UnsupportedBackend extends StoreError {
  /** @internal */
  override readonly name: string = "UnsupportedBackend";
}
/** The image, or the container that should hold it, does not exist. */
export class NotFound extends StoreError {
  /** @internal */
  override readonly name: string = "NotFound";
}
/** The image has a format that is not accepted, or that was not claimed, or it is not safe. */
export class ImageFormatRefused extends StoreError {
  /** @internal */
  override readonly name: string = "ImageFormatRefused";
}
/** The image exists already. */
export class Duplicate extends StoreError {
  /** @internal */
  override readonly name: string = "Duplicate";
}
/** An argument is not what the operation takes. */
export class Invalid extends StoreError {
  /** @internal */
  override readonly name: string = "Invalid";
}
/** The image id is not a path of segments: empty, `.` or `..` segments, NUL or control characters. */
export class InvalidImageId extends Invalid {
  /** @internal */
  override readonly name: string = "InvalidImageId";
}
/** The range lies outside the image, or is no range. */
export class InvalidRange extends Invalid {
  /** @internal */
  override readonly name: string = "InvalidRange";
}
/** The data is shorter or longer than the size that was declared. */
export class SizeMismatch extends StoreError {
  /** @internal */
  override readonly name: string = "SizeMismatch";
}
/** The bytes do not have the digest that they should have. */
export class ChecksumMismatch extends StoreError {
  /** @internal */
  override readonly name: string = "ChecksumMismatch";
}
/** The data is not what was signed, or not signed by the key that it should be signed by. */
export class SignatureMismatch extends StoreError {
  /** @internal */
  override readonly name: string = "SignatureMismatch";
}
/** The image was replaced while it was being read. */
export class ImageChanged extends StoreError {
  /** @internal */
  override readonly name: string = "ImageChanged";
}
/** The image is not the one that the caller named by its entity tag or date. */
export class PreconditionFailed extends StoreError {
  /** @internal */
  override readonly name: string = "PreconditionFailed";
}
/** The image is still the one that the caller has, by its entity tag or date. */
export class NotModified extends StoreError {
  /** @internal */
  override readonly name: string = "NotModified";
}
/** The name of a digest algorithm is not known. */
export class UnknownHashingAlgo extends StoreError {
  /** @internal */
  override readonly name: string = "UnknownHashingAlgo";
}
/** No driver knows the scheme of the URI. */
export class UnknownScheme extends StoreError {
  /** @internal */
  override readonly name: string = "UnknownScheme";
}
/** The location URI cannot be read, or belongs to another store. */
export class BadStoreUri extends StoreError {
  /** @internal */
  override readonly name: string = "BadStoreUri";
}
/** An option of a store has a wrong value; the message names it and what is allowed. */
export class BadStoreConfiguration extends StoreError {
  /** @internal */
  override readonly name: string = "BadStoreConfiguration";
}
/** A driver cannot be loaded: its library, its permission or its module is missing. */
export class DriverLoadFailure extends StoreError {
  /** @internal */
  override readonly name: string = "DriverLoadFailure";
}
/** The storage medium is full, or a quota is. */
export class StorageFull extends StoreError {
  /** @internal */
  override readonly name: string = "StorageFull";
}
/** The storage medium refuses to be written. */
export class StorageWriteDenied extends StoreError {
  /** @internal */
  override readonly name: string = "StorageWriteDenied";
}
/** The store cannot delete. */
export class StoreDeleteNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreDeleteNotSupported";
}
/** The store cannot be read. */
export class StoreGetNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreGetNotSupported";
}
/** The store cannot be read from the middle. */
export class StoreRandomGetNotSupported extends StoreGetNotSupported {
  /** @internal */
  override readonly name: string = "StoreRandomGetNotSupported";
}
/** The store cannot be written: it has not the ability, or its configuration for writing failed. */
export class StoreAddDisabled extends StoreError {
  /** @internal */
  override readonly name: string = "StoreAddDisabled";
}
/** The store cannot list its images. */
export class StoreListNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreListNotSupported";
}
/** The store cannot copy within itself. */
export class StoreCopyNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreCopyNotSupported";
}
/** The store has no ACLs, or cannot hold those that were given. */
export class StoreAclsNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreAclsNotSupported";
}
/** The store cannot make presigned URLs. */
export class StorePresignNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StorePresignNotSupported";
}
/** The store keeps no media type, cache control or metadata with an image. */
export class StoreMetadataNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreMetadataNotSupported";
}
/** The store cannot continue an add that died. */
export class StoreResumeNotSupported extends StoreError {
  /** @internal */
  override readonly name: string = "StoreResumeNotSupported";
}
/** The server redirects too often. */
export class MaxRedirectsExceeded extends StoreError {
  /** @internal */
  override readonly name: string = "MaxRedirectsExceeded";
}
/** The server cannot be reached, is overloaded or broke off. Trying again can help. */
export class RemoteServiceUnavailable extends StoreError {
  /** @internal */
  override readonly name: string = "RemoteServiceUnavailable";
  /**
   * Creates the error.
   *
   * @param detail The reason in one line, without a secret.
   * @param options Where it happened, and the cause. Default of `retryable`: `true`.
   */
  constructor(detail: string, options: StoreErrorOptions = {}) {
    super(detail, { retryable: true, ...options });
  }
}
/** The operation did not end in its time. Trying again can help. */
export class TimeoutError extends StoreError {
  /** @internal */
  override readonly name: string = "TimeoutError";
  /**
   * Creates the error.
   *
   * @param detail The reason in one line, without a secret.
   * @param options Where it happened, and the cause. Default of `retryable`: `true`.
   */
  constructor(detail: string, options: StoreErrorOptions = {}) {
    super(detail, { retryable: true, ...options });
  }
}
/** The server knows the caller and refuses the request. */
export class Forbidden extends StoreError {
  /** @internal */
  override readonly name: string = "Forbidden";
}
/** The server does not know the caller: credentials are missing or wrong. */
export class NotAuthenticated extends StoreError {
  /** @internal */
  override readonly name: string = "NotAuthenticated";
}
/** A credential that the store needs was not configured. */
export class MissingCredentialError extends StoreError {
  /** @internal */
  override readonly name: string = "MissingCredentialError";
}
/** The authentication strategy is not the one the server wants. */
export class BadAuthStrategy extends StoreError {
  /** @internal */
  override readonly name: string = "BadAuthStrategy";
}
/** The authentication service refused the request as malformed. */
export class AuthBadRequest extends StoreError {
  /** @internal */
  override readonly name: string = "AuthBadRequest";
}
/** The authentication service was not found at its URL. */
export class AuthUrlNotFound extends StoreError {
  /** @internal */
  override readonly name: string = "AuthUrlNotFound";
}
/** Logging in failed. */
export class AuthorizationFailure extends StoreError {
  /** @internal */
  override readonly name: string = "AuthorizationFailure";
}
/** The service catalog holds no endpoint for the store. */
export class NoServiceEndpoint extends StoreError {
  /** @internal */
  override readonly name: string = "NoServiceEndpoint";
}
/** The service catalog holds several endpoints, and no region was configured. */
export class RegionAmbiguity extends StoreError {
  /** @internal */
  override readonly name: string = "RegionAmbiguity";
}
/** The image has snapshots and cannot be deleted. */
export class HasSnapshot extends StoreError {
  /** @internal */
  override readonly name: string = "HasSnapshot";
}
/** The image is in use (a clone, a watcher, an attachment) and cannot be deleted. */
export class InUseByStore extends StoreError {
  /** @internal */
  override readonly name: string = "InUseByStore";
}
/** A URL was refused before a request was sent: scheme, host, port or address is not allowed. */
export class EgressDenied extends StoreError {
  /** @internal */
  override readonly name: string = "EgressDenied";
}

/**
 * Returns whether an error is only the caller's own abort, which is passed on as it is.
 *
 * @param error What was thrown.
 * @param signal The caller's signal, if there is one.
 * @returns `true` if the signal is aborted, and the error is its reason or an `AbortError`.
 *
 * @example An abort is no failure
 * ```ts
 * import { isAbort } from "@vitrine/vitrine";
 * import { assert } from "@std/assert";
 *
 * const controller = new AbortController();
 * controller.abort();
 * assert(isAbort(controller.signal.reason, controller.signal));
 * ```
 */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true &&
    (error === signal.reason || (error as Error | undefined)?.name === "AbortError");
}
