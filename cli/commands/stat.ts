/**
 * `vitrine stat`: what is known of images and directories.
 *
 * @module
 */
import type { FileInfo } from "../../vfs/mod.ts";
import type { Command } from "../command.ts";
import { formatSize, formatTime } from "../output.ts";
import { treePath } from "../place.ts";

function details(path: string, info: FileInfo): Record<string, unknown> {
  if (info.isDirectory) return { path, type: "directory" };
  const { size, mtime, etag, checksum, multihash, contentType, metadata, location } = info;
  return {
    path,
    type: "image",
    size,
    modified: mtime,
    etag,
    checksum,
    multihash,
    contentType,
    metadata,
    location: location?.toString(),
  };
}

/** `vitrine stat`. */
export const stat: Command = {
  usage: "stat PATH...",
  summary: "tell what is known of an image: size, time, digests, location",
  operands: [1, Infinity],
  async run(session, { operands }) {
    const { out, json, fail } = session;
    const vfs = await session.vfs();
    const all: Record<string, unknown>[] = [];
    for (const path of operands.map(treePath)) {
      try {
        const info = await vfs.stat(path, session);
        all.push(details(path, info));
        if (json) continue;
        const { size, multihash } = info;
        const shown: [string, string | undefined][] = [
          ["path", path],
          ["type", info.isDirectory ? "directory" : "image"],
          ["size", size === undefined ? undefined : `${size} (${formatSize(size)})`],
          ["modified", info.mtime ? formatTime(info.mtime) : undefined],
          ["etag", info.etag],
          ["md5", info.checksum],
          [multihash?.algo ?? "", multihash?.value],
          ["media type", info.contentType],
          ["location", info.location?.toString()],
        ];
        await out.table(shown.filter((row): row is [string, string] => row[1] !== undefined));
      } catch (error) {
        fail(error);
      }
    }
    if (!json) return;
    if (operands.length > 1) await out.json(all);
    else if (all.length > 0) await out.json(all[0]);
  },
};
