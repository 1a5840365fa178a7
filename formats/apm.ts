/**
 * The Apple partition map (Apple, Inside Macintosh: Devices, chapter 3).
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** The format. */
export const apm: Format = {
  name: "apm",
  kind: "table",
  examine: (image) => {
    const { head } = image;
    const hasMap = [512, 1024, 2048].some((at) => head.has(at, "PM\0\0"));
    return head.has(0, "ER") && hasMap ? examineDriver(image) : undefined;
  },
};

function* examineDriver(image: ExaminedImage): Examination {
  const { head } = image;
  yield END;
  return image.declaredContent(BigInt(head.u16be(2)) * BigInt(head.u32be(4)));
}
