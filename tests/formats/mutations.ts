/**
 * Images of the corpus, changed at random: bytes, numbers and words written over, cut off, spliced, and
 * put behind each other.
 *
 * @module
 */
import fc from "../fast_check.ts";
import { HEAD_SIZE } from "../../formats/format.ts";

/** Larger images lose their middle, so that a case takes no time. A VHDX keeps its metadata. */
const MOST = HEAD_SIZE + 8_192;
const METADATA_END = 3_300_000;

/** What is written where. */
type Edit =
  | { kind: "write"; at: number; data: Uint8Array }
  | { kind: "cut"; at: number }
  | { kind: "insert"; at: number; data: Uint8Array }
  | { kind: "splice"; other: number; at: number; length: number }
  | { kind: "append"; other: number; length: number };

/** A changed image. */
export interface Mutation {
  /** Which image of the corpus. */
  image: number;
  /** What is changed, one after the other. */
  edits: Edit[];
  /** Sizes of the chunks in which it is seen, over and over. */
  chunks: number[];
}

/** Makes an image smaller that is only larger in its middle: the end stays. */
export function shortened(name: string, image: Uint8Array): Uint8Array {
  const most = name.endsWith(".vhdx") ? METADATA_END : MOST;
  if (image.length <= most + 4_096) return image;
  const short = image.slice(0, most + 4_096);
  short.set(image.subarray(-4_096), most);
  return short;
}

/** Offsets at which formats look, and some bytes behind each. */
const PLACES = [
  ...[0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 60, 64, 72, 76, 79, 88, 96, 100, 104],
  ...[164, 208, 257, 340, 368, 424, 440, 446, 450, 454, 462, 510, 512, 520, 576, 1024, 1080, 4096],
  ...[32_768, 32_769, 34_816, 65_536, 65_584, 65_600, 131_072, 196_608, 196_616, 196_624, 262_144],
  ...[3_145_728, 3_145_738, 3_145_760, 3_211_264, 3_211_268],
];

const at = fc.oneof(
  fc.record({ place: fc.constantFrom(...PLACES), by: fc.nat(8) }).map(({ place, by }) =>
    place + by
  ),
  fc.nat(1_024),
  fc.nat(HEAD_SIZE),
  // From the end.
  fc.integer({ min: -1_600, max: -1 }),
);

/** What a program of each format would look for, and numbers that are too large. */
const WORDS = [
  ...["QFI\xfb\0\0\0\x02", "QFI\xfb\0\0\0\x03", "KDMV", "COWD", "conectix", "cxsparse", "vhdxfile"],
  ...["regi", "metadata", "\x7f\x10\xda\xbe", "LUKS\xba\xbe\0\x01", "LUKS\xba\xbe\0\x02", "QED\0"],
  ...["CD001", "BEA01", "NSR02", "EFI PART", "\x55\xaa", "\x53\xef", "_BHRfS_M", "hsqs", "XFSB"],
  ...["WithoutFreeSpace", "# Disk DescriptorFile\nversion=1\n", 'createType="monolithicFlat"\n'],
  ...['\nRW 4 FLAT "none/such" 0\n', 'parentFileNameHint="none/such"', "parentCID=12345678\n"],
  ...[
    'RW 4 SPARSE "x"',
    "\0\0\0\0\0\0\x02\0",
    "\0\0\0\x0b",
    "/none/such/",
    "DATA\0\0\0\x08none/suc",
  ],
  ...[
    "\xff\xff\xff\xff\xff\xff\xff\xff",
    "\0\0\0\0\0\0\0\0",
    "\x7f\xff\xff\xff",
    "\x80\0\0\0\0\0\0\0",
  ],
  ...[
    "ustar",
    "\x1f\x8b\x08",
    "PK\x03\x04",
    "<svg ",
    "\x89PNG\r\n\x1a\n",
    "\xff\xd8\xff",
    "ftypavif",
  ],
].map((word) => Uint8Array.from(word, (character) => character.charCodeAt(0)));

const data = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
  fc.uint8Array({ minLength: 1, maxLength: 1 }),
);

/** Changed images of so many. */
export function mutations(images: number): fc.Arbitrary<Mutation> {
  const other = fc.nat(images - 1);
  const edit: fc.Arbitrary<Edit> = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("write" as const), at, data }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("insert" as const), at, data }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("splice" as const),
        other,
        at,
        length: fc.oneof(fc.nat(1_024), fc.nat(70_000)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("append" as const), other, length: fc.nat(2_048) }),
    },
  );
  return fc.record({
    image: other,
    edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    chunks: fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 3 }),
  });
}

/** The bytes of a changed image. */
export function mutated({ image, edits }: Mutation, images: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = images[image]!.slice();
  for (const edit of edits) {
    if (edit.kind === "append") {
      const tail = images[edit.other]!.subarray(-edit.length - 1);
      bytes = joined(bytes, tail);
      continue;
    }
    const at = Math.max(0, edit.at < 0 ? bytes.length + edit.at : Math.min(edit.at, bytes.length));
    if (edit.kind === "cut") bytes = bytes.slice(0, at);
    else if (edit.kind === "insert") {
      bytes = joined(bytes.subarray(0, at), edit.data, bytes.subarray(at));
    } else {
      const data = edit.kind === "write"
        ? edit.data
        : images[edit.other]!.subarray(at, at + edit.length);
      bytes.set(data.subarray(0, bytes.length - at), at);
    }
  }
  return bytes;
}

function joined(...pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
