/**
 * The bytes of a connection: exact reads with a timeout, and replies in the order in which they were sent.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import type { NbdConnection } from "./connection.ts";
import { NbdProtocolError } from "./protocol.ts";

/** The size of a buffer for what is received, and of one for small replies, in bytes. */
const BUFFER = 64 * 1024;

/** The client has gone, or was closed. */
export class Disconnected extends Error {}

/** Small buffers that one connection after the other uses. */
export class SocketBuffers {
  readonly #free: Bytes[] = [];

  /** Returns a buffer of 64 KiB. */
  take(): Bytes {
    return this.#free.pop() ?? new Uint8Array(BUFFER);
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer A buffer that nothing writes to any more.
   */
  giveBack(buffer: Bytes): void {
    this.#free.push(buffer);
  }
}

interface Reply {
  bytes: Bytes;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** A connection that is read in exact amounts. */
export class NbdSocket {
  readonly #connection: NbdConnection;
  readonly #buffers: SocketBuffers;
  readonly #stallTimeout: number;
  readonly #input: Bytes;
  /** Where the bytes in the buffer begin and end that have not been read yet. */
  #start = 0;
  #end = 0;
  #output: Bytes | undefined;
  #replies: Reply[] = [];
  /** Whether replies wait for those to requests that have arrived already. */
  #isHolding = false;
  #sending: Promise<void> | undefined;
  /** Why nothing can be sent any more. */
  #failure: Error | undefined;
  /** When the client last took bytes, on the clock of `performance.now`. */
  #progress = 0;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Wraps a connection.
   *
   * @param connection The connection.
   * @param buffers The buffers of all connections.
   * @param stallTimeout How long the client may receive nothing of a reply, in milliseconds.
   */
  constructor(connection: NbdConnection, buffers: SocketBuffers, stallTimeout: number) {
    this.#connection = connection;
    this.#buffers = buffers;
    this.#stallTimeout = stallTimeout;
    this.#input = buffers.take();
  }

  /**
   * Reads an exact number of bytes.
   *
   * @param count The number of bytes, at most 64 KiB.
   * @param timeout How long to wait for them, in milliseconds.
   * @returns The bytes, until the next read, or `undefined` if the connection ended before.
   * @throws {NbdProtocolError} If the timeout passed.
   */
  async read(count: number, timeout: number): Promise<Bytes | undefined> {
    if (this.#end - this.#start < count && !await this.#fill(count, timeout)) return undefined;
    const bytes = this.#input.subarray(this.#start, this.#start += count);
    this.#isHolding = this.#start < this.#end;
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
      if (this.#start === this.#end && !await this.#fill(1, timeout)) return false;
      const taken = Math.min(left, this.#end - this.#start);
      this.#start += taken;
      left -= taken;
    }
    return true;
  }

  /**
   * Sends bytes after those that were to be sent before. As long as there is more to read that has arrived
   * already, small ones are held back, to be sent together.
   *
   * @param bytes The bytes. They may be changed once this resolves.
   * @throws {NbdProtocolError} If the client receives nothing in time.
   * @throws {Disconnected} If the connection is closed.
   */
  write(bytes: Bytes): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#replies.push({ bytes, resolve, reject });
      if (!this.#isHolding || bytes.length >= BUFFER / 2) this.#sending ??= this.#send();
    });
  }

  /** Sends what is held back, and holds nothing back until the next read. To be called before waiting for a write. */
  flush(): void {
    this.#isHolding = false;
    if (this.#replies.length > 0) this.#sending ??= this.#send();
  }

  /** Closes the connection at once. */
  destroy(): void {
    clearTimeout(this.#stallTimer);
    this.#failure ??= new Disconnected("the connection is closed");
    this.#connection.close();
  }

  /** Closes the connection, and gives its buffers back. Nothing may be read any more. */
  async release(): Promise<void> {
    this.destroy();
    await this.#sending;
    this.#buffers.giveBack(this.#input);
    if (this.#output) this.#buffers.giveBack(this.#output);
  }

  async #fill(count: number, timeout: number): Promise<boolean> {
    this.flush();
    this.#input.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    let isLate = false;
    const late = () => {
      isLate = true;
      this.destroy();
    };
    const timer = Number.isFinite(timeout) ? setTimeout(late, timeout) : undefined;
    try {
      while (this.#end < count) {
        // A connection that broke has ended.
        const read = await this.#connection.read(this.#input.subarray(this.#end)).catch(() => 0);
        if (isLate) throw new NbdProtocolError("the client sends nothing");
        if (read === 0) return false;
        this.#end += read;
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends all replies that wait, and those that come meanwhile. */
  async #send(): Promise<void> {
    this.#progress = performance.now();
    this.#stallTimer ??= setTimeout(() => this.#checkProgress(), this.#stallTimeout);
    while (this.#replies.length > 0) {
      const [bytes, count] = this.#next();
      const sent = this.#replies.splice(0, count);
      try {
        await this.#sendAll(bytes);
        for (const { resolve } of sent) resolve();
      } catch {
        this.destroy();
        for (const { reject } of sent) reject(this.#failure);
      }
    }
    this.#sending = undefined;
  }

  /** The bytes to send next, and how many replies they are: small ones that wait are sent together. */
  #next(): [bytes: Bytes, count: number] {
    const [first, second] = this.#replies;
    if (second === undefined || first!.bytes.length + second.bytes.length > BUFFER) {
      return [first!.bytes, 1];
    }
    const output = this.#output ??= this.#buffers.take();
    let size = 0;
    let count = 0;
    for (const { bytes } of this.#replies) {
      if (size + bytes.length > BUFFER) break;
      output.set(bytes, size);
      size += bytes.length;
      count++;
    }
    return [output.subarray(0, size), count];
  }

  async #sendAll(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.#failure) throw this.#failure;
      at += await this.#connection.write(at === 0 ? bytes : bytes.subarray(at));
      this.#progress = performance.now();
    }
  }

  /** Runs once in a while, so that a reply costs no timer. */
  #checkProgress(): void {
    this.#stallTimer = undefined;
    if (this.#sending === undefined) return;
    const left = this.#progress + this.#stallTimeout - performance.now();
    if (left > 0) {
      this.#stallTimer = setTimeout(() => this.#checkProgress(), left);
      return;
    }
    this.#failure ??= new NbdProtocolError("the client receives nothing");
    this.destroy();
  }
}
