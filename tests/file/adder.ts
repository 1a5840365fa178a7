/**
 * Adds images whose bytes follow from their ids, from a process that may be killed, and says what
 * became of each.
 *
 * Usage: `adder.ts DATADIR KILL_AT ID...`: kills itself when it has given so many bytes to its store;
 * 0 is never. With `go` on standard input all begin at once.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";

/** Numbers from 0 to 1 that follow from a text. */
export function numbers(text: string): () => number {
  let state = 1;
  for (const character of text) state = (Math.imul(state, 31) + character.codePointAt(0)!) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The bytes of an image, in pieces; `writer` makes them a writer's own. */
export function* contentOf(imageId: string, writer = ""): Generator<Uint8Array<ArrayBuffer>> {
  const next = numbers(imageId);
  const own = numbers(`${imageId} ${writer}`);
  // From nothing to three chunks.
  for (let left = Math.floor(next() ** 2 * 12_000_000); left > 0;) {
    const piece = new Uint8Array(Math.min(left, 1 + Math.floor(next() * 500_000)));
    piece.fill(Math.floor(own() * 256));
    left -= piece.length;
    yield piece;
  }
}

async function main(datadir: string, killAt: number, imageIds: string[]): Promise<void> {
  const store = new FileStore("files", { datadir });
  await store.configure();
  console.error("ready");
  await Deno.stdin.read(new Uint8Array(8));
  let given = 0;
  async function* source(imageId: string): AsyncGenerator<Uint8Array> {
    for (const piece of contentOf(imageId, `${Deno.pid}`)) {
      given += piece.length;
      if (killAt > 0 && given >= killAt) Deno.kill(Deno.pid, "SIGKILL");
      yield piece;
    }
  }
  const said = await Promise.all(
    imageIds.map((imageId) =>
      store.add(imageId, source(imageId)).then(() => "added", (error) => error.name)
    ),
  );
  console.log(JSON.stringify(said));
}

if (import.meta.main) {
  const [datadir, killAt, ...imageIds] = Deno.args;
  await main(datadir!, Number(killAt), imageIds);
}
