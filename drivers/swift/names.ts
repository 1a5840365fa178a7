/**
 * What the names of objects say: images, segments, directories' markers.
 *
 * @module
 */
import { checkImageId } from "../../location/image_id.ts";

/** What the names of all segments begin with; no image id does. */
export const SEGMENTS = ".segments/";

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
