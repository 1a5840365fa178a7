/**
 * Where an image is, as its driver says it: the base class of every driver's location.
 *
 * @module
 */
import { Masked } from "./masked.ts";

/** What {@linkcode StoreLocation.uri} prints. */
export interface UriOptions {
  /** Prints the credentials that the URI carried. Without it they are left out. */
  credentials?: boolean | undefined;
}

/** A class of locations, with the parser of its URIs. */
export interface StoreLocationClass<L extends StoreLocation = StoreLocation> {
  /** Reads a location URI; throws `BadStoreUri` if it is not one of this class. */
  parse(uri: string): L;
}

/**
 * A location in one driver's terms. Credentials that a URI carried are held apart and printed by
 * nothing but `uri({ credentials: true })`.
 *
 * @example A location class of one's own
 * ```ts
 * import { StoreLocation } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * class ShelfLocation extends StoreLocation {
 *   readonly scheme = "shelf";
 *   constructor(readonly path: string, userinfo?: string) {
 *     super(userinfo);
 *   }
 *   protected format(userinfo: string): string {
 *     return `shelf://${userinfo}${this.path}`;
 *   }
 * }
 *
 * const location = new ShelfLocation("a", "me:secret");
 * assertEquals(`${location}`, "shelf://***@a");
 * assertEquals(location.uri(), "shelf://a");
 * assertEquals(location.uri({ credentials: true }), "shelf://me:secret@a");
 * ```
 */
export abstract class StoreLocation extends Masked {
  readonly #userinfo: string | undefined;

  /** Takes the URI's user information, percent-encoded as it stood there, without the `@`. */
  constructor(userinfo?: string | undefined) {
    super();
    this.#userinfo = userinfo || undefined;
  }

  /** The URI's scheme, without the colon. */
  abstract readonly scheme: string;
  /** The image's path as the backend names it, for messages. */
  abstract readonly path: string;
  /** Prints the URI with `userinfo`, which is empty or ends with `@`. */
  protected abstract format(userinfo: string): string;

  /** The user information of the URI, percent-encoded, for the driver that logs in with it. */
  get userinfo(): string | undefined {
    return this.#userinfo;
  }

  /** The location URI, as glance_store reads it. */
  uri(options: UriOptions = {}): string {
    return this.format(options.credentials && this.#userinfo ? `${this.#userinfo}@` : "");
  }

  /** The location URI with its credentials masked. */
  override toString(): string {
    return this.format(this.#userinfo ? "***@" : "");
  }
}
