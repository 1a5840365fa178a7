/**
 * The reader between a driver and the caller's stream: aborts, and errors that say where.
 *
 * @module
 */
import { abortable } from "../streams/abort.ts";
import type { ByteReader } from "../streams/mod.ts";

/**
 * A reader whose errors pass through `wrap`, and which fails and is released as soon as the signal
 * aborts, whether somebody reads at that moment or not.
 */
export function guarded(
  reader: ByteReader,
  signal: AbortSignal | undefined,
  wrap: (error: unknown) => Promise<unknown>,
): ByteReader {
  const abort = abortable(signal);
  const release = () => void reader.close(signal!.reason).catch(() => {});
  signal?.addEventListener("abort", release, { once: true });
  return {
    async read(view) {
      try {
        return await abort.race(reader.read(view));
      } catch (error) {
        throw await wrap(error);
      }
    },
    async close(reason) {
      abort.dispose();
      signal?.removeEventListener("abort", release);
      await reader.close(reason);
    },
  };
}
