/**
 * Locations of http stores: URLs, with their credentials held apart.
 *
 * @module
 */
import { BadStoreUri } from "../../errors/mod.ts";
import { maskUri, splitUri, StoreLocation } from "../../location/mod.ts";
import { encodePath } from "../../location/percent_encoding.ts";

/**
 * A location at an `http:` or `https:` URL. A fragment is left out, as glance_store leaves it out.
 *
 * @example Credentials are held apart
 * ```ts
 * import { HttpLocation } from "@vitrine/vitrine/http";
 * import { assertEquals } from "@std/assert";
 *
 * const location = HttpLocation.parse("https://me:secret@example.org/a%20b.iso?v=1");
 * assertEquals(`${location}`, "https://***@example.org/a%20b.iso?v=1");
 * assertEquals(location.url.href, "https://example.org/a%20b.iso?v=1");
 * ```
 */
export class HttpLocation extends StoreLocation {
  /** `http` or `https`. */
  readonly scheme: string;
  readonly #href: string;

  /**
   * Creates the location of an image at a URL.
   *
   * @param url The URL, without credentials and fragment.
   * @param userinfo The credentials in the form `user:password`, percent-encoded as in a URL (RFC 3986,
   * section 3.2.1). Default: none.
   */
  constructor(url: URL, userinfo?: string | undefined) {
    super(userinfo);
    this.scheme = url.protocol.slice(0, -1);
    this.#href = url.href;
  }

  /**
   * Parses a location URI.
   *
   * @param uri An `http:` or `https:` URL, which may have credentials. A fragment is dropped.
   * @returns The location, whether an image is there or not.
   * @throws {BadStoreUri} If it is not such a URL, or if another program could take its credentials or
   * its host for something else: a backslash in the host, or `\`, `?` or `#` in the credentials.
   */
  static parse(uri: string): HttpLocation {
    const { scheme, userinfo, host, path } = splitUri(uri, ["http", "https"]);
    try {
      // In the eyes of others, these would end the host that stands before the `@`.
      if (host === "" || host.includes("\\") || /[\\?#]/.test(userinfo ?? "")) {
        throw new TypeError();
      }
      const url = new URL(`${scheme}://${host}${path}`);
      url.hash = "";
      decodeURIComponent(userinfo ?? "");
      return new HttpLocation(url, userinfo);
    } catch {
      // Without its cause, which would hold what follows the first slash of a password.
      throw new BadStoreUri(`${maskUri(uri)} is no URL`);
    }
  }

  /** The URL, without credentials. */
  get url(): URL {
    return new URL(this.#href);
  }

  /** The URL's path and query, secrets masked. */
  get path(): string {
    return maskUri(this.#href).slice(this.url.origin.length);
  }

  /**
   * Returns the URL for people.
   *
   * @returns The URL with `***` in place of its credentials, and of the signatures and tokens in its query.
   */
  override toString(): string {
    return maskUri(super.toString());
  }

  /**
   * Formats the location URI.
   *
   * @param userinfo The credentials followed by `@`, or an empty text.
   * @returns The URL with these credentials before its host.
   */
  protected format(userinfo: string): string {
    return this.#href.replace("://", `://${userinfo}`);
  }
}

/**
 * Returns the URL of a path below the URL of a directory.
 *
 * @param base The URL of the directory, with a slash at its end.
 * @param path A path of segments, each of which is percent-encoded.
 * @returns Where the file is.
 */
export function below(base: URL, path: string): URL {
  return new URL(encodePath(path), base);
}
