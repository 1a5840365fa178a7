/**
 * The digests' own limit: md5 and sha512 over 4 MiB chunks in memory, on every backend.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { CHUNK_SIZE } from "../streams/bytes.ts";
import { createDigests, type DigestBackend } from "../streams/digest/mod.ts";
import { child, compare, measure } from "./harness.ts";

const program = fromFileUrl(import.meta.url);
/** What only tests and benches need is not in the lock file of users. */
const LOCK = fromFileUrl(new URL("../tests/deno.lock", import.meta.url));

/** A package of npm that does the same in WebAssembly, one digest after the other. */
const PEER = "hash-wasm";

/** What is measured: our engines and the peer. */
type Contender = DigestBackend | typeof PEER;

/** Chunks of a run: half a GiB, but few for the one that is six times slower. */
const CHUNKS: Record<Contender, number> = {
  ffi: 128,
  wasm: 128,
  [PEER]: 128,
  worker: 128,
  inline: 128,
  portable: 8,
};

async function digest(contender: Contender, chunks: number): Promise<number> {
  const chunk = new Uint8Array(CHUNK_SIZE);
  if (contender === PEER) {
    // deno-lint-ignore no-import-prefix
    const { createMD5, createSHA512 } = await import("npm:hash-wasm@4.12.0");
    const hashers = [await createMD5(), await createSHA512()];
    for (let i = 0; i < chunks; i++) for (const hasher of hashers) hasher.update(chunk);
    for (const hasher of hashers) hasher.digest("hex");
  } else {
    const digests = await createDigests(["md5", "sha512"], { backend: contender });
    for (let i = 0; i < chunks; i++) await digests.update(chunk);
    await digests.digest();
  }
  return chunks * CHUNK_SIZE;
}

/** Measures all engines and the peer in turns. */
export async function digests(rounds?: number): Promise<void> {
  const contenders = Object.keys(CHUNKS).map((name) => ({
    name,
    against: "inline",
    run: () => child(Deno.execPath(), ["run", "--allow-all", `--lock=${LOCK}`, program, name]),
  }));
  await compare("digests md5 + sha512", contenders, rounds);
}

if (import.meta.main) {
  const [contender] = Deno.args as Contender[];
  if (contender) {
    // Threads are started and code is compiled once a process, not once an image.
    await digest(contender, Math.min(20, CHUNKS[contender]));
    await measure(() => digest(contender, CHUNKS[contender]));
  } else {
    await digests();
  }
}
