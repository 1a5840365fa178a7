/**
 * The bytes of a connection: exact reads with a timeout, and writes that wait until they are sent.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Bytes } from "../../streams/mod.ts";
import { NbdProtocolError } from "./protocol.ts";

/** How many bytes may wait to be read before the client has to wait. */
const BUFFERED = 128 * 1024;
/** The most bytes of one write, so that a slow client is seen to make progress. */
const WRITE_SIZE = 1024 * 1024;

/** A connection that is read in exact amounts. */
export class NbdSocket {
  readonly #socket: Socket;
  readonly #stallTimeout: number;
  readonly #chunks: Bytes[] = [];
  #size = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  /**
   * Wraps a connection, and begins to receive.
   *
   * @param socket The connection.
   * @param stallTimeout How long the client may receive nothing of a write, in milliseconds.
   */
  constructor(socket: Socket, stallTimeout: number) {
    this.#socket = socket;
    this.#stallTimeout = stallTimeout;
    const over = () => {
      this.#isOver = true;
      this.#wake?.();
    };
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on("end", over);
    socket.on("close", over);
    socket.on("error", over);
    socket.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk as Bytes);
      this.#size += chunk.length;
      if (this.#size >= BUFFERED) socket.pause();
      this.#wake?.();
    });
  }

  /**
   * Reads an exact number of bytes.
   *
   * @param count The number of bytes, at most 64 KiB.
   * @param timeout How long to wait for them, in milliseconds.
   * @returns The bytes, or `undefined` if the connection ended before.
   * @throws {NbdProtocolError} If the timeout passed.
   */
  async read(count: number, timeout: number): Promise<Bytes | undefined> {
    if (!await this.#fill(count, timeout)) return undefined;
    const first = this.#chunks[0];
    if (first && first.length > count) {
      this.#chunks[0] = first.subarray(count);
      this.#taken(count);
      return first.subarray(0, count);
    }
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) at += this.#take(bytes.subarray(at));
    return bytes;
  }

  /**
   * Reads bytes that are of no use, without keeping them.
   *
   * @param count The number of bytes.
   * @param timeout How long to wait for each part of them, in milliseconds.
   * @returns Whether all of them came before the connection ended.
   * @throws {NbdProtocolError} If the timeout passed.
   */
  async skip(count: number, timeout: number): Promise<boolean> {
    for (let left = count; left > 0;) {
      if (!await this.#fill(1, timeout)) return false;
      const first = this.#chunks[0]!;
      const taken = Math.min(left, first.length);
      if (taken === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(taken);
      this.#taken(taken);
      left -= taken;
    }
    return true;
  }

  /**
   * Sends bytes.
   *
   * @param bytes The bytes. They may be changed once this resolves.
   * @throws {Error} If the connection is closed, or the client receives nothing in time.
   */
  async write(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length; at += WRITE_SIZE) {
      await this.#writePart(bytes.subarray(at, at + WRITE_SIZE));
    }
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #writePart(part: Bytes): Promise<void> {
    return new Promise((resolve, reject) => {
      const stalled = () => {
        // First: what is written behind it fails because of the destruction.
        reject(new NbdProtocolError("the client receives nothing"));
        this.destroy();
      };
      const timer = setTimeout(stalled, this.#stallTimeout);
      this.#socket.write(part, (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  async #fill(count: number, timeout: number): Promise<boolean> {
    if (this.#size >= count) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isLate = false;
    const late = () => {
      isLate = true;
      this.#wake?.();
    };
    if (Number.isFinite(timeout)) timer = setTimeout(late, timeout);
    try {
      while (this.#size < count) {
        if (this.#isOver) return false;
        if (isLate) throw new NbdProtocolError("the client sends nothing");
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      return true;
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  #take(view: Bytes): number {
    const first = this.#chunks[0]!;
    const part = first.subarray(0, view.length);
    view.set(part);
    if (part.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(part.length);
    this.#taken(part.length);
    return part.length;
  }

  #taken(count: number): void {
    this.#size -= count;
    if (this.#socket.isPaused() && this.#size < BUFFERED) this.#socket.resume();
  }
}
