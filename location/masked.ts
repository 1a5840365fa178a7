/**
 * Masks secrets, so that no way of printing shows them.
 *
 * @module
 */

/** The schemes whose URIs have no user information and no query: `@` and `?` are part of a name. */
const PLAIN = "(?!file:|filesystem:|memory:|rbd:)";

/** A URI in running text. White space ends it. */
const URI = new RegExp(`\\b${PLAIN}[a-z][a-z0-9+.-]*://\\S+`, "gi");

/** A parameter whose name says that its value is a secret, in a URI or a part of one. */
const SECRET =
  /([?&;#][^=&;#\s]*(?:sig|token|secret|pass|pwd|auth|key|credential)[^=&;#\s]*=)[^&\s]+/gi;

/** A parameter of a URI, with or without a value. */
const PARAMETER = /([?&;])([^=&;#\s]+)(?:(=)([^&;\s]*))?/g;

/** The parameters that hold no secret: of S3, Swift, vSphere, and of indexes of directories. */
const HARMLESS = new Set([
  ..."acl cors delete lifecycle location policy tagging uploads versioning versions".split(" "),
  ..."delimiter encoding-type end_marker fetch-owner format limit list-type marker max-keys".split(
    " ",
  ),
  ..."max-uploads multipart-manifest partNumber path prefix reverse start-after symlink".split(" "),
  ..."uploadId versionId x-id X-Amz-Algorithm X-Amz-Date X-Amz-Expires".split(" "),
  ..."X-Amz-SignedHeaders temp_url_expires temp_url_prefix inline filename".split(" "),
  ..."dcPath dsName C O F V P name page per_page ref sort order version".split(" "),
]);

/**
 * Masks the secrets of every URI in a text: user information, and the parameters of a query unless they
 * are known to hold no secret. A number of at most three digits is no secret.
 *
 * @param text A URI, or a text with URIs in it.
 * @returns The text with `***` in place of each secret.
 *
 * @example Mask a URI
 * ```ts
 * import { maskUri } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(maskUri("s3://key:secret@host/b/k"), "s3://***@host/b/k");
 * assertEquals(
 *   maskUri("https://h/o?versionId=a1&jwt=eyJhbGci"),
 *   "https://h/o?versionId=a1&jwt=***",
 * );
 * ```
 */
export function maskUri(text: string): string {
  return maskUserinfo(text).replace(URI, maskQuery).replace(SECRET, "$1***");
}

function maskUserinfo(text: string): string {
  return text
    // In a text that is a URI: everything before the last `@` of the authority, as `splitUri` has it.
    .replace(new RegExp(`^(${PLAIN}[a-z][a-z0-9+.-]*://)[^/]*@`, "i"), "$1***@")
    // In running text white space ends it. A password may have a slash, as keys of S3 do.
    .replace(new RegExp(`\\b${PLAIN}([a-z][a-z0-9+.-]*://)\\S*@`, "gi"), "$1***@");
}

function maskQuery(uri: string): string {
  const start = uri.search(/[?;]/);
  if (start < 0) return uri;
  const query = uri.slice(start).replace(
    PARAMETER,
    (whole, separator: string, name: string, equals = "", value: string | undefined) => {
      if (HARMLESS.has(name)) return whole;
      // Without a value, what is long is no name.
      if (!equals) return name.length > 16 ? `${separator}***` : whole;
      return /^\d{0,3}$/.test(value ?? "") ? whole : `${separator}${name}=***`;
    },
  );
  return uri.slice(0, start) + query;
}

/**
 * Returns whether a location URI holds what is surely a secret: user information, or a parameter with
 * the name of one.
 *
 * @param uri Any location URI, also one of a scheme without credentials.
 * @returns Whether a secret is in it.
 *
 * @example Refuse a URI with a password
 * ```ts
 * import { hasSecret } from "@vitrine/vitrine";
 * import { assert } from "@std/assert";
 *
 * assert(hasSecret("https://me:secret@host/a.img"));
 * assert(!hasSecret("https://host/a.img?download=yes"));
 * ```
 */
export function hasSecret(uri: string): boolean {
  return maskUserinfo(uri).replace(SECRET, "$1***") !== uri;
}

/**
 * Masks the secrets in the value of an option, at any depth: those of URIs, and credentials before a host
 * without a scheme, as proxies have them.
 *
 * @param value The value, of whatever type.
 * @returns A copy of it with `***` in place of each secret.
 *
 * @example Mask a proxy
 * ```ts
 * import { maskOption } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(maskOption({ http: "me:secret@proxy:3128" }), { http: "***@proxy:3128" });
 * ```
 */
export function maskOption(value: unknown): unknown {
  if (typeof value === "string") {
    const isPath = /^\.{0,2}\//.test(value) || /^(file|filesystem|memory|rbd):/i.test(value);
    return isPath ? value : maskUri(value).replace(/^(?!\S+:\/\/)[^@]*:.*@/s, "***@");
  }
  if (Array.isArray(value)) return value.map(maskOption);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, maskOption(inner)]),
  );
}

/**
 * Something that is printed with its secrets masked, by whatever prints it.
 *
 * @example An account that nobody prints by mistake
 * ```ts
 * import { Masked } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * class Account extends Masked {
 *   constructor(readonly user: string, readonly password: string) {
 *     super();
 *   }
 *   override toString(): string {
 *     return `${this.user}:***`;
 *   }
 * }
 * assertEquals(JSON.stringify(new Account("me", "hunter2")), '"me:***"');
 * ```
 */
export abstract class Masked {
  /**
   * Returns the only form in which it is printed.
   *
   * @returns A text with `***` in place of each secret.
   */
  abstract toString(): string;

  /**
   * Returns what `JSON.stringify` writes.
   *
   * @returns The masked text.
   */
  toJSON(): string {
    return this.toString();
  }

  /**
   * Returns what `console.log` shows in Deno.
   *
   * @returns The masked text.
   */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /**
   * Returns what `console.log` shows in Node and Bun.
   *
   * @returns The masked text.
   */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
