/**
 * `vitrine cat`: images, or a range of one, on standard output.
 *
 * @module
 */
import type { GetOptions } from "../../store/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Command, type Session, UsageError } from "../command.ts";
import { parseTreePath } from "../place.ts";
import { chunksOf } from "../tree.ts";

/** Parses `A-B` with both ends included, `A-`, or `-N` for the last N bytes, as HTTP and curl have it. */
async function parseRange(
  text: string,
  vfs: Vfs,
  path: string,
  session: Session,
): Promise<GetOptions> {
  const [, first, last] = /^(\d*)-(\d*)$/.exec(text) ?? [];
  if (first && last && Number(first) <= Number(last)) {
    return { offset: Number(first), length: Number(last) - Number(first) + 1 };
  }
  if (first && !last) return { offset: Number(first) };
  if (!first && last) {
    const { size } = await vfs.stat(path, session.options);
    if (size === undefined) throw new Error(`cat ${path}: its size is not known: no -N`);
    return { offset: Math.max(0, size - Number(last)) };
  }
  throw new UsageError(`--range is A-B, A- or -N, in bytes, not ${JSON.stringify(text)}`);
}

/** Notes why a copy is not read, or not to its end. */
function noteOf(session: Session) {
  return (_path: string, reason: unknown) => session.note((reason as Error).message);
}

/** `vitrine cat`. */
export const cat: Command = {
  operands: "PATH...",
  count: [1, Infinity],
  options: [
    {
      name: "range",
      value: "A-B",
      help: "bytes A to B, both included; A- to the end, -N the last N",
    },
    { name: "verify", help: "check the digests that the store holds on the way" },
    {
      name: "or",
      value: "PATH",
      repeated: true,
      help: "another copy of the image, with which the read goes on if a store fails",
      candidates: "tree",
    },
  ],
  candidates: "tree",
  examples: [
    "vitrine cat --range 0-511 /local/disk.raw | xxd",
    "vitrine cat /cloud/disk.raw --or /mirror/disk.raw > disk.raw",
  ],
  async run(session, args) {
    const { out, json } = session;
    if (json) throw new UsageError("cat has no JSON form");
    const range = args.value("range");
    const paths = args.operands.map(parseTreePath);
    const others = args.values("or").map(parseTreePath);
    if (others.length > 0 && paths.length > 1) throw new UsageError("--or is of one image");
    const vfs = await session.vfs();
    for (const path of paths) {
      const part = range === undefined ? {} : await parseRange(range, vfs, path, session);
      const verify = args.has("verify");
      const options = { ...part, verify, ...session.options };
      const chunks = others.length === 0
        ? chunksOf(vfs, path, options)
        : (await vfs.getAny([path, ...others], { ...options, onFailure: noteOf(session) }))
          .stream;
      for await (const chunk of chunks) await out.write(chunk);
    }
  },
};
