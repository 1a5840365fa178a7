/**
 * The place of an image in the terms of its driver: the base class of every driver's locations.
 *
 * @module
 */
import { Masked } from "./masked.ts";

/** Options of {@linkcode StoreLocation.uri}. */
export interface UriOptions {
  /** Whether the credentials that the URI carried are in it. Default: `false`. */
  credentials?: boolean | undefined;
}

/**
 * A class of locations, with the parser of its URIs.
 *
 * @typeParam L The class of the locations that the parser returns.
 */
export interface StoreLocationClass<L extends StoreLocation = StoreLocation> {
  /**
   * Parses a location URI.
   *
   * @param uri The whole URI.
   * @returns What the URI names, its credentials held apart.
   * @throws {BadStoreUri} If it is malformed or of another scheme.
   */
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

  /**
   * Keeps the credentials of a URI apart from the location.
   *
   * @param userinfo The URI's user information, percent-encoded as it stood there, without the `@`.
   */
  constructor(userinfo?: string | undefined) {
    super();
    this.#userinfo = userinfo || undefined;
  }

  /** The URI's scheme, without the colon. */
  abstract readonly scheme: string;
  /** The image's path as the backend names it, for messages. */
  abstract readonly path: string;
  /**
   * Formats the URI.
   *
   * @param userinfo What stands before the host: nothing, or credentials that end with `@`.
   * @returns The whole URI.
   */
  protected abstract format(userinfo: string): string;

  /** The user information of the URI, percent-encoded, for a driver that logs in with it. */
  get userinfo(): string | undefined {
    return this.#userinfo;
  }

  /**
   * Returns the location URI.
   *
   * @param options Whether credentials are in it. Default: they are left out.
   * @returns The URI, as glance_store reads it.
   */
  uri(options: UriOptions = {}): string {
    return this.format(options.credentials && this.#userinfo ? `${this.#userinfo}@` : "");
  }

  /**
   * Returns the location URI for people.
   *
   * @returns The URI with `***` in place of its credentials.
   */
  override toString(): string {
    return this.format(this.#userinfo ? "***@" : "");
  }
}
