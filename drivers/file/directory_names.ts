/**
 * The names in a directory, read as they are requested.
 *
 * @module
 */
import { isDeno } from "../../runtime/mod.ts";
import { unless } from "./errors.ts";
import type { Io } from "./io.ts";
import { opendir } from "./system.ts";

/**
 * Returns the names in a directory, which is closed in the end; none where reading fails with one of the
 * codes.
 */
export async function* namesIn(
  io: Io,
  path: string,
  codes: readonly string[] = [],
): AsyncGenerator<string> {
  const entries = entriesOf(path);
  let isReading = false;
  try {
    for (;;) {
      isReading = true;
      const entry = await unless(codes, io.wait(entries.next()));
      isReading = false;
      if (entry === undefined || entry.done) return;
      yield entry.value.name;
    }
  } finally {
    // What could not be opened fails once more; what is being read ends only after that.
    const closed = entries.return!().catch(() => {});
    if (!isReading) await io.cleanup.wait(closed);
  }
}

function entriesOf(path: string): AsyncIterator<{ name: string }> {
  // What Deno's `node:fs` has not read to its end it never closes.
  return isDeno() ? Deno.readDir(path)[Symbol.asyncIterator]() : nodeEntries(path);
}

async function* nodeEntries(path: string): AsyncGenerator<{ name: string }> {
  yield* await opendir(path);
}
