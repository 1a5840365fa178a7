/**
 * Media types of formats, under which images can be served.
 *
 * @module
 */
import type { ImageInspection } from "./inspection.ts";

/** What is served is never run, so that what has no type of its own is bytes. */
const BYTES = "application/octet-stream";

/** The media types by the names of formats, and of file systems that have one. */
export const MEDIA_TYPES: Readonly<Record<string, string>> = {
  qcow2: "application/x-qemu-disk",
  qcow: "application/x-qemu-disk",
  qed: "application/x-qed-disk",
  vmdk: "application/x-virtualbox-vmdk",
  vhdx: "application/x-virtualbox-vhdx",
  vhd: "application/x-virtualbox-vhd",
  vdi: "application/x-virtualbox-vdi",
  parallels: "application/x-parallels-disk",
  iso: "application/vnd.efi.iso",
  udf: "application/x-udf-image",
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
  svg: "image/svg+xml",
  gzip: "application/gzip",
  xz: "application/x-xz",
  zstd: "application/zstd",
  bzip2: "application/x-bzip2",
  zip: "application/zip",
  tar: "application/x-tar",
  squashfs: "application/vnd.squashfs",
};

/**
 * Returns the media type of an image, which no browser runs: a picture that has more than a picture in it
 * is bytes.
 *
 * @param inspection What is known of the image.
 * @returns A value for the header `Content-Type`. `application/octet-stream` for a format that has no type.
 *
 * @example The type to serve an image under
 * ```ts
 * import { inspect, mediaTypeOf } from "@vitrine/vitrine/formats";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mediaTypeOf(await inspect(new Blob(["GIF89a\x20\0\x10\0"]))), "image/gif");
 * assertEquals(mediaTypeOf(await inspect(new Blob(["plain text"]))), "application/octet-stream");
 * ```
 */
export function mediaTypeOf({ format, subformat, findings }: ImageInspection): string {
  if (findings.some(({ code }) => code === "active-content")) return BYTES;
  const name = format === "raw" ? subformat ?? "" : format;
  return Object.hasOwn(MEDIA_TYPES, name) ? MEDIA_TYPES[name]! : BYTES;
}
