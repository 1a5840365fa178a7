/**
 * What the names of objects say: images, segments, markers of directories.
 *
 * Segments are in the container of their image, below `.segments/` and the id of the upload, so that two
 * uploads of one image do not touch each other's. glance_store deletes them by what the manifest says,
 * wherever they are.
 *
 * @module
 */
import { checkImageId } from "../../location/image_id.ts";

/** What the names of all segments begin with. No image id does. */
export const SEGMENTS = ".segments/";

/** What the names of all lock objects begin with. Version 0.1.0 knows this name too. */
export const LOCKS = `${SEGMENTS}claims/`;

/** Where a listing continues after all segments, whose names continue with letters and digits. */
const AFTER_SEGMENTS = `${SEGMENTS}~`;

/**
 * Returns where a listing continues that has come to the segments.
 *
 * @param name The name that the listing has come to.
 * @returns The marker for the next page, or `undefined` if the name is no segment's.
 */
export function markerAfterSegments(name: string): string | undefined {
  return name.startsWith(SEGMENTS) && name < AFTER_SEGMENTS ? AFTER_SEGMENTS : undefined;
}

/**
 * Returns what the names of an upload's segments begin with.
 *
 * @param uploadId The id of the upload.
 * @returns The prefix, with its slash.
 */
export function segmentPrefix(uploadId: string): string {
  return `${SEGMENTS}${uploadId}/`;
}

/**
 * Returns the name of a segment. Names sort as their numbers do.
 *
 * @param prefix What the names of the segments begin with.
 * @param number The number of the segment, from 1.
 * @returns The name.
 */
export function segmentName(prefix: string, number: number): string {
  return prefix + String(number).padStart(8, "0");
}

/**
 * Returns what the names of an upload's inner manifests begin with: not the prefix of the segments, as a
 * dynamic manifest would take them for segments.
 *
 * @param prefix What the names of the segments begin with.
 * @returns The prefix, with its slash.
 */
export function manifestPrefix(prefix: string): string {
  return prefix.replace(/\/$/, "-manifests/");
}

/**
 * Returns the upload that a segment or an inner manifest belongs to.
 *
 * @param name The name of the object.
 * @returns The id of the upload, or `undefined` if the object belongs to none.
 */
export function uploadIdOf(name: string): string | undefined {
  return /^\.segments\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-manifests)?\//.exec(name)
    ?.[1];
}

/**
 * Returns whether the name of an object is an image id: not a segment's, nor that of a marker.
 *
 * @param name The name of the object.
 * @returns Whether an image can have the name as its id.
 */
export function isImageId(name: string): boolean {
  if (`${name}/`.startsWith(SEGMENTS)) return false;
  try {
    checkImageId(name);
    return true;
  } catch {
    return false;
  }
}
