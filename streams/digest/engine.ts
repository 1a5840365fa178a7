/**
 * What a backend of the digests implements: the hashing alone, without names and state.
 *
 * @module
 */

import type { Algorithm } from "./algorithms.ts";

/** Digests being computed by one backend; called in order, nothing after `close`. */
export interface Engine {
  /**
   * Feeds bytes; they are borrowed until it returns or its promise resolves. The next ones may come
   * before that, `digest` may not.
   */
  update(chunk: Uint8Array): Promise<void> | void;
  /**
   * Ends a part, and resolves to the md5 of the bytes since the last one ended, in lower-case hex.
   * Only where a backend has it; parts are {@linkcode PART_BLOCK} bytes or a multiple of that.
   */
  endPart?(): Promise<string>;
  /** The digests as lower-case hex, in the order of the algorithms. */
  digest(): Promise<string[]> | string[];
  /** Frees what is held, at any moment; an update under way still settles, without an error. */
  close(): void;
}

/** What the size of parts is a multiple of, in bytes. */
export const PART_BLOCK = 128;

/** Starts a backend, or throws {@linkcode BackendUnavailable} where this runtime has none. */
export type OpenEngine = (algorithms: readonly Algorithm[]) => Promise<Engine> | Engine;

/** The backend cannot run here, or not these algorithms; another one may. */
export class BackendUnavailable extends Error {
  /** The class's name, which survives minification. */
  override readonly name: string = "BackendUnavailable";
}
