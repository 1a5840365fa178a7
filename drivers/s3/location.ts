/**
 * Locations of S3 stores: `s3://[<access key>:<secret key>@]<host>/<bucket>/<key>`, and the same
 * with `s3+http` and `s3+https`.
 *
 * @module
 */
import { BadStoreUri } from "../../errors/mod.ts";
import { splitUri, StoreLocation } from "../../location/mod.ts";
import { decodePercentIfEncoded } from "../../location/percent_encoding.ts";

/** The schemes; glance_store writes `s3` for HTTP and `s3+https` for HTTPS. */
export const SCHEMES = ["s3", "s3+https", "s3+http"] as const;

/** What a URI cannot carry as it is: glance_store ends a key at `?` and `#`, and logs in at `@`. */
const RESERVED = /[%?#@]/g;

/** The same of a key of a user, where white space is none. */
const RESERVED_IN_KEYS = /[%?#@\s]/g;

/**
 * A location in an S3 store. The path stands in the URI as it is, the way glance_store reads it, but
 * for `%`, `?`, `#` and `@`, which are percent-encoded; on reading, all percent-encoding is decoded.
 * Keys in a URI are kept apart, and never used: a store signs with its own.
 *
 * @example A URI as glance_store writes it
 * ```ts
 * import { S3Location } from "@vitrine/vitrine/s3";
 * import { assertEquals } from "@std/assert";
 *
 * const location = S3Location.parse("s3+https://AKIA:se/cr+et@s3.example.org/images/a1b2");
 * assertEquals(location.host, "s3.example.org");
 * assertEquals(location.path, "images/a1b2");
 * assertEquals(location.keys, { accessKey: "AKIA", secretKey: "se/cr+et" });
 * assertEquals(`${location}`, "s3+https://***@s3.example.org/images/a1b2");
 * ```
 */
export class S3Location extends StoreLocation {
  /**
   * Creates the location of an S3 object.
   *
   * @param scheme One of `s3`, `s3+http` and `s3+https`.
   * @param host The host of the endpoint, with its port if it is not the scheme's own.
   * @param path The path of the endpoint (if it has one), the bucket and the key, separated by slashes and
   * not percent-encoded.
   * @param keys The access key and the secret key that the URI shows when it is printed with credentials.
   * They are never used to sign. Default: none.
   */
  constructor(
    /** `s3`, `s3+http` or `s3+https`. */
    readonly scheme: string,
    /** Host and port. */
    readonly host: string,
    /** The endpoint's own path if it has one, the bucket and the key, by slashes. */
    readonly path: string,
    /** The keys. */
    readonly keys?: { accessKey: string; secretKey: string } | undefined,
  ) {
    // A slash of a secret key stays one: that is how glance_store has it.
    super(
      keys &&
        `${encodeKey(keys.accessKey).replaceAll(":", "%3A")}:${encodeKey(keys.secretKey)}`,
    );
  }

  /**
   * Parses a location URI.
   *
   * @param uri A text such as `s3+https://s3.example.org/images/a1b2`, with or without keys.
   * @returns The location, whether an object is there or not.
   * @throws {BadStoreUri} If the scheme is another, if there is no host, bucket or key, or if what stands
   * before the `@` is not two keys separated by a colon.
   */
  static parse(uri: string): S3Location {
    // A secret key may hold slashes, which end the authority for everybody else.
    const [, start = "", userinfo, rest] = /^([^/]*:\/\/)(?:(.*)@)?(.*)$/s.exec(uri) ?? [];
    const { scheme, host, path } = splitUri(rest === undefined ? uri : start + rest, SCHEMES);
    const [, accessKey, secretKey] = /^([^:\s]*):(\S*)$/.exec(userinfo ?? "") ?? [];
    if (userinfo !== undefined && secretKey === undefined) {
      throw new BadStoreUri("the location URI holds keys that are not <access key>:<secret key>");
    }
    if (!/^\/[^/]+\/./.test(path) || host === "") {
      throw new BadStoreUri(`${start}${host}${path} names no host, bucket and key`);
    }
    const keys = secretKey === undefined ? undefined : {
      accessKey: decodePercentIfEncoded(accessKey!),
      secretKey: decodePercentIfEncoded(secretKey),
    };
    return new S3Location(scheme, host.toLowerCase(), decodePercentIfEncoded(path.slice(1)), keys);
  }

  /**
   * Formats the URI.
   *
   * @param userinfo The keys with `@` behind them, or nothing.
   * @returns The URI.
   */
  protected format(userinfo: string): string {
    return `${this.scheme}://${userinfo}${this.host}/${encode(this.path)}`;
  }
}

function encode(text: string): string {
  return text.replace(RESERVED, encodeURIComponent);
}

function encodeKey(text: string): string {
  return text.replace(RESERVED_IN_KEYS, encodeURIComponent);
}
