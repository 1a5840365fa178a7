/**
 * The options of file stores.
 *
 * @module
 */
import type { OptionDefinitions } from "../options.ts";

/** Options of a {@linkcode FileStore}. */
export interface FileOptions {
  /** Directory of the images. */
  datadir?: string;
  /** Directories of the images, each `path` or `path:priority`. */
  datadirs?: readonly string[];
  /** JSON file with the metadata of new locations. */
  metadataFile?: string;
  /** Mode of new files, in octal digits read as decimal: 640, not 0o640. */
  filePerm?: number;
  /** Bytes of one read or write at most. */
  chunkSize?: number;
  /** Leaves runs of zero bytes out of new files. */
  thinProvisioning?: boolean;
  /** Seconds that one call of the file system may take. */
  timeout?: number;
}

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  datadir: {
    type: "string",
    glance: "filesystem_store_datadir",
    help: "Directory of the images, made if it is missing; " +
      "/var/lib/glance/images unless this or datadirs is given.",
  },
  datadirs: {
    type: "list",
    glance: "filesystem_store_datadirs",
    help:
      "Directories of the images instead of datadir, each path or path:priority. An image goes " +
      "to the one of highest priority (0 unless given) that has room, among equals to the one with " +
      "most room.",
  },
  metadataFile: {
    type: "string",
    glance: "filesystem_store_metadata_file",
    help: 'JSON file of {"id", "mountpoint"}, or a list of them: add gives the first whose ' +
      "mountpoint the image's path starts with as metadata.",
  },
  filePerm: {
    type: "integer",
    default: 0,
    max: 7777,
    glance: "filesystem_store_file_perm",
    help: "Mode of new files in octal digits, as glance_store reads it: 640 is rw-r-----. The " +
      "process's umask decides where it is 0 or less.",
  },
  chunkSize: {
    type: "integer",
    default: 4_194_304,
    min: 1,
    glance: "filesystem_store_chunk_size",
    help: "Bytes that one read or write of a file moves at most. Chunks of streams have 4 MiB " +
      "whatever this is.",
  },
  thinProvisioning: {
    type: "boolean",
    default: false,
    glance: "filesystem_thin_provisioning",
    help: "Leaves aligned 64 KiB runs of zero bytes out of new files, so that they take no space.",
  },
  timeout: {
    type: "number",
    default: 0,
    min: 0,
    max: 86_400,
    glance: "filesystem_store_timeout",
    help: "Seconds that one call of the file system may take; 0 sets no limit.",
  },
};
