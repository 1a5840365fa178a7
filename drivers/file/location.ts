/**
 * Locations of file stores: `file:///path`, and `filesystem:///path` when read.
 *
 * @module
 */
import { BadStoreUri, InvalidImageId } from "../../errors/mod.ts";
import { checkImageId, splitUri, StoreLocation } from "../../location/mod.ts";
import { builtin } from "../../runtime/mod.ts";
import { fileNameFault } from "./file_names.ts";

/**
 * A file. The path stands in the URI as it is: glance_store neither encodes nor decodes it
 * (`parse_uri` and `get_uri` of its filesystem driver). It cuts a path off at `?` and `#` and strips white
 * space at the end, so that it cannot read images with such names, whatever their URI.
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

  /**
   * Creates the location of a file. Nothing is checked: {@linkcode parse} does that.
   *
   * @param path The absolute path of the file, as the operating system has it.
   */
  constructor(
    /** The absolute path of the file. */
    readonly path: string,
  ) {
    super();
  }

  /**
   * Parses a location URI.
   *
   * @param uri A text such as `file:///var/lib/images/a.qcow2`. Nothing in it is percent-decoded.
   * @returns The location of the file, whether the file exists or not.
   * @throws {BadStoreUri} If the scheme is neither `file` nor `filesystem`, or if what follows is not an
   * absolute path of printable characters.
   */
  static parse(uri: string): FileLocation {
    // A tab is an ordinary character of a file name.
    splitUri(uri.replaceAll("\t", " "), ["file", "filesystem"]);
    const path = uri.slice(uri.indexOf("://") + 3);
    if (!path.startsWith("/")) throw new BadStoreUri(`${uri} names no absolute path`);
    if (unprintable(path)) throw new BadStoreUri(`${uri} holds a control character`);
    return new FileLocation(path);
  }

  /**
   * Formats the location URI.
   *
   * @returns `file://` and the path, unencoded.
   */
  protected format(): string {
    return `file://${this.path}`;
  }
}

/** Returns why a path cannot stand in a URI, or `undefined`. */
export function unprintable(path: string): string | undefined {
  // deno-lint-ignore no-control-regex
  return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(path)
    ? "it holds a control character"
    : undefined;
}

/** The operating system, as `process.platform` names it. */
const PLATFORM = builtin("node:process")?.platform ?? "linux";

/**
 * Checks an image id for what a file store cannot hold on this operating system.
 *
 * @param imageId The id.
 * @returns The id.
 * @throws {InvalidImageId} If `checkImageId` refuses it, if it is in the driver's own directory, or if it
 * would name another file than the one that it says.
 */
export function checkFileId(imageId: string): string {
  checkImageId(imageId);
  const why = fileNameFault(imageId, PLATFORM);
  if (why !== undefined) {
    throw new InvalidImageId(`${JSON.stringify(imageId)} cannot be an image id here: ${why}`);
  }
  return imageId;
}

/** Returns whether a file store can hold an image of that id. */
export function isFileId(imageId: string): boolean {
  try {
    checkFileId(imageId);
    return true;
  } catch {
    return false;
  }
}
