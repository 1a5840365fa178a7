/**
 * `vitrine verify`: whether images still are what was added.
 *
 * @module
 */
import type { ExpectedDigests } from "../../streams/mod.ts";
import { withTreePath } from "../../vfs/errors.ts";
import type { Vfs } from "../../vfs/mod.ts";
import { type Arguments, type Command, Misuse, type Session } from "../command.ts";
import { treePath } from "../place.ts";
import { Progress } from "../progress.ts";
import { below } from "../walk.ts";

function given(args: Arguments): ExpectedDigests | undefined {
  const checksum = args.value("md5");
  const text = args.value("multihash");
  if (checksum === undefined && text === undefined) return undefined;
  const [, algo, value] = /^([a-z0-9-]+):([0-9a-f]+)$/i.exec(text ?? "") ?? [];
  if (text !== undefined && (!algo || !value)) throw new Misuse("--multihash is ALGO:HEX");
  return { checksum, multihash: algo && value ? { algo, value } : undefined };
}

async function* imagesBelow(
  vfs: Vfs,
  path: string,
  session: Session,
  fail: (error: unknown, path: string) => void,
): AsyncGenerator<string> {
  if ((await vfs.stat(path, session)).isFile) return yield path;
  for await (const entry of below(vfs, path, true, session, fail)) {
    if (entry.isFile) yield entry.path;
  }
}

async function verifyOne(
  vfs: Vfs,
  path: string,
  expected: ExpectedDigests | undefined,
  { signal, context }: Session,
): Promise<{ path: string; size: number; checked: string[] }> {
  const { checksum, multihash } = expected ?? await vfs.stat(path, { signal, context });
  const checked = [checksum && "md5", multihash?.algo].filter((name) => name !== undefined);
  const verify = checked.length === 0 ? true : { checksum, multihash };
  return await withTreePath(path, async () => {
    const { stream, size } = await vfs.get(path, { verify, signal, context });
    using progress = new Progress(path, size);
    let count = 0;
    for await (const chunk of stream) {
      progress.update(chunk);
      count += chunk.length;
    }
    return { path, size: count, checked: checked as string[] };
  });
}

/** `vitrine verify`. */
export const verify: Command = {
  usage: "verify [--md5 HEX] [--multihash ALGO:HEX] PATH...",
  summary: "read images whole and check their digests: those given, or those that the store holds",
  strings: ["md5", "multihash"],
  operands: [1, Infinity],
  async run(session, args) {
    const { out, json } = session;
    const expected = given(args);
    const operands = args.operands.map(treePath);
    const vfs = await session.vfs();
    const verified: unknown[] = [];
    const fail = (error: unknown, path: string) => {
      session.fail(error);
      verified.push({ path, ok: false, error: (error as Error).message });
    };
    for (const operand of operands) {
      try {
        for await (const path of imagesBelow(vfs, operand, session, fail)) {
          try {
            const { checked, ...result } = await verifyOne(vfs, path, expected, session);
            verified.push({ ...result, ok: true, checked });
            if (!json) await out.line(`${path}: ok (${checked.join(", ")})`);
          } catch (error) {
            fail(error, path);
          }
        }
      } catch (error) {
        fail(error, operand);
      }
    }
    if (json) await out.json(verified);
  },
};
