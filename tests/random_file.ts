/**
 * Fills files with random bytes, for tests and benches.
 *
 * @module
 */

/**
 * Fills a file with random bytes and waits until they are on the disk: otherwise they would be
 * written while the first rounds of a bench are measured.
 *
 * @param path The file, created if it does not exist.
 * @param mib Its size in MiB.
 */
export async function writeRandom(path: string, mib: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  const piece = new Uint8Array(65_536);
  for (let at = 0; at < mib * 1024 * 1024; at += piece.length) {
    await file.write(crypto.getRandomValues(piece));
  }
  await file.syncData();
}
