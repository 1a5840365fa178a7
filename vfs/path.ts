/**
 * Paths of the tree: parsing and encoding.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import { pathFault } from "../location/image_id.ts";

/** A path of the tree in its parts. */
export interface TreePath {
  /** The names from the root down. The root has none. */
  segments: readonly string[];
  /** Whether it ends with a slash, so that it can only name a directory. */
  directory: boolean;
}

/**
 * Parses a path of the tree. It is not percent-decoded: `%2e%2e` is a name like any other. A slash at
 * the end means a directory.
 *
 * @param path A text such as `/local/iso/debian.iso`.
 * @returns The names in it, and whether it can only be a directory.
 * @throws {Invalid} If the path does not start with `/`, has an empty, `.` or `..` segment, or holds a
 * backslash, a control character or a lone surrogate.
 *
 * @example Good and bad paths
 * ```ts
 * import { Invalid, parsePath } from "@vitrine/vitrine";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parsePath("/local/iso/"), { segments: ["local", "iso"], directory: true });
 * assertThrows(() => parsePath("/local/../etc"), Invalid);
 * ```
 */
export function parsePath(path: string): TreePath {
  if (path === "/") return { segments: [], directory: true };
  const directory = path.endsWith("/");
  const inner = path.slice(1, directory ? -1 : undefined);
  const why = path.startsWith("/") ? pathFault(inner) : 'it does not start with "/"';
  if (why !== undefined) {
    throw new Invalid(`${JSON.stringify(path.slice(0, 80))} is no path of the tree: ${why}`);
  }
  return { segments: inner.split("/"), directory };
}

/**
 * Returns the path of the tree that a URL's path names: it is percent-decoded, exactly once.
 *
 * @param pathname The path of a URL, without query.
 * @returns The path, which is not validated yet.
 * @throws {Invalid} If the path is not percent-encoded UTF-8.
 */
export function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch (error) {
    throw new Invalid("the URL's path is not percent-encoded UTF-8", { cause: error });
  }
}

/**
 * Returns the path of the URL that names a path of the tree.
 *
 * @param path The path of the tree.
 * @returns The path with every segment percent-encoded.
 */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/**
 * Returns the relative reference (RFC 3986, section 4.2) that leads from a directory to a name in it.
 *
 * @param path A path of the tree. Only its last segment counts.
 * @returns The segment, percent-encoded. A colon is encoded too, so that it does not end a scheme.
 */
export function relativeReference(path: string): string {
  return encodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
}

/**
 * Joins names to a path.
 *
 * @param segments The names from the root down.
 * @returns The path; `/` where there are none.
 */
export function joinPath(segments: readonly string[]): string {
  return `/${segments.join("/")}`;
}
