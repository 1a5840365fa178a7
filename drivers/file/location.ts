/**
 * Locations of file stores: `file:///path`, and `filesystem:///path` when read.
 *
 * @module
 */
import { BadStoreUri, InvalidImageId } from "../../errors/mod.ts";
import { checkImageId, splitUri, StoreLocation } from "../../location/mod.ts";

/** The directory of a datadir in which the driver keeps what is not an image. */
export const RESERVED = ".vitrine";

/**
 * A file. The path stands in the URI as it is: glance_store neither encodes nor decodes it
 * (`parse_uri` and `get_uri` of its filesystem driver).
 *
 * @example Parsing and printing
 * ```ts
 * import { FileLocation } from "@vitrine/vitrine/file";
 * import { assertEquals } from "@std/assert";
 *
 * const location = FileLocation.parse("filesystem:///var/lib/glance/images/a b%41");
 * assertEquals(location.path, "/var/lib/glance/images/a b%41");
 * assertEquals(location.uri(), "file:///var/lib/glance/images/a b%41");
 * ```
 */
export class FileLocation extends StoreLocation {
  /** The scheme that is written; `filesystem` is read alone. */
  readonly scheme = "file";

  /** The file of that absolute path. */
  constructor(
    /** The path. */
    readonly path: string,
  ) {
    super();
  }

  /** Reads a URI; throws `BadStoreUri`, also for one that glance_store would read as another path. */
  static parse(uri: string): FileLocation {
    splitUri(uri, ["file", "filesystem"]);
    const path = uri.slice(uri.indexOf("://") + 3);
    if (!path.startsWith("/")) throw new BadStoreUri(`${uri} names no absolute path`);
    const why = unprintable(path);
    if (why !== undefined) throw new BadStoreUri(`${uri} is ambiguous: ${why}`);
    return new FileLocation(path);
  }

  /** Prints the URI. */
  protected format(): string {
    return `file://${this.path}`;
  }
}

/** Why glance_store would not read a path back from its URI, or `undefined`. */
export function unprintable(path: string): string | undefined {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) return "it holds a control character";
  // Python's `urlparse` cuts these off whatever the scheme, and glance_store strips white space.
  if (/[?#]/.test(path)) return "glance_store cuts a path off at ? and #";
  if (/[\s\u0085]$/.test(path)) return "glance_store strips white space at the end of a path";
  return undefined;
}

/**
 * Checks an image id for what a file store cannot hold and returns it. Throws `InvalidImageId`
 * beyond `checkImageId` for the driver's own directory and for ids whose URI glance_store would read
 * as another path.
 */
export function checkFileId(imageId: string): string {
  checkImageId(imageId);
  // Some file systems do not tell upper case from lower case.
  const why = imageId.split("/", 1)[0]!.toLowerCase() === RESERVED
    ? `${RESERVED} is the store's own directory`
    : unprintable(imageId);
  if (why !== undefined) {
    throw new InvalidImageId(`${JSON.stringify(imageId)} cannot be an image id here: ${why}`);
  }
  return imageId;
}

/** Whether a file store can hold an image of that id. */
export function isFileId(imageId: string): boolean {
  try {
    checkFileId(imageId);
    return true;
  } catch {
    return false;
  }
}
