/**
 * Locations of Swift stores, in the forms that glance_store writes:
 *
 *     swift+config://<account reference>/<container>/<object>
 *     swift+https://<user>:<key>@<auth address>/<container>/<object>
 *     swift+https://<account URL>/<container>/<object>
 *
 * and the same with `swift+http`; `swift` is `swift+https`.
 *
 * @module
 */
import { BadStoreUri } from "../../errors/mod.ts";
import { maskUri, splitUri, StoreLocation } from "../../location/mod.ts";
import { decodePercentIfEncoded } from "../../location/percent_encoding.ts";

/** The schemes of Swift locations; new ones of single-tenant stores have the first. */
export const SCHEMES: readonly SwiftScheme[] = [
  "swift+config",
  "swift+https",
  "swift+http",
  "swift",
];

/** The scheme of a Swift location. */
export type SwiftScheme = "swift+config" | "swift+https" | "swift+http" | "swift";

/** glance_store ends a name at `?` and `#`, and decodes nothing, so that only these are encoded. */
const RESERVED = /[%?#]/g;

/** What a {@linkcode SwiftLocation} is made of. */
export interface SwiftLocationParts {
  /** The scheme. */
  scheme: SwiftScheme;
  /** The account reference, or the URL of login or account without `https://`. */
  address: string;
  /** The container. */
  container: string;
  /** The object. */
  object: string;
  /** `user:key`, percent-encoded. */
  userinfo?: string | undefined;
}

/**
 * A location in a Swift store.
 *
 * @example A location with credentials, whose user holds a colon
 * ```ts
 * import { SwiftLocation } from "@vitrine/vitrine/swift";
 * import { assertEquals } from "@std/assert";
 *
 * const location = SwiftLocation.parse("swift+http://pro:me:pw@keystone:5000/v3/glance/71c6");
 * assertEquals(location.url, "http://keystone:5000/v3");
 * assertEquals(location.path, "glance/71c6");
 * assertEquals(location.credentials, { user: "pro:me", key: "pw" });
 * assertEquals(`${location}`, "swift+http://***@keystone:5000/v3/glance/71c6");
 * ```
 */
export class SwiftLocation extends StoreLocation {
  /** The scheme. */
  readonly scheme: SwiftScheme;
  /** The account reference, or the URL of login or account without `https://`. */
  readonly address: string;
  /** The container. */
  readonly container: string;
  /** The object. */
  readonly object: string;

  /**
   * Creates a location.
   *
   * @param parts The scheme, the account, the container, the object and the credentials.
   */
  constructor({ scheme, address, container, object, userinfo }: SwiftLocationParts) {
    super(userinfo);
    this.scheme = scheme;
    this.address = address;
    this.container = container;
    this.object = object;
  }

  /**
   * Parses a location URI in one of the forms that glance_store writes.
   *
   * @param uri A text such as `swift+config://ref1/glance/71c6`, with or without credentials.
   * @returns The location, whether an object is there or not.
   * @throws {BadStoreUri} If it names no account, container and object, if its credentials are not a user
   * and a key separated by a colon, or if an HTTP request could not name the object (a `..` segment, a
   * control character).
   */
  static parse(uri: string): SwiftLocation {
    if (uri.split("://").length > 2) {
      throw new BadStoreUri(
        "a Swift location holds one scheme: swift+http://user:key@host/..., " +
          "not swift://user:key@http://host/...",
      );
    }
    const { scheme, userinfo, host, path } = splitUri(uri, SCHEMES);
    const segments = path.split("/").slice(1);
    // An account reference has no path, so what follows its container is the object.
    const named = scheme === "swift+config";
    const object = named ? segments.splice(1).join("/") : segments.pop() ?? "";
    const container = segments.pop() ?? "";
    const address = [host, ...segments].join("/");
    if (!host || !container || !object) {
      throw new BadStoreUri(`${maskUri(uri)} names no account, container and object`);
    }
    if (named ? userinfo !== undefined : !URL.canParse(`http://${address}`)) {
      throw new BadStoreUri("the location URI does not name its account as it should");
    }
    if (userinfo !== undefined && !userinfo.includes(":")) {
      throw new BadStoreUri("the location URI holds credentials that are not <user>:<key>");
    }
    const location = new SwiftLocation({
      scheme: scheme as SwiftScheme,
      address,
      container: decodePercentIfEncoded(container),
      object: decodePercentIfEncoded(object),
      userinfo,
    });
    // A URL cannot say these names: they would lead to another container.
    // deno-lint-ignore no-control-regex
    const faulty = /(^|\/)\.\.?(\/|$)|[\u0000-\u001f\u007f]/;
    if (location.container.includes("/") || faulty.test(location.path)) {
      throw new BadStoreUri(`${location} names no container and object`);
    }
    return location;
  }

  /** Container and object. */
  get path(): string {
    return `${this.container}/${this.object}`;
  }

  /** The URL to log in at, or of the account; of a `swift+config` location, the reference. */
  get url(): string {
    if (this.scheme === "swift+config") return this.address;
    return `${this.scheme === "swift+http" ? "http" : "https"}://${this.address}`;
  }

  /** The user, which may have colons, and the key. `undefined` if the URI has none. */
  get credentials(): { user: string; key: string } | undefined {
    const { userinfo } = this;
    if (userinfo === undefined) return undefined;
    const colon = userinfo.lastIndexOf(":");
    return {
      user: decodePercentIfEncoded(userinfo.slice(0, colon)),
      key: decodePercentIfEncoded(userinfo.slice(colon + 1)),
    };
  }

  /**
   * Formats the location URI.
   *
   * @param userinfo The credentials followed by `@`, or an empty text.
   * @returns The URI, with only `%`, `?` and `#` percent-encoded, as glance_store decodes nothing.
   */
  protected format(userinfo: string): string {
    const object = encode(this.object);
    const last = this.scheme === "swift+config" ? object : object.replaceAll("/", "%2F");
    return `${this.scheme}://${userinfo}${this.address}/${encode(this.container)}/${last}`;
  }
}

function encode(text: string): string {
  return text.replace(RESERVED, encodeURIComponent);
}
