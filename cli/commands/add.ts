/**
 * `vitrine add`: an image out of a local file or standard input.
 *
 * @module
 */
import type { AddResult } from "../../store/mod.ts";
import { ACCEPT, acceptOf, warnUnsafe } from "../accept.ts";
import { type Command, UsageError } from "../command.ts";
import { openLocal } from "../local.ts";
import { type LocalPlace, parsePlace, type StandardPlace } from "../place.ts";
import { Progress } from "../progress.ts";
import { formatSize } from "../text.ts";
import { FORMAT_NAMES } from "../../formats/policy.ts";

/** Parses the operand. A local file needs no dot here because `add` takes nothing else. */
function parseFile(operand: string): LocalPlace | StandardPlace {
  const place = /^(-|file:\/\/.*)$/.test(operand) ? parsePlace(operand) : undefined;
  return place === undefined || place.kind === "tree" ? { kind: "local", path: operand } : place;
}

/** `vitrine add`. */
export const add: Command = {
  operands: "FILE|-",
  count: [1, 1],
  summary: "add a local file, or standard input, to a store",
  options: [
    {
      name: "store",
      value: "NAME",
      help: "the store. Default: the default store",
      candidates: "store",
    },
    { name: "id", value: "ID", help: "the image's path in the store. Default: the file's name" },
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
    ...ACCEPT,
    { name: "size", value: "BYTES", help: "size that the data must have" },
  ],
  candidates: "file",
  examples: [
    "vitrine add ./disk.qcow2 --store local --json",
    "xz -dc disk.raw.xz | vitrine add - --id disk.raw",
  ],
  async run(session, args) {
    const { out, json, signal } = session;
    const place = parseFile(args.operands[0]!);
    const id = args.value("id");
    if (place.kind === "standard" && id === undefined) {
      throw new UsageError("an image from standard input needs --id");
    }
    const size = args.value("size");
    if (size !== undefined && !/^\d+$/.test(size)) {
      throw new UsageError("--size is a number of bytes");
    }
    const { stores } = await session.vfs();
    const backend = args.value("store");
    const local = await openLocal(place, signal);
    let result: AddResult;
    {
      using verifier = new Progress(local.name, local.size);
      result = await stores.add(id ?? local.name, local.data, {
        backend,
        hashingAlgo: args.value("hash"),
        size: size === undefined ? local.size : Number(size),
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
