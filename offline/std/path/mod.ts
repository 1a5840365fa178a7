/**
 * A stand-in for what is used of `@std/path`, for where JSR is out of reach: the same names,
 * signatures and results, over `node:path`.
 *
 * @module
 */
import { basename as nodeBasename, isAbsolute, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export { dirname, extname, isAbsolute, join, normalize, relative, resolve } from "node:path";

/** What separates a path's segments here. */
export const SEPARATOR: "/" | "\\" = sep;

/** The last segment of a path without `suffix`; all of it where that is `suffix`; `/` of `/`. */
export function basename(path: string, suffix = ""): string {
  return nodeBasename(path, suffix) || nodeBasename(path) || path.slice(0, 1);
}

/** The path that a `file:` URL names; throws a `TypeError` for a URL of another scheme. */
export function fromFileUrl(url: URL | string): string {
  const { protocol, pathname } = new URL(url);
  if (protocol !== "file:") throw new TypeError(`URL must be a file URL: received "${protocol}"`);
  if (sep === "\\") return fileURLToPath(url);
  return decodeURIComponent(pathname.replace(/%(?![0-9A-Fa-f]{2})/g, "%25"));
}

/** The `file:` URL of an absolute path; throws a `TypeError` for a relative one. */
export function toFileUrl(path: string): URL {
  if (!isAbsolute(path)) throw new TypeError(`Path must be absolute: received "${path}"`);
  if (sep === "\\") return pathToFileURL(path);
  const url = new URL("file:///");
  url.pathname = path.replace(/^\/+/, "/").replace(/[%\\\s]/g, encodeURIComponent);
  return url;
}
