/**
 * Image ids: paths of segments, checked in one place.
 *
 * @module
 */
import { InvalidImageId } from "../errors/mod.ts";

/** The longest image id, in bytes of UTF-8: the longest key of S3. */
const MAX_ID = 1024;
/** The longest name in an image id, in bytes of UTF-8: the longest file name of Linux. */
const MAX_NAME = 255;

/**
 * Checks an image id. An id is a path of segments separated by `/`, so that stores are trees; a UUID
 * is a path of one segment. An id is not percent-decoded: `%2e%2e` is a name like any other.
 *
 * @param imageId What may be an image id.
 * @returns The same id.
 * @throws {InvalidImageId} If it is empty, longer than 1,024 bytes of UTF-8, has a segment that is
 * empty, `.`, `..` or longer than 255 bytes, or holds a backslash, a control character or a lone
 * surrogate.
 *
 * @example Good and bad ids
 * ```ts
 * import { checkImageId, InvalidImageId } from "@vitrine/vitrine";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(checkImageId("debian/12/disk.qcow2"), "debian/12/disk.qcow2");
 * assertThrows(() => checkImageId("../etc/passwd"), InvalidImageId);
 * ```
 */
export function checkImageId(imageId: string): string {
  const why = lengthFault(imageId) ?? pathFault(imageId);
  if (why !== undefined) {
    throw new InvalidImageId(`${JSON.stringify(imageId.slice(0, 80))} is no image id: ${why}`);
  }
  return imageId;
}

function lengthFault(imageId: string): string | undefined {
  // No code unit takes more than three bytes.
  if (imageId.length <= MAX_NAME / 3) return undefined;
  const encoder = new TextEncoder();
  if (encoder.encode(imageId).length > MAX_ID) return `it is longer than ${MAX_ID} bytes`;
  const isLong = imageId.split("/").some((name) => encoder.encode(name).length > MAX_NAME);
  return isLong ? `it has a name that is longer than ${MAX_NAME} bytes` : undefined;
}

/**
 * Returns why a text is no path of segments.
 *
 * @param path The text.
 * @returns The reason in a few words, or `undefined` if it is one.
 */
export function pathFault(path: string): string | undefined {
  if (path === "") return "it is empty";
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(path)) return "it holds a control character";
  if (path.includes("\\")) return "it holds a backslash";
  if (/[\ud800-\udfff]/u.test(path)) return "it holds a lone surrogate";
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a "${segment}" segment`;
  }
  return undefined;
}
