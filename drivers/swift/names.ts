/**
 * What the names of objects say: images, segments, directories' markers.
 *
 * @module
 */
import { checkImageId } from "../../location/image_id.ts";

/** What the names of all segments begin with; no image id does. */
export const SEGMENTS = ".segments/";

/** Where a listing goes on after all segments: their names go on with letters and digits. */
const AFTER_SEGMENTS = `${SEGMENTS}~`;

/** Where a listing goes on that came to the segments; `undefined` anywhere else. */
export function pastSegments(name: string): string | undefined {
  return name.startsWith(SEGMENTS) && name < AFTER_SEGMENTS ? AFTER_SEGMENTS : undefined;
}

/** The id of the upload that a segment or an inner manifest belongs to. */
export function uploadIdOf(name: string): string | undefined {
  return /^\.segments\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:-manifests)?\//.exec(name)
    ?.[1];
}

/** Whether an object's name is an image id: not a segment, nor a directory's marker. */
export function isImageId(name: string): boolean {
  if (`${name}/`.startsWith(SEGMENTS)) return false;
  try {
    checkImageId(name);
    return true;
  } catch {
    return false;
  }
}
