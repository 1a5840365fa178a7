/**
 * `vitrine cat`: images, or a range of one, on standard output.
 *
 * @module
 */
import type { GetOptions } from "../../store/mod.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Command, Misuse, type Session } from "../command.ts";
import { treePath } from "../place.ts";
import { chunksOf } from "../read.ts";

/** `A-B` with both ends in it, `A-`, or `-N` for the last N bytes, as in HTTP and curl. */
async function readRange(
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
    const { size = 0 } = await vfs.stat(path, session);
    return { offset: Math.max(0, size - Number(last)) };
  }
  throw new Misuse(`--range is A-B, A- or -N, in bytes, not ${JSON.stringify(text)}`);
}

/** `vitrine cat`. */
export const cat: Command = {
  usage: "cat [--range A-B] [--verify] PATH...",
  summary: "write images to standard output",
  options: [
    "--range A-B  bytes A to B, both in it; A- to the end, -N the last N",
    "--verify     check the digests that the store holds on the way",
  ],
  flags: ["verify"],
  strings: ["range"],
  operands: [1, Infinity],
  async run(session, args) {
    const { out, signal, context, json } = session;
    if (json) throw new Misuse("cat has no JSON form");
    const range = args.value("range");
    const vfs = await session.vfs();
    for (const path of args.operands.map(treePath)) {
      const part = range === undefined ? {} : await readRange(range, vfs, path, session);
      const verify = args.has("verify");
      const chunks = chunksOf(vfs, path, { ...part, verify, signal, context });
      for await (const chunk of chunks) await out.write(chunk);
    }
  },
};
