/**
 * Multipart uploads that adds with `resume` have left, and the parts of them that can be used.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import { decodeHex, parseCount } from "../../streams/encoding.ts";
import type { Bytes } from "../../streams/mod.ts";
import { md5Of } from "../shared/md5.ts";
import type { S3Client } from "./client.ts";
import { listUploads, type OpenUpload } from "./leftovers.ts";
import { parseMd5Tag } from "./object_headers.ts";
import { readPages } from "./pages.ts";
import type { UploadedPart } from "./multipart.ts";
import type { WriteState } from "./write_state.ts";

/** How many uploads of one key are looked at, the newest first. */
const MOST_UPLOADS = 20;

/** A part that the server has. */
interface KeptPart extends UploadedPart {
  /** Size in bytes. */
  size: number;
}

/** An upload that is continued. */
export interface KeptUpload {
  /** Its id. */
  id: string;
  /** Its parts by their numbers. */
  parts: ReadonlyMap<number, KeptPart>;
}

/** What an upload must be like to be continued. */
export interface Wanted {
  /** The size of the image in bytes. */
  size: number;
  /** The size of each part but the last, in bytes. */
  partSize: number;
  /** The bytes of the first part. */
  first: readonly Bytes[];
  /** The name of the checksum that every part must have, as XML has it. Default: none. */
  checksumName: string | undefined;
}

/**
 * Finds an upload that an add with `resume` has left: each of its parts has the size that it would have now,
 * and the first has the md5 of the data. Those that are under way in this store are left alone.
 *
 * @param state The client, and the uploads that are under way.
 * @param key The key.
 * @param wanted The sizes, and the first part.
 * @param signal Ends the search.
 * @returns Of several uploads the one with the most parts; `undefined` if there is none.
 */
export async function findKeptUpload(
  state: WriteState,
  key: string,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): Promise<KeptUpload | undefined> {
  const uploads: OpenUpload[] = [];
  try {
    for await (const upload of listUploads(state.client, key, signal)) uploads.push(upload);
  } catch (error) {
    // The bucket is created later.
    if (error instanceof NotFound) return undefined;
    throw error;
  }
  const time = ({ initiated }: OpenUpload) => initiated?.getTime() ?? 0;
  uploads.sort((a, b) => time(b) - time(a));
  let best: KeptUpload | undefined;
  for (const { id } of uploads.slice(0, MOST_UPLOADS)) {
    if (state.uploads.has(id)) continue;
    const parts = await readParts(state.client, key, id, wanted, signal);
    if (parts === undefined || !await isKept(parts.get(1), wanted.first)) continue;
    if (best === undefined || parts.size > best.parts.size) best = { id, parts };
  }
  return best;
}

/**
 * Returns whether the server has a part already.
 *
 * @param part What the server has of the number.
 * @param chunks The bytes that the part is to have.
 * @returns Whether size and md5 are the same.
 */
export async function isKept(
  part: KeptPart | undefined,
  chunks: readonly Bytes[],
): Promise<boolean> {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  if (part === undefined || part.size !== size) return false;
  return part.etag === `"${await md5Of(chunks)}"`;
}

/**
 * Returns whether an object is made of parts.
 *
 * @param headers The headers of the object.
 * @param parts The parts.
 * @returns Whether its ETag is made of theirs. `false` where ETags are not md5s.
 */
export async function isMadeOf(
  headers: Headers,
  parts: readonly UploadedPart[],
): Promise<boolean> {
  const md5s = parts.map(({ etag }) => decodeHex(etag.replaceAll('"', "")));
  if (!md5s.every((md5) => md5?.length === 16)) return false;
  const whole = await md5Of(md5s as Bytes[]);
  return parseMd5Tag(headers) === `"${whole}-${parts.length}"`;
}

/** Reads the parts of an upload. It cannot be continued if one has a size that it would not have now. */
async function readParts(
  client: S3Client,
  key: string,
  uploadId: string,
  { size, partSize, checksumName }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Map<number, KeptPart> | undefined> {
  const parts = new Map<number, KeptPart>();
  const listing = {
    root: "ListPartsResult",
    key,
    entries: ["Part"],
    query: { uploadId },
    markers: { "part-number-marker": "NextPartNumberMarker" },
  };
  const count = Math.ceil(size / partSize);
  try {
    for await (const page of readPages(client, listing, signal)) {
      for (const part of page.all("Part")) {
        const number = parseCount(part.text("PartNumber")) ?? 0;
        const found = parseCount(part.text("Size"));
        const expected = number === count ? size - (count - 1) * partSize : partSize;
        if (number < 1 || number > count || found !== expected) return undefined;
        const etag = `"${part.text("ETag").replaceAll('"', "")}"`;
        const checksum = checksumName && part.text(checksumName);
        // Without its checksum the part is sent again.
        if (checksum === "") continue;
        parts.set(number, {
          size: found,
          etag,
          checksum: checksum ? [checksumName!, checksum] : undefined,
        });
      }
    }
  } catch (error) {
    // It has been completed or removed meanwhile.
    if (error instanceof NotFound) return undefined;
    throw error;
  }
  return parts;
}
