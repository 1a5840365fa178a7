/**
 * The options of file stores.
 *
 * @module
 */
import type { OptionDefinitions } from "../../store/options.ts";

/** Options of a {@linkcode FileStore}. */
export interface FileOptions {
  /**
   * Directory of the images. Default: `/var/lib/glance/images`, or none where there are `datadirs`. It must
   * be there.
   */
  datadir?: string;
  /**
   * Directories of the images, each `path` or `path:priority`. An image goes to the one of highest
   * priority (default: 0) that has room, among equals to the one with most room.
   */
  datadirs?: readonly string[];
  /**
   * Whether the first write creates a datadir that is missing, which until then is empty. Default:
   * `false`: a missing datadir is an error, since its disk may not be mounted.
   */
  createDatadir?: boolean;
  /**
   * JSON file of `{"id", "mountpoint"}`, or a list of them: `add` gives the first whose mountpoint
   * the image's path starts with as metadata.
   */
  metadataFile?: string;
  /**
   * Mode of new files, in octal digits read as decimal: 640, not 0o640. Default: 0, which leaves it to
   * the process's umask.
   */
  filePerm?: number;
  /**
   * Bytes of one read or write at most. Chunks of streams have 4 MiB whatever this is. Default:
   * 4,194,304.
   */
  chunkSize?: number;
  /**
   * Whether aligned 64 KiB runs of zero bytes are left out of new files, so that they take no space.
   * Default: `false`.
   */
  thinProvisioning?: boolean;
  /** Seconds that one call of the file system may take. Default: 0, no limit. */
  timeout?: number;
}

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  datadir: { type: "string", glance: "filesystem_store_datadir" },
  datadirs: { type: "list", glance: "filesystem_store_datadirs" },
  createDatadir: { type: "boolean", default: false },
  metadataFile: { type: "string", glance: "filesystem_store_metadata_file" },
  filePerm: { type: "integer", default: 0, max: 7777, glance: "filesystem_store_file_perm" },
  chunkSize: { type: "integer", default: 4_194_304, min: 1, glance: "filesystem_store_chunk_size" },
  thinProvisioning: { type: "boolean", default: false, glance: "filesystem_thin_provisioning" },
  timeout: { type: "number", default: 0, min: 0, max: 86_400, glance: "filesystem_store_timeout" },
};
