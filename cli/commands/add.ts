/**
 * `vitrine add`: an image out of a URL, a local file or standard input.
 *
 * @module
 */
import {
  importImage,
  type ImportProgress,
  type ImportResult,
  importToStores,
  type ImportToStoresResult,
} from "../../vfs/import/mod.ts";
import { PROPERTIES, propertiesOf } from "../image_properties.ts";
import { ACCEPT, acceptOf, warnUnsafe } from "../accept.ts";
import { type Command, PROGRESS, RESUME, type Session, UsageError } from "../command.ts";
import { countOf, importOptionsOf, PUBLISHED, SIGNATURE, UNPACK } from "../import_options.ts";
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

/** Prints what became of an image in several stores; what failed is the exit code's reason. */
async function showOutcomes(session: Session, imported: ImportToStoresResult): Promise<void> {
  const { out, json, fail } = session;
  const { stores, ...arrival } = imported;
  const inspected = stores.find(({ added }) => added)?.added;
  if (inspected) warnUnsafe(session, `${inspected.location}`, inspected.inspection);
  for (const { error } of stores) if (error) fail(error);
  if (json) {
    const outcomes = stores.map(({ store, added, error }) => {
      return { store, ok: !error, ...added, ...error && { error: error.message } };
    });
    return await out.json({ ...arrival, stores: outcomes });
  }
  await out.table(
    stores.flatMap(({ store, added }) => added ? [[store, `${added.location}`]] : []),
  );
}

/** `vitrine add`. */
export const add: Command = {
  operands: "URL|FILE|-",
  count: [1, 1],
  description:
    "A URL is http, https, or the location of an image in a configured store. It is fetched, checked, " +
    "unpacked and stored in one pass; what fails leaves nothing. Digests are those of the data as it " +
    "arrives, before it is unpacked.",
  options: [
    {
      name: "store",
      value: "NAME",
      repeated: true,
      help: "the store, or several with commas between them. Default: the default store",
      candidates: "store",
    },
    {
      name: "lag",
      value: "BYTES",
      help: "how far stores may be apart. Default: 67108864 (64 MiB)",
    },
    { name: "all-or-nothing", help: "keep the image in no store if one of several fails" },
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
    ...SIGNATURE,
    ...UNPACK,
    ...ACCEPT,
    { name: "size", value: "BYTES", help: "size that the data must have" },
    RESUME,
    ...PROPERTIES,
    PROGRESS,
  ],
  candidates: "file",
  examples: [
    "vitrine add ./disk.qcow2 --store local --json",
    "vitrine add ./disk.qcow2 --store local,mirror --all-or-nothing",
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
    const stores = args.values("store").flatMap((names) => names.split(","));
    if (stores.length > 1 && args.has("resume")) {
      throw new UsageError("--resume is for one store");
    }
    const options = await importOptionsOf(args, signal);
    const vfs = await session.vfs();
    const local = place.kind === "tree" ? undefined : await openLocal(place, signal);
    const isKept = (options.unpack ?? "none") === "none";
    const importOptions = {
      ...options,
      id,
      name,
      hashingAlgo: args.value("hash"),
      size: size === undefined ? undefined : Number(size),
      sparse: local?.isSparse || undefined,
      accept: acceptOf(args),
      format: args.value("format"),
      resume: args.has("resume"),
      ...propertiesOf(args),
      ...session.options,
    };
    const source = place.kind === "tree" ? place.path : local!.data;
    const shown = local?.name ?? nameOf(args.operands[0]!);
    const progress = () => new Progress(shown, isKept ? local?.size : undefined);
    if (stores.length > 1) {
      const [lag, allOrNothing] = [countOf(args, "lag"), args.has("all-or-nothing")];
      let imported: ImportToStoresResult;
      {
        using verifier = progress();
        const onProgress = (progress: ImportProgress) => verifier.updateImport(progress);
        const several = { ...importOptions, lag, allOrNothing, verifier, onProgress };
        imported = await importToStores(vfs, source, stores, several);
      }
      return await showOutcomes(session, imported);
    }
    let result: ImportResult;
    {
      using verifier = progress();
      const [store] = stores;
      const onProgress = (progress: ImportProgress) => verifier.updateImport(progress);
      result = await importImage(vfs, source, { ...importOptions, store, verifier, onProgress });
    }
    warnUnsafe(session, `${result.location}`, result.inspection);
    if (json) return await out.json(result);
    const { location, checksum, multihash, virtualSize, signed } = result;
    await out.table([
      ["location", `${location}`],
      ["size", `${result.size} (${formatSize(result.size)})`],
      ["md5", checksum],
      [multihash.algo, multihash.value],
      ["format", result.format ?? "unknown"],
      ["virtual size", virtualSize === undefined ? "unknown" : `${virtualSize}`],
      ...signed ? [["signed by", signed.keyId]] : [],
      ...signed?.trustedComment ? [["trusted comment", signed.trustedComment]] : [],
    ]);
  },
};
