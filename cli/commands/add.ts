/**
 * `vitrine add`: an image out of a local file or standard input.
 *
 * @module
 */
import type { AddResult } from "../../store/mod.ts";
import { type Command, Misuse } from "../command.ts";
import { openLocal } from "../local.ts";
import { formatSize } from "../output.ts";
import { type Place, readPlace } from "../place.ts";
import { Progress } from "../progress.ts";

/** A local file needs no dot here: `add` takes nothing else. */
function readFile(operand: string): Exclude<Place, { kind: "tree" }> {
  const place = /^(-|file:\/\/.*)$/.test(operand) ? readPlace(operand) : undefined;
  return place === undefined || place.kind === "tree" ? { kind: "local", path: operand } : place;
}

/** `vitrine add`. */
export const add: Command = {
  usage: "add [--store NAME] [--id ID] [--hash ALGO] [--size BYTES] FILE|-",
  summary: "add a local file, or standard input, to a store",
  options: [
    "--store NAME  the store; the default store unless given",
    "--id ID       the image's path in the store; the file's name unless given",
    "--hash ALGO   digest of the multihash; sha512 unless given",
    "--size BYTES  size that the data must have",
  ],
  strings: ["store", "id", "hash", "size"],
  operands: [1, 1],
  async run(session, args) {
    const { out, json, signal, context } = session;
    const place = readFile(args.operands[0]!);
    const id = args.value("id");
    if (place.kind === "standard" && id === undefined) {
      throw new Misuse("an image from standard input needs --id");
    }
    const size = args.value("size");
    if (size !== undefined && !/^\d+$/.test(size)) throw new Misuse("--size is a number of bytes");
    const { stores } = await session.vfs();
    const backend = args.value("store");
    const local = await openLocal(place);
    let result: AddResult;
    {
      using verifier = new Progress(local.name, local.size);
      result = await stores.add(id ?? local.name, local.data, {
        backend,
        hashingAlgo: args.value("hash"),
        size: size === undefined ? local.size : Number(size),
        verifier,
        signal,
        context,
      });
    }
    if (json) return await out.json(result);
    const { location, checksum, multihash } = result;
    await out.table([
      ["location", `${location}`],
      ["size", `${result.size} (${formatSize(result.size)})`],
      ["md5", checksum],
      [multihash.algo, multihash.value],
    ]);
  },
};
