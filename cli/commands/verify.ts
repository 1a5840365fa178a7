/**
 * `vitrine verify`: whether images still are what was added.
 *
 * @module
 */
import { ImageFormatRefused, NotFound, SizeMismatch } from "../../errors/mod.ts";
import type { ExpectedDigests } from "../../streams/mod.ts";
import { withTreePath } from "../../vfs/errors.ts";
import { publishedDigests, readChecksums } from "../../vfs/import/published.ts";
import { orderedMap } from "../../vfs/ordered_map.ts";
import type { Vfs } from "../../vfs/mod.ts";
import {
  type Arguments,
  type Command,
  EXIT,
  exitCodeOf,
  NothingKnown,
  PROGRESS,
  type Session,
  TRANSFERS,
  transfersOf,
  UsageError,
} from "../command.ts";
import { openFileOrUrl, PUBLISHED, publishedOf } from "../import_options.ts";
import { nameOf, parseTreePath } from "../place.ts";
import { Progress } from "../progress.ts";
import { below } from "../walk.ts";

/** What became of one image, as `--json` shows it. */
interface Verdict {
  path: string;
  ok: boolean;
  /** The size in bytes. */
  size?: number;
  /** The digests that were compared. */
  checked?: string[];
  /** What is wrong, if it is not `ok`. */
  state?: "differs" | "unknown" | "unsafe" | "failed";
  /** The digests that were recorded, because none were known. */
  recorded?: string[];
  error?: string;
}

function digestsOf(args: Arguments): ExpectedDigests | undefined {
  const { md5: checksum, sha256, sha512 } = publishedOf(args);
  const given = [
    args.value("multihash"),
    sha256 && `sha256:${sha256}`,
    sha512 && `sha512:${sha512}`,
  ].filter((one) => one !== undefined);
  if (given.length > 1) throw new UsageError("one of --sha256, --sha512 and --multihash");
  const [text] = given;
  if (checksum === undefined && text === undefined) return undefined;
  const [, algo, value] = /^([a-z0-9-]+):([0-9a-f]+)$/i.exec(text ?? "") ?? [];
  if (text !== undefined && (!algo || !value)) throw new UsageError("--multihash is ALGO:HEX");
  return { checksum, multihash: algo && value ? { algo, value } : undefined };
}

/** Returns the digests that a checksum file has of an image. */
async function listedDigests(
  vfs: Vfs,
  sums: string,
  path: string,
  args: Arguments,
): Promise<ExpectedDigests> {
  const name = args.value("checksum-name") ?? nameOf(path);
  try {
    const found = await publishedDigests(vfs, name, { checksums: new Blob([sums]) });
    const algo = ["sha512", "sha256"].find((one) => found.has(one));
    const multihash = algo === undefined ? undefined : { algo, value: found.get(algo)! };
    return { checksum: found.get("md5"), multihash };
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new NothingKnown(`verify ${path}: ${error.message}`);
  }
}

/** An image, or a path of which the images cannot be listed and why. */
interface Candidate {
  path: string;
  error?: unknown;
}

/** Lists the images that the operands name, in order, and what cannot be listed. */
async function* imagesOf(
  vfs: Vfs,
  paths: readonly string[],
  session: Session,
): AsyncGenerator<Candidate> {
  const failed: Candidate[] = [];
  for (const path of paths) {
    try {
      if ((await vfs.stat(path, session.options)).isFile) {
        yield { path };
        continue;
      }
      const fail = (error: unknown, path: string) => void failed.push({ path, error });
      for await (const entry of below(vfs, path, true, session, fail)) {
        yield* failed.splice(0);
        if (entry.isFile) yield { path: entry.path };
      }
    } catch (error) {
      failed.push({ path, error });
    }
    yield* failed.splice(0);
  }
}

/** Judges an image by what is stored, whatever the store keeps of it. */
async function judge(vfs: Vfs, path: string, { options }: Session): Promise<void> {
  const { findings } = await vfs.inspect(path, { kept: false, ...options });
  const found = findings.find(({ severity }) => severity === "unsafe");
  if (!found) return;
  throw new ImageFormatRefused(`the image is not safe: ${found.message}`, {
    operation: "verify",
    path,
  });
}

