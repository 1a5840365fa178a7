/**
 * The bytes of a connection: exact reads with a timeout, and replies in the order in which they were sent.
 *
 * @module
 */
import { MAX_TIMER } from "../../streams/abort.ts";
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
  /** When the client is given up if it sends, or receives, nothing until then, on the clock of `performance.now`. */
  #readDeadline = Infinity;
  #writeDeadline = Infinity;
  /** One timer for all of them, which looks again, so that a request or a reply costs none. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

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
    clearTimeout(this.#timer);
    this.#timerAt = -Infinity;
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
    this.#readDeadline = performance.now() + timeout;
    this.#watch();
    while (this.#end < count) {
      // A connection that broke has ended.
      const read = await this.#connection.read(this.#input.subarray(this.#end)).catch(() => 0);
      if (this.#failure instanceof NbdProtocolError) throw this.#failure;
      if (read === 0) return false;
      this.#end += read;
    }
    this.#readDeadline = Infinity;
    return true;
  }

  /** Sends all replies that wait, and those that come meanwhile. */
  async #send(): Promise<void> {
    this.#writeDeadline = performance.now() + this.#stallTimeout;
    this.#watch();
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
    this.#writeDeadline = Infinity;
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
      this.#writeDeadline = performance.now() + this.#stallTimeout;
    }
  }

  #watch(): void {
    const at = Math.min(this.#readDeadline, this.#writeDeadline);
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => this.#checkDeadlines(),
      Math.min(at - performance.now(), MAX_TIMER),
    );
  }

  #checkDeadlines(): void {
    this.#timerAt = Infinity;
    const now = performance.now();
    if (now >= this.#readDeadline) this.#giveUp("the client sends nothing");
    else if (now >= this.#writeDeadline) this.#giveUp("the client receives nothing");
    else this.#watch();
  }

  #giveUp(why: string): void {
    this.#failure ??= new NbdProtocolError(why);
    this.destroy();
  }
}
