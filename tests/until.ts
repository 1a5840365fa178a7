/**
 * Waiting for what a server does in its own time.
 *
 * @module
 */

/** Waits until `check` holds, for a minute at most. */
export async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!await check()) {
    if (Date.now() > deadline) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
