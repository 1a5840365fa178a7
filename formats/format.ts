/**
 * The interface that every format implements, and what it is given.
 *
 * @module
 */
import { ByteView } from "./byte_view.ts";
import type { Finding, ImageInspection, Severity } from "./inspection.ts";

/** Bytes at the start of an image that every format may look at: all that Hyper-V's first region table needs. */
export const HEAD_SIZE = 262_144;

/** Bytes at the end of an image that every format may look at: a vmdk's footer is the longest. */
export const TAIL_SIZE = 2_048;

/** The most bytes of one {@linkcode Region}. */
export const REGION_SIZE = 131_072;

/**
 * What kind of format it is, which decides what may stand beside it in one image.
 *
 * - `container`: a disk image with a header, of which a guest sees only what is inside.
 * - `footer`: a raw disk with a footer behind it, a fixed VHD.
 * - `disc`: the file systems of optical discs.
 * - `table`: partition tables.
 * - `filesystem`: a file system without a partition table.
 * - `boot`: a boot sector that has no sound partition table.
 * - `content`: archives and pictures.
 */
export type Kind = "container" | "footer" | "disc" | "table" | "filesystem" | "boot" | "content";

/** What a format knows of an image that it has recognised; the findings are reported beside it. */
export type Detection =
  & Partial<Omit<ImageInspection, "findings" | "safe" | "virtualSize" | "format">>
  & {
    /** Kind of what was found. Default: that of the format. */
    kind?: Kind;
    /** Size of the disk in bytes. Default: that of the image. */
    virtualSize?: number | undefined;
  };

/** A part of an image that a format wants to see. */
export interface Region {
  /** Offset of the first byte. */
  offset: number;
  /** How many bytes, at most {@linkcode REGION_SIZE}. */
  length: number;
}

/** What a format yields to go on when the image has ended, and its size and tail are known. */
export const END = undefined;

/**
 * An examination that needs more than the head of the image. It yields the regions that it wants, each
 * behind the one before or in the head, and is resumed with the bytes: fewer at the end of the image,
 * none if the region has already gone by. After `yield END`, the size and the tail are known.
 */
export type Examination = Generator<Region | typeof END, Detection | undefined, ByteView>;

/** A format of images. */
export interface Format {
  /** Its name, in lower case, as qemu-img and Glance call it where they know it. */
  readonly name: string;
  /** What kind of format it is. */
  readonly kind: Kind;
  /**
   * Examines an image. It must not throw, whatever is in the image, and takes time linear in
   * {@linkcode HEAD_SIZE}.
   *
   * @param image The image.
   * @returns What is known of the image, or `undefined` if it is not of this format; or an
   * examination that returns it later.
   */
  examine(image: ExaminedImage): Detection | undefined | Examination;
}

/** What is known of the end of an image before it is there. */
const NO_BYTES = new ByteView(new Uint8Array(0));

/** An image as one format sees it, and the place where the format reports its findings. */
export class ExaminedImage {
  /** The first {@linkcode HEAD_SIZE} bytes, or the whole of a smaller image. */
  readonly head: ByteView;
  /** The last {@linkcode TAIL_SIZE} bytes, or the whole of a smaller image; empty before the end. */
  tail: ByteView = NO_BYTES;
  /** Size in bytes; 0 before the end. */
  size = 0;
  /** What the format has found so far. */
  readonly findings: Finding[] = [];

  /**
   * Creates the view of one format.
   *
   * @param head The first bytes of the image.
   */
  constructor(head: ByteView) {
    this.head = head;
  }

  /**
   * Reports what makes the image unsafe.
   *
   * @param code The finding's code.
   * @param message The finding in one line.
   * @param cve The best known CVE of the kind.
   */
  unsafe(code: string, message: string, cve?: string): void {
    this.#report("unsafe", code, message, cve);
  }

  /**
   * Reports what a sound image does not look like.
   *
   * @param code The finding's code.
   * @param message The finding in one line.
   */
  suspicious(code: string, message: string): void {
    this.#report("suspicious", code, message);
  }

  /**
   * Reports what is good to know.
   *
   * @param code The finding's code.
   * @param message The finding in one line.
   */
  note(code: string, message: string): void {
    this.#report("note", code, message);
  }

  /**
   * Returns a size that the image declares as a number, and reports one that is too large to be one.
   *
   * @param size The size in bytes.
   * @returns The size, or `undefined` if it is 2^53 bytes or more.
   */
  declaredSize(size: bigint): number | undefined {
    if (size <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(size);
    this.unsafe("size", `the virtual size is ${size} bytes: 2^53 or more`, "CVE-2014-0144");
    return undefined;
  }

  /**
   * Reports content that is longer than the image, and returns its size.
   *
   * @param size The size in bytes that the content says it has.
   * @returns What a {@linkcode Detection} says of it.
   */
  declaredContent(size: bigint): Pick<Detection, "contentSize"> {
    if (size > BigInt(this.size)) {
      this.suspicious("truncated", `the content has ${size} bytes, the image only ${this.size}`);
    }
    return size <= BigInt(Number.MAX_SAFE_INTEGER) ? { contentSize: Number(size) } : {};
  }

  #report(severity: Severity, code: string, message: string, cve?: string): void {
    this.findings.push({ code, severity, message, ...cve && { cve } });
  }
}

/**
 * Returns a name from an image as it can be shown in one line.
 *
 * @param name The name.
 * @returns The name in quotes, without control characters, and shortened.
 */
export function quoted(name: string): string {
  const visible = name.slice(0, 200).replace(/\p{C}|\p{Zl}|\p{Zp}/gu, "?");
  return JSON.stringify(visible + (name.length > 200 ? "..." : ""));
}
