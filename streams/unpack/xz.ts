/**
 * xz (https://tukaani.org/xz/xz-file-format.txt), by liblzma where it can be had, or else by xz-embedded in
 * WebAssembly. The latter knows the checks CRC-32, CRC-64 and none, and no BCJ filters.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import { isWorkerd, runtimeName } from "../../runtime/mod.ts";
import { openLiblzma, unxzByLiblzma } from "./liblzma.ts";
import type { PackedInput } from "./packed_input.ts";

/** What is said of the error codes of xz-embedded. */
const REASONS: Readonly<Record<string, string>> = {
  "3": "its window needs more memory than there is",
  "4": "its window is too large",
  "5": "other bytes than xz has follow, or begin it",
  "6": "it has a filter other than LZMA2, or a check other than CRC-32, CRC-64 and none",
  "7": "a check does not match, or the data is damaged",
};

/** The error code of data that ends too early. */
const TOO_SHORT = "8";

/**
 * Unpacks xz.
 *
 * @param input The packed bytes.
 * @returns The unpacked bytes. Each chunk is lent until the next one is requested.
 * @throws {Invalid} If they are cut off, corrupt, or followed by other bytes, or have a filter or a check
 * that is not known.
 */
export async function* unxz(input: PackedInput): AsyncGenerator<Uint8Array> {
  const liblzma = openLiblzma();
  yield* liblzma ? unxzByLiblzma(input, liblzma) : unxzByWasm(input);
}

async function* unxzByWasm(input: PackedInput): AsyncGenerator<Uint8Array> {
  if (isWorkerd()) {
    throw new Invalid(`${runtimeName()} cannot unpack xz: it takes no WebAssembly from bytes`);
  }
  const { default: { XzReadableStream } } = await import("xz-decompress");
  let failure: unknown;
  const packed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const piece = await input.next();
        if (piece.length > 0) controller.enqueue(piece);
        else controller.close();
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  }, { highWaterMark: 0 });
  try {
    for await (const chunk of new XzReadableStream(packed)) yield chunk;
  } catch (error) {
    if (failure !== undefined) throw failure;
    const { message } = error as Error;
    const code = /\d+/.exec(message)?.[0] ?? "";
    if (code === TOO_SHORT) throw input.truncated();
    throw input.corrupt(REASONS[code] ?? message, error);
  }
}
