/**
 * `vitrine stat`: what is known of images and directories.
 *
 * @module
 */
import type { FileInfo } from "../../vfs/mod.ts";
import type { Command } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { formatSize, formatTime } from "../text.ts";

function toJson(path: string, info: FileInfo): Record<string, unknown> {
  if (info.isDirectory) return { path, type: "directory" };
  const { size, mtime, etag, checksum, multihash, contentType, cacheControl, metadata, location } =
    info;
  const { format, virtualSize, inspection } = info;
  return {
    path,
    type: "image",
    size,
    modified: mtime ?? undefined,
    etag,
    checksum,
    multihash,
    format,
    virtualSize,
    safe: inspection?.safe,
    contentType,
    cacheControl,
    metadata,
    location: location?.toString(),
  };
}

function toRows(path: string, info: FileInfo): string[][] {
  const { size, multihash, virtualSize } = info;
  const shown = (size: number) => `${size} (${formatSize(size)})`;
  const rows: [string, string | undefined][] = [
    ["path", path],
    ["type", info.isDirectory ? "directory" : "image"],
    ["size", size === undefined ? undefined : shown(size)],
    ["modified", info.mtime ? formatTime(info.mtime) : undefined],
    ["etag", info.etag],
    ["md5", info.checksum],
    [multihash?.algo ?? "", multihash?.value],
    ["format", info.format],
    ["virtual size", virtualSize === undefined ? undefined : shown(virtualSize)],
    ["safe", info.inspection && (info.inspection.safe ? "yes" : "no")],
    ["media type", info.contentType],
    ["cache control", info.cacheControl],
    ["location", info.location?.toString()],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** `vitrine stat`. */
export const stat: Command = {
  operands: "PATH...",
  count: [1, Infinity],
  candidates: "tree",
  examples: ["vitrine stat /local/disk.qcow2"],
  async run(session, { operands }) {
    const { out, json, fail } = session;
    const paths = operands.map(parseTreePath);
    const vfs = await session.vfs();
    const all: Record<string, unknown>[] = [];
    for (const path of paths) {
      try {
        const info = await vfs.stat(path, session.options);
        if (json) all.push(toJson(path, info));
        else await out.table(toRows(path, info));
      } catch (error) {
        fail(error);
      }
    }
    if (!json) return;
    if (operands.length > 1) await out.json(all);
    else if (all.length > 0) await out.json(all[0]);
  },
};
