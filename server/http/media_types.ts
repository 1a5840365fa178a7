/**
 * Media types by extension, for what stores of images hold.
 *
 * @module
 */
const TYPES: Readonly<Record<string, string>> = {
  avif: "image/avif",
  bmp: "image/bmp",
  bz2: "application/x-bzip2",
  gif: "image/gif",
  gz: "application/gzip",
  heic: "image/heic",
  html: "text/html; charset=utf-8",
  ico: "image/vnd.microsoft.icon",
  iso: "application/vnd.efi.iso",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  jxl: "image/jxl",
  md: "text/markdown; charset=utf-8",
  ova: "application/x-tar",
  ovf: "application/xml",
  pdf: "application/pdf",
  png: "image/png",
  qcow2: "application/x-qemu-disk",
  sha256: "text/plain; charset=utf-8",
  sha512: "text/plain; charset=utf-8",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  tif: "image/tiff",
  tiff: "image/tiff",
  txt: "text/plain; charset=utf-8",
  webp: "image/webp",
  xml: "application/xml",
  xz: "application/x-xz",
  yaml: "application/yaml",
  yml: "application/yaml",
  zip: "application/zip",
  zst: "application/zstd",
};

/**
 * Returns the media type of an image by the extension of its path.
 *
 * @param path The path.
 * @returns The media type; `application/octet-stream` for an unknown extension.
 */
export function mediaType(path: string): string {
  const extension = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? TYPES[extension]! : "application/octet-stream";
}