async function verifyOne(
  vfs: Vfs,
  path: string,
  expected: ExpectedDigests | undefined,
  records: boolean,
  { options }: Session,
): Promise<{ size: number; checked: string[] } | { size: number; recorded: string[] }> {
  const info = expected ? undefined : await vfs.stat(path, options);
  const { checksum, multihash } = expected ?? info!.recorded ?? info!;
  const checked = [checksum ? "md5" : undefined, multihash?.algo].filter((one) =>
    one !== undefined
  );
  if (checked.length === 0 && records) {
    using verifier = new Progress(path, info?.size, { phase: "verify" });
    const { store, imageId } = vfs.imageAt(path);
    const { size, multihash } = await withTreePath(
      path,
      () => store.recordDigests(imageId, { verifier, ...options }),
    );
    return { size, recorded: ["md5", multihash.algo] };
  }
  if (checked.length === 0) {
    throw new NothingKnown(`verify ${path}: no digest of the image is known`);
  }
  return await withTreePath(path, async () => {
    const verify = { checksum, multihash };
    const { stream, size } = await vfs.get(path, { verify, ...options });
    using progress = new Progress(path, size, { phase: "verify" });
    let count = 0;
    for await (const chunk of stream) {
      progress.update(chunk);
      count += chunk.length;
    }
    return { size: count, checked };
  });
}

function stateOf(error: unknown): NonNullable<Verdict["state"]> {
  if (error instanceof ImageFormatRefused) return "unsafe";
  const code = error instanceof SizeMismatch ? EXIT.differs : exitCodeOf(error);
  return code === EXIT.differs ? "differs" : code === EXIT.unknown ? "unknown" : "failed";
}

/** `vitrine verify`. */
export const verify: Command = {
  operands: "PATH...",
  count: [1, Infinity],
  description:
    "The digests are those of the command line, or those that the store holds. The exit code is 3 if " +
    "an image differs, and 4 if no digest of an image is known. Nothing is written, except with --record.",
  options: [
    ...PUBLISHED,
    {
      name: "record",
      help: "record the digests of images of which none are known; this writes to the store",
    },
    { name: "inspect", help: "judge the images too: the exit code is 3 if one is unsafe" },
    { name: "multihash", value: "ALGO:HEX", help: "another digest that the image must have" },
    TRANSFERS,
    PROGRESS,
  ],
  candidates: "tree",
  examples: [
    "vitrine verify /local /mirror",
    "vitrine verify --multihash sha256:9f86d0... /local/a",
  ],
  async run(session, args) {
    const { out, json } = session;
    const expected = digestsOf(args);
    const paths = args.operands.map(parseTreePath);
    const transfers = transfersOf(args);
    if (expected && args.has("record")) throw new UsageError("--record takes no digests");
    const vfs = await session.vfs();
    const checksums = await openFileOrUrl(args, "checksums", session.signal);
    if (checksums !== undefined && (expected || args.has("record"))) {
      throw new UsageError("--checksums takes neither digests nor --record");
    }
    const sums = checksums && await readChecksums(vfs, checksums, session.options);
    const outcomes = orderedMap(imagesOf(vfs, paths, session), transfers, async (image) => {
      const { path } = image;
      try {
        session.signal.throwIfAborted();
        if ("error" in image) throw image.error;
        if (args.has("inspect")) await judge(vfs, path, session);
        const digests = sums ? await listedDigests(vfs, sums, path, args) : expected;
        const done = await verifyOne(vfs, path, digests, args.has("record"), session);
        return { path, done };
      } catch (error) {
        return { path, error };
      }
    });
    const verdicts: Verdict[] = [];
    for await (const { path, done, error } of outcomes) {
      if (done === undefined) {
        session.fail(error, error instanceof SizeMismatch ? EXIT.differs : undefined);
        const { message } = error as Error;
        if (json) verdicts.push({ path, ok: false, state: stateOf(error), error: message });
        continue;
      }
      if (json) verdicts.push({ path, ok: true, ...done });
      const [what, digests] = "checked" in done
        ? ["ok", done.checked]
        : ["recorded", done.recorded];
      if (!json) await out.line(`${path}: ${what} (${digests.join(", ")})`);
    }
    if (json) await out.json(verdicts);
  },
};
