/**
 * VHDX, the format of Hyper-V (Microsoft, [MS-VHDX]).
 *
 * @module
 */
import type { ByteView } from "./byte_view.ts";
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

const HEADERS = [65_536, 131_072];
const REGION_TABLE = 196_608;
const TABLE_SIZE = 65_536;
/** Metadata items follow the table; those of known programs take less than this. */
const ITEMS_SIZE = 4_096;

/** GUIDs as they stand in the file, in hex. */
const METADATA_REGION = "06a27c8b90479a4bb8fe575f050f886e";
const FILE_PARAMETERS = "3767a1ca36fa434db3b633f0aa44e76b";
const VIRTUAL_SIZE = "2442a52f1bcd7648b2115dbed83bf4b8";
const PARENT_LOCATOR = "2d5fd3a80bb34d45abf7d3d84834ab0c";

/** The format. */
export const vhdx: Format = {
  name: "vhdx",
  kind: "container",
  examine: (image) => image.head.has(0, "vhdxfile") ? examineRegions(image) : undefined,
};

function* examineRegions(image: ExaminedImage): Examination {
  const metadata = findMetadata(image);
  let virtualSize: number | undefined;
  let clusterSize: number | undefined;
  if (metadata !== undefined) {
    const bytes = yield { offset: metadata, length: TABLE_SIZE + ITEMS_SIZE };
    const items = itemsOf(image, bytes);
    if (items.has(PARENT_LOCATOR)) {
      image.unsafe("parent", "the image has a parent locator: it holds only differences");
    }
    const sizeAt = items.get(VIRTUAL_SIZE);
    const parametersAt = items.get(FILE_PARAMETERS);
    if (sizeAt === undefined || parametersAt === undefined) {
      image.unsafe("malformed", "the metadata has no virtual size or no file parameters");
    } else {
      virtualSize = image.declaredSize(bytes.u64le(sizeAt));
      clusterSize = bytes.u32le(parametersAt);
      if (bytes.u32le(parametersAt + 4) & 2) {
        image.unsafe("parent", "the image is said to have a parent: it holds only differences");
      }
    }
  }
  for (const at of HEADERS) {
    if (image.head.has(at, "head") && !image.head.isZero(at + 48, 16)) {
      image.suspicious("dirty", "the image was not closed: its log is to be replayed");
      break;
    }
  }
  yield END;
  return { virtualSize, ...clusterSize !== undefined && { clusterSize } };
}

/** The offset of the metadata, which the region table says. */
function findMetadata(image: ExaminedImage): number | undefined {
  const { head } = image;
  const count = head.u32le(REGION_TABLE + 8);
  if (!head.has(REGION_TABLE, "regi") || head.length < REGION_TABLE + TABLE_SIZE) {
    image.unsafe("truncated", "the region table is missing");
    return undefined;
  }
  if (count > 2047 || !isChecksumRight(head)) {
    image.unsafe("malformed", "the checksum of the region table is wrong");
    return undefined;
  }
  const offsets: bigint[] = [];
  for (let at = REGION_TABLE + 16; at < REGION_TABLE + 16 + count * 32; at += 32) {
    if (hexAt(head, at) === METADATA_REGION) offsets.push(head.u64le(at + 16));
  }
  if (offsets.length !== 1 || offsets[0]! < 2n ** 20n || offsets[0]! > 2n ** 53n) {
    image.unsafe("malformed", "the region table does not say where the metadata is");
    return undefined;
  }
  return Number(offsets[0]);
}

/** The offsets of the system's metadata items in what was read of the metadata, by their GUIDs. */
function itemsOf(image: ExaminedImage, metadata: ByteView): Map<string, number> {
  const items = new Map<string, number>();
  const count = metadata.u16le(10);
  if (!metadata.has(0, "metadata") || count > 2047) {
    image.unsafe("truncated", "the metadata is missing");
    return items;
  }
  for (let at = 32; at < 32 + count * 32; at += 32) {
    const id = hexAt(metadata, at);
    const offset = metadata.u32le(at + 16);
    if (id !== PARENT_LOCATOR && id !== VIRTUAL_SIZE && id !== FILE_PARAMETERS) continue;
    if (items.has(id)) image.unsafe("malformed", "a metadata item is there twice");
    else if (id !== PARENT_LOCATOR && (offset < TABLE_SIZE || offset + 8 > metadata.length)) {
      image.unsafe("malformed", `a metadata item is at ${offset}, where it is not looked for`);
    }
    items.set(id, offset);
  }
  return items;
}

function hexAt({ bytes }: ByteView, at: number): string {
  return Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** CRC-32C of the table, whose own field counts as zero. A reader that finds it wrong takes the other copy. */
function isChecksumRight({ bytes }: ByteView): boolean {
  let crc = ~0;
  for (let i = 0; i < TABLE_SIZE; i++) {
    crc ^= i >= 4 && i < 8 ? 0 : bytes[REGION_TABLE + i]!;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  const at = REGION_TABLE + 4;
  const stored = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
  return ~crc === stored;
}
