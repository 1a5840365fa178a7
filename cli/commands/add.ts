/**
 * `vitrine add`: an image out of a URL, a local file or standard input.
 *
 * @module
 */
import { importImage, type ImportResult } from "../../vfs/import.ts";
import { ACCEPT, acceptOf, warnUnsafe } from "../accept.ts";
import { type Command, UsageError } from "../command.ts";
import { importOptionsOf, PUBLISHED, UNPACK } from "../import_options.ts";
import { openLocal } from "../local.ts";
import { nameOf, parsePlace, type Place } from "../place.ts";
import { Progress } from "../progress.ts";
import { formatSize } from "../text.ts";
import { isLocation } from "../tree.ts";
import { FORMAT_NAMES } from "../../formats/policy.ts";

/** Parses the operand. A local file needs no dot here because `add` takes no path of the tree. */
function parseSource(operand: string): Place {
  const isFile = operand.startsWith("file://");
  const place = operand === "-" || isFile || isLocation(operand) ? parsePlace(operand) : undefined;
  return place === undefined || (isFile && place.kind === "tree")
    ? { kind: "local", path: operand }
    : place;
}

/** `vitrine add`. */
export const add: Command = {
  operands: "URL|FILE|-",
  count: [1, 1],
  summary: "add an image from a URL, a local file or standard input to a store",
  description:
    "A URL is http, https, or the location of an image in a configured store. It is fetched, checked, " +
    "unpacked and stored in one pass; what fails leaves nothing. Digests are those of the data as it " +
    "arrives, before it is unpacked.",
  options: [
    {
      name: "store",
      value: "NAME",
      help: "the store. Default: the default store",
      candidates: "store",
    },
    { name: "id", value: "ID", help: "the image's path in the store. Default: the source's name" },
    {
      name: "hash",
      value: "ALGO",
      help: "digest algorithm of the multihash. Default: sha512",
      candidates: ["sha256", "sha384", "sha512"],
    },
    {
      name: "format",
      value: "NAME",
      help: "the format that the image must have",
      candidates: FORMAT_NAMES,
    },
    ...PUBLISHED,
    ...UNPACK,
    ...ACCEPT,
    { name: "size", value: "BYTES", help: "size that the data must have" },
  ],
  candidates: "file",
  examples: [
    "vitrine add ./disk.qcow2 --store local --json",
    "vitrine add https://example.org/disk.raw.xz --unpack auto --checksums https://example.org/SHA256SUMS",
    "qemu-img convert disk.vmdk -O raw /dev/stdout | vitrine add - --id disk.raw",
  ],
  async run(session, args) {
    const { out, json, signal } = session;
    const place = parseSource(args.operands[0]!);
    const id = args.value("id");
    if (place.kind === "standard" && id === undefined) {
      throw new UsageError("an image from standard input needs --id");
    }
    const size = args.value("size");
    if (size !== undefined && !/^\d+$/.test(size)) {
      throw new UsageError("--size is a number of bytes");
    }
    const name = place.kind === "local"
      ? nameOf(place.path)
      : place.kind === "standard"
      ? id
      : undefined;
    const options = await importOptionsOf(args, signal);
    const vfs = await session.vfs();
    const local = place.kind === "tree" ? undefined : await openLocal(place, signal);
    const isKept = (options.unpack ?? "none") === "none";
    let result: ImportResult;
    {
      const shown = local?.name ?? nameOf(args.operands[0]!);
      using verifier = new Progress(shown, isKept ? local?.size : undefined);
      const source = place.kind === "tree" ? place.path : local!.data;
      result = await importImage(vfs, source, {
        ...options,
        id,
        name,
        store: args.value("store"),
        hashingAlgo: args.value("hash"),
        size: size === undefined ? undefined : Number(size),
        accept: acceptOf(args),
        format: args.value("format"),
        verifier,
        ...session.options,
      });
    }
    warnUnsafe(session, `${result.location}`, result.inspection);
    if (json) return await out.json(result);
    const { location, checksum, multihash, virtualSize } = result;
    await out.table([
      ["location", `${location}`],
      ["size", `${result.size} (${formatSize(result.size)})`],
      ["md5", checksum],
      [multihash.algo, multihash.value],
      ["format", result.format ?? "unknown"],
      ["virtual size", virtualSize === undefined ? "unknown" : `${virtualSize}`],
    ]);
  },
};
