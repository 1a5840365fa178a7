/**
 * xz by liblzma, the library of the program `xz`, through Deno's FFI. It is twice as fast as WebAssembly, and
 * knows every check and filter of the format.
 *
 * @module
 */
import { openLibrary } from "../../runtime/native_library.ts";
import type { Bytes } from "../bytes.ts";
import type { PackedInput } from "./packed_input.ts";

/** From `lzma/base.h` and `lzma/container.h`; the version in the library's name stands for them. */
const SYMBOLS = {
  lzma_stream_decoder: { parameters: ["buffer", "u64", "u32"], result: "i32" },
  lzma_code: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  lzma_end: { parameters: ["buffer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** liblzma, once it is loaded. */
type Liblzma = Deno.DynamicLibrary<typeof SYMBOLS>;

/** The size of a `lzma_stream` where pointers have 64 bits, and where those to the input and the output are. */
const STREAM = { size: 136, nextIn: 0, nextOut: 24 } as const;

/** Behind a pointer, the number of bytes that it points to. */
const LENGTH = 8;

/** Has a check that the library does not know reported, which it would pass over. */
const TELL_UNSUPPORTED_CHECK = 2;

/** What is done with the input: more of it comes, or none. */
const RUN = 0, FINISH = 3;

/** What the library returns. */
const OK = 0, STREAM_END = 1, NO_PROGRESS = 10;

/** What is said of the other results. */
const REASONS: Readonly<Record<number, string>> = {
  3: "it has a check that is not known",
  5: "its window needs more memory than there is",
  6: "its window is too large",
  7: "other bytes than xz has follow, or begin it",
  8: "it has a filter that is not known",
  9: "a check does not match, or the data is damaged",
};

/** The most memory that is taken, in bytes: enough for the window of `xz -9`, 64 MiB. */
const MEMORY = 69_206_016n;

/** The most bytes that are unpacked at a time. */
const OUTPUT = 1_048_576;

/**
 * Loads liblzma.
 *
 * @returns The library, to be closed by who unpacks with it, or `undefined` where it cannot be had.
 */
export function openLiblzma(): Liblzma | undefined {
  return openLibrary("liblzma.so.5", SYMBOLS);
}

/**
 * Unpacks xz.
 *
 * @param input The packed bytes.
 * @param library liblzma. It is closed at the end.
 * @returns The unpacked bytes. Each chunk is lent until the next one is requested.
 * @throws {Invalid} If they are cut off, corrupt, or followed by other bytes.
 */
export async function* unxzByLiblzma(
  input: PackedInput,
  library: Liblzma,
): AsyncGenerator<Uint8Array> {
  try {
    do {
      const decoder = new Decoder(library.symbols);
      try {
        yield* unpackStream(input, decoder);
      } finally {
        decoder.close();
      }
    } while (!await isAtEnd(input));
  } finally {
    library.close();
  }
}

async function* unpackStream(input: PackedInput, decoder: Decoder): AsyncGenerator<Uint8Array> {
  for (let action: number = RUN;;) {
    if (decoder.unread.length === 0 && action === RUN) {
      const piece = await input.next();
      decoder.supply(piece as Bytes);
      if (piece.length === 0) action = FINISH;
    }
    const { result, chunk } = await decoder.decode(action);
    if (chunk.length > 0) yield chunk;
    if (result === STREAM_END) return input.giveBack(decoder.unread);
    if (result === NO_PROGRESS) throw input.truncated();
    if (result !== OK) throw input.corrupt(REASONS[result] ?? `liblzma returns ${result}`);
  }
}

/** Skips the padding after a stream (format, section 2.2). Returns whether no stream follows. */
async function isAtEnd(input: PackedInput): Promise<boolean> {
  for (let zeros = 0;;) {
    const piece = await input.next();
    const other = piece.findIndex((byte) => byte !== 0);
    zeros += other < 0 ? piece.length : other;
    if (piece.length > 0 && other < 0) continue;
    if (zeros % 4 !== 0) throw input.garbage();
    if (piece.length === 0) return true;
    input.giveBack(piece.subarray(other));
    return false;
  }
}

/** The decoder of one stream. */
class Decoder {
  readonly #liblzma: Liblzma["symbols"];
  readonly #stream = new Uint8Array(new ArrayBuffer(STREAM.size));
  readonly #fields = new DataView(this.#stream.buffer);
  // Held here, because the library has their addresses alone.
  readonly #output = new Uint8Array(new ArrayBuffer(OUTPUT));
  #input: Bytes = new Uint8Array();

  constructor(liblzma: Liblzma["symbols"]) {
    this.#liblzma = liblzma;
    const result = liblzma.lzma_stream_decoder(this.#stream, MEMORY, TELL_UNSUPPORTED_CHECK);
    if (result !== OK) throw new Error(`liblzma has no decoder: it returns ${result}`);
  }

  /** The part of the input that was not taken yet. */
  get unread(): Bytes {
    const length = Number(this.#fields.getBigUint64(STREAM.nextIn + LENGTH, true));
    return this.#input.subarray(this.#input.length - length);
  }

  /** Supplies more input, once the one before has been taken. */
  supply(input: Bytes): void {
    this.#input = input;
    this.#pointTo(input, STREAM.nextIn);
  }

  /** Unpacks, on another thread, as much as there is input or room for. */
  async decode(action: number): Promise<{ result: number; chunk: Bytes }> {
    this.#pointTo(this.#output, STREAM.nextOut);
    const result = await this.#liblzma.lzma_code(this.#stream, action);
    const room = Number(this.#fields.getBigUint64(STREAM.nextOut + LENGTH, true));
    return { result, chunk: this.#output.subarray(0, OUTPUT - room) };
  }

  /** Frees what the library has allocated. No call may be under way. */
  close(): void {
    this.#liblzma.lzma_end(this.#stream);
  }

  #pointTo(bytes: Bytes, field: number): void {
    const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
    this.#fields.setBigUint64(field, BigInt(address), true);
    this.#fields.setBigUint64(field + LENGTH, BigInt(bytes.length), true);
  }
}
