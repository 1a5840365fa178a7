/**
 * The metadata file: what `add` says of a new location so that others find the file.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { reasonOf } from "./errors.ts";
import type { Io } from "./io.ts";
import { readFile } from "./system.ts";

/** One entry of a metadata file. Further keys hold strings, lists and objects of them. */
export interface MountMetadata extends Record<string, unknown> {
  /** Identifies the file system to whoever mounts it too. */
  id: string;
  /** Where it is mounted here: the path's beginning. */
  mountpoint: string;
}

/** Reads a metadata file; throws `BadStoreConfiguration`. */
export async function readMetadataFile(io: Io, path: string): Promise<readonly MountMetadata[]> {
  let text: string;
  try {
    text = await io.wait(readFile(path, "utf8"));
  } catch (error) {
    const why = reasonOf(error as Error);
    throw new BadStoreConfiguration(`the metadata file ${path} cannot be read: ${why}`, {
      cause: error,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    throw new BadStoreConfiguration(`the metadata file ${path} is not JSON: ${message}`, {
      cause: error,
    });
  }
  const entries: unknown[] = Array.isArray(json) ? json : [json];
  if (!entries.every(isMountMetadata)) {
    throw new BadStoreConfiguration(
      `the metadata file ${path} must hold an object with the strings "id" and "mountpoint", or a ` +
        "list of such objects; other values are strings, lists and objects",
    );
  }
  return entries;
}

/** Returns the first entry whose mountpoint the path starts with, as glance_store chooses. */
export function metadataOf(
  path: string,
  entries: readonly MountMetadata[],
): Record<string, unknown> {
  return entries.find(({ mountpoint }) => path.startsWith(mountpoint)) ?? {};
}

function isMountMetadata(value: unknown): value is MountMetadata {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { id, mountpoint } = value as Record<string, unknown>;
  return typeof id === "string" && typeof mountpoint === "string" && isTextual(value);
}

/** glance_store's rule for location metadata (`check_location_metadata`). */
function isTextual(value: unknown): boolean {
  if (typeof value === "string") return true;
  return typeof value === "object" && value !== null && Object.values(value).every(isTextual);
}
