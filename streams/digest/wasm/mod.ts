/**
 * md5 and sha512 together, glance's pair, in WebAssembly: on the caller's own thread at first, and on
 * another one as soon as the image is worth it and there is one.
 *
 * @module
 */

import { encodeHex } from "../../encoding.ts";
import { type Algorithm, BackendUnavailable, type Engine } from "../engine.ts";
import { ThreadDigests } from "../thread_digests.ts";
import { CHUNKS_BEFORE_THREADS } from "../threads.ts";
import { openStates, type States, type StatesOptions } from "../worker.ts";
import { AT, BLOCK, INITIAL_STATES, laneAt, PART, WHOLE } from "./layout.ts";
import { stitched } from "./stitched.ts";

/** What starts the md5 of a part. */
const RESTART = laneAt(PART).map((at) => ({ at, bytes: INITIAL_STATES.slice(at, at + 4) }));

/** The module, compiled once. */
let module: Promise<WebAssembly.Module> | undefined;

class WasmEngine implements Engine {
  readonly #algorithms: readonly Algorithm[];
  readonly #module: WebAssembly.Module;
  readonly #states: States;
  /** A thread that is ready to go on in place of the states. */
  #ready: ThreadDigests | undefined;
  /** The thread that does. */
  #thread: ThreadDigests | undefined;
  #chunks = 0;
  /** What does not fill a block yet. */
  readonly #rest = new Uint8Array(BLOCK);
  #size = 0;
  #partStart = 0;
  #closed = false;

  constructor(module: WebAssembly.Module, algorithms: readonly Algorithm[]) {
    this.#module = module;
    this.#algorithms = algorithms;
    this.#states = openStates(this.#from(INITIAL_STATES));
  }

  #from(states: Uint8Array): StatesOptions {
    return { module: this.#module, states, space: AT.data, restart: RESTART };
  }

  update(chunk: Uint8Array): Promise<void> | void {
    if (++this.#chunks === CHUNKS_BEFORE_THREADS) this.#startThread().catch(() => {});
    const held = this.#size % BLOCK;
    const missing = held && BLOCK - held;
    this.#size += chunk.length;
    this.#rest.set(chunk.subarray(0, missing), held);
    if (chunk.length < missing) return;
    const end = chunk.length - this.#size % BLOCK;
    const blocks = [this.#rest.slice(0, held && BLOCK), chunk.subarray(missing, end)];
    this.#rest.set(chunk.subarray(end));
    return this.#feed(blocks);
  }

  /** Where the runtime has none, or no more, everything stays as it is. */
  async #startThread(): Promise<void> {
    const thread = new ThreadDigests();
    try {
      await thread.start(1);
    } catch (error) {
      thread.close();
      throw error;
    }
    if (this.#closed) thread.close();
    else this.#ready = thread;
  }

  #feed(blocks: Uint8Array[]): Promise<void> | void {
    if (this.#ready && !this.#thread) {
      this.#thread = this.#ready;
      // An update that follows fails too, and reports it.
      this.#thread.begin([this.#from(this.#states.digest())]).catch(() => {});
    }
    const thread = this.#thread;
    if (thread) return Promise.all(blocks.map((each) => thread.update(each))).then(() => {});
    for (const each of blocks) this.#states.update(each);
  }

  async #currentStates(): Promise<Uint8Array> {
    if (!this.#thread) return this.#states.digest();
    const [states] = await this.#thread.digest();
    return states as Uint8Array;
  }

  async endPart(): Promise<string> {
    const size = this.#size - this.#partStart;
    this.#partStart = this.#size;
    return this.#md5(await this.#currentStates(), PART, new Uint8Array(0), size);
  }

  async digest(): Promise<string[]> {
    const states = await this.#currentStates();
    const rest = this.#rest.subarray(0, this.#size % BLOCK);
    return this.#algorithms.map(({ node }) =>
      node === "md5" ? this.#md5(states, WHOLE, rest, this.#size) : this.#sha512(states, rest)
    );
  }

  #finish(states: Uint8Array, padded: Uint8Array): Uint8Array {
    const whole = new Uint8Array(Math.ceil(padded.length / BLOCK) * BLOCK);
    whole.set(padded);
    const last = openStates(this.#from(states));
    last.update(whole);
    return last.digest();
  }

  /** RFC 1321, section 3. */
  #md5(states: Uint8Array, lane: number, rest: Uint8Array, size: number): string {
    const padded = pad(rest, { block: BLOCK / 2, sizeBytes: 8, size, littleEndian: true });
    const ended = this.#finish(states, padded);
    const words = laneAt(lane, padded.length % BLOCK === 0 ? AT.md5 : AT.md5Half);
    return words.map((at) => encodeHex(ended.subarray(at, at + 4))).join("");
  }

  /** FIPS 180-4, section 6.4. */
  #sha512(states: Uint8Array, rest: Uint8Array): string {
    const padded = pad(rest, {
      block: BLOCK,
      sizeBytes: 16,
      size: this.#size,
      littleEndian: false,
    });
    const digest = this.#finish(states, padded).slice(AT.sha512, AT.sha512 + 64);
    for (let word = 0; word < 64; word += 8) digest.subarray(word, word + 8).reverse();
    return encodeHex(digest);
  }

  close(): void {
    this.#closed = true;
    this.#ready?.close();
  }
}

/** How a digest pads. */
interface Padding {
  /** Bytes of its block. */
  block: number;
  /** Bytes that the size takes. */
  sizeBytes: number;
  /** Size of all data in bytes. */
  size: number;
  littleEndian: boolean;
}

/** The last bytes, a bit, zeros and the size in bits: whole blocks. */
function pad(rest: Uint8Array, { block, sizeBytes, size, littleEndian }: Padding): Uint8Array {
  const padded = new Uint8Array(Math.ceil((rest.length + 1 + sizeBytes) / block) * block);
  padded.set(rest);
  padded[rest.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, 8n * BigInt(size), littleEndian);
  return padded;
}

/**
 * Starts digests that WebAssembly computes: md5 and sha512 together.
 *
 * @param algorithms What to compute.
 * @returns The engine, to be fed with bytes.
 * @throws {BackendUnavailable} If other algorithms are wanted, or the runtime does not compile WebAssembly.
 */
export async function openWasm(algorithms: readonly Algorithm[]): Promise<Engine> {
  if (algorithms.map(({ node }) => node).sort().join() !== "md5,sha512") {
    throw new BackendUnavailable("only md5 and sha512 together are done in WebAssembly");
  }
  try {
    module ??= WebAssembly.compile(stitched());
    return new WasmEngine(await module, algorithms);
  } catch (cause) {
    throw new BackendUnavailable("this runtime compiles no WebAssembly", { cause });
  }
}
