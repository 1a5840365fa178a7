/**
 * GPT, the partition table of UEFI (UEFI Specification, section 5.3), and its protective MBR.
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";
import { checkTable, entriesOf, hasBootSignature } from "./mbr.ts";

const SIGNATURE = "EFI PART";

/** The format. */
export const gpt: Format = {
  name: "gpt",
  kind: "table",
  examine: (image) => {
    const sector = [512, 4096].find((size) => image.head.has(size, SIGNATURE));
    return sector === undefined ? undefined : examineHeader(image, sector);
  },
};

function* examineHeader(image: ExaminedImage, sector: number): Examination {
  const { head } = image;
  if (hasBootSignature(head)) checkTable(image, entriesOf(head));
  else image.suspicious("mbr-missing", "the protective MBR is missing");
  yield END;
  // The copy of the header is in the last sector of the disk.
  return image.declaredContent((head.u64le(sector + 32) + 1n) * BigInt(sector));
}
