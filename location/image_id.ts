/**
 * Image ids: paths of segments, judged once.
 *
 * @module
 */
import { InvalidImageId } from "../errors/mod.ts";

/**
 * Checks an image id and returns it. An id is a path of segments separated by `/`, so that stores
 * are trees; a UUID is a path of one segment.
 *
 * Throws `InvalidImageId` if it is empty, longer than 1,024 bytes of UTF-8, has an empty, `.` or
 * `..` segment, a backslash, a control character or a lone surrogate. An id is not percent-decoded:
 * `%2e%2e` is a name like any other.
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
  // No code unit takes more than three bytes.
  const tooLong = imageId.length > 341 && new TextEncoder().encode(imageId).length > 1024;
  const why = tooLong ? "it is longer than 1024 bytes" : pathFault(imageId);
  if (why !== undefined) {
    throw new InvalidImageId(`${JSON.stringify(imageId.slice(0, 80))} is no image id: ${why}`);
  }
  return imageId;
}

/** Why a text is no path of segments, or `undefined` if it is one. */
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
