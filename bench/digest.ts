/**
 * The digests' own limit: md5 and sha512 over 4 MiB chunks in memory, on every backend.
 *
 * @module
 */
import { CHUNK_SIZE } from "../streams/bytes.ts";
import { createDigests, type DigestBackend } from "../streams/digest/mod.ts";
import { child, compare, measure } from "./harness.ts";

/** Chunks of a run: half a GiB, but few for the one that is six times slower. */
const CHUNKS: Record<DigestBackend, number> = {
  ffi: 128,
  wasm: 128,
  worker: 128,
  inline: 128,
  portable: 8,
};

async function digest(backend: DigestBackend, chunks: number): Promise<number> {
  const chunk = new Uint8Array(CHUNK_SIZE);
  const digests = await createDigests(["md5", "sha512"], { backend });
  for (let i = 0; i < chunks; i++) await digests.update(chunk);
  await digests.digest();
  return chunks * CHUNK_SIZE;
}

/** Measures all backends in turns. */
export async function digests(rounds?: number): Promise<void> {
  const backends = Object.keys(CHUNKS) as DigestBackend[];
  const contenders = backends.map((backend) => ({
    name: backend,
    against: "inline",
    run: () => child(Deno.execPath(), ["run", "--allow-all", import.meta.filename!, backend]),
  }));
  await compare("digests md5 + sha512", contenders, rounds);
}

if (import.meta.main) {
  const [backend] = Deno.args as DigestBackend[];
  if (backend) {
    // Threads are started and code is compiled once a process, not once an image.
    await digest(backend, Math.min(20, CHUNKS[backend]));
    await measure(() => digest(backend, CHUNKS[backend]));
  } else {
    await digests();
  }
}
