/**
 * `vitrine inspect`: what images are, and whether they are safe.
 *
 * @module
 */
import { type ImageInspection, inspect as inspectData, inspectRanges } from "../../formats/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Command, EXIT, type Session } from "../command.ts";
import { openLocal } from "../local.ts";
import { formatPlace, parsePlace, type Place } from "../place.ts";
import { formatSize } from "../text.ts";

/** Inspects an image: of the tree, of a local file, or standard input. */
async function inspectPlace(
  place: Place,
  vfs: () => Promise<Vfs>,
  { options, signal }: Session,
): Promise<ImageInspection> {
  if (place.kind === "tree") return await (await vfs()).inspect(place.path, options);
  if (place.kind === "local" && await isRegular(place.path)) return await inspectFile(place.path);
  return await inspectData((await openLocal(place, signal)).data);
}

async function isRegular(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isFile ?? false;
}

/** Inspects a file of which only a few ranges are read. */
async function inspectFile(path: string): Promise<ImageInspection> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  return await inspectRanges({
    async read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      await file.seek(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < bytes.length) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) break;
        filled += count;
      }
      return { bytes: bytes.subarray(0, filled), size };
    },
  });
}

function rowsOf(path: string, inspection: ImageInspection): string[][] {
  const { format, subformat, encrypted, backingFile, dataFile, width, height } = inspection;
  const sized = (size: number | undefined) =>
    size === undefined ? undefined : `${size} (${formatSize(size)})`;
  const rows: [string, string | undefined][] = [
    ["path", path],
    ["format", subformat ? `${format} (${subformat})` : format],
    ["virtual size", sized(inspection.virtualSize)],
    ["content size", sized(inspection.contentSize)],
    ["cluster size", sized(inspection.clusterSize)],
    ["encrypted", encrypted ? "yes" : undefined],
    ["backing file", backingFile],
    ["data file", dataFile],
    ["pixels", width === undefined ? undefined : `${width} x ${height}`],
    ["safe", inspection.safe ? "yes" : "no"],
    ...inspection.findings.map(({ severity, code, message, cve }): [string, string] => [
      severity,
      `${message} (${[code, cve].filter(Boolean).join(", ")})`,
    ]),
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

/** `vitrine inspect`. */
export const inspect: Command = {
  operands: "PATH|FILE|-...",
  count: [1, Infinity],
  description:
    "Of an image in the tree or in a file, only a few hundred KiB are read. The exit code is 3 if an " +
    "image is unsafe: if it leads whoever uses it to other files, or is two formats at once.",
  candidates: "tree",
  examples: ["vitrine inspect ./disk.qcow2", "curl -s $URL | vitrine inspect - --json"],
  async run(session, { operands }) {
    const { out, json, fail } = session;
    const places = operands.map(parsePlace);
    const all: Record<string, unknown>[] = [];
    for (const place of places) {
      const path = formatPlace(place);
      try {
        const inspection = await inspectPlace(place, session.vfs, session);
        if (json) all.push({ path, ...inspection });
        else await out.table(rowsOf(path, inspection));
        if (!inspection.safe) fail(new Error(`inspect ${path}: the image is unsafe`), EXIT.differs);
      } catch (error) {
        fail(error);
      }
    }
    if (!json) return;
    if (operands.length > 1) await out.json(all);
    else if (all.length > 0) await out.json(all[0]);
  },
};
