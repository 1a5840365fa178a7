/**
 * Media types of images: by what they are known to be, else by extension. None is of a kind that a browser
 * runs: whoever stored an image may be a stranger.
 *
 * @module
 */
import type { ImageInspection } from "../../formats/mod.ts";
import { mediaTypeOf } from "../../formats/media_type.ts";

const TYPES: Readonly<Record<string, string>> = {
  avif: "image/avif",
  bmp: "image/bmp",
  bz2: "application/x-bzip2",
  gif: "image/gif",
  gz: "application/gzip",
  heic: "image/heic",
  html: "text/plain; charset=utf-8",
  ico: "image/vnd.microsoft.icon",
  iso: "application/vnd.efi.iso",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  jxl: "image/jxl",
  md: "text/markdown; charset=utf-8",
  ova: "application/x-tar",
  ovf: "text/plain; charset=utf-8",
  pdf: "application/pdf",
  png: "image/png",
  qcow2: "application/x-qemu-disk",
  sha256: "text/plain; charset=utf-8",
  sha512: "text/plain; charset=utf-8",
  tar: "application/x-tar",
  tif: "image/tiff",
  tiff: "image/tiff",
  txt: "text/plain; charset=utf-8",
  webp: "image/webp",
  xml: "text/plain; charset=utf-8",
  xz: "application/x-xz",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
  zst: "application/zstd",
};

/**
 * Returns the media type of an image.
 *
 * @param path The path, whose extension counts where nothing is known of the image, or only that it is
 * none of the known formats.
 * @param inspection What the image is, where the store keeps it.
 * @returns The media type; `application/octet-stream` for an unknown extension.
 */
export function mediaType(path: string, inspection: ImageInspection | undefined): string {
  if (inspection && inspection.format !== "raw") return mediaTypeOf(inspection);
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? TYPES[extension]! : "application/octet-stream";
}
