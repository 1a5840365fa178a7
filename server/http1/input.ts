/**
 * What arrives on a connection: heads, lines and bodies of requests.
 *
 * @module
 */
import type { ByteReader, Bytes } from "../../streams/mod.ts";
import type { Activity } from "./activity.ts";
import { RequestError } from "./request_head.ts";

/** A connection as the server uses it. `Deno.TcpConn` is one. */
export interface Socket {
  /**
   * Reads the next bytes.
   *
   * @param view The buffer to fill from its start.
   * @returns The number of bytes, or `null` at the end.
   */
  read(view: Uint8Array): Promise<number | null>;
  /**
   * Writes bytes, perhaps only the first of them.
   *
   * @param bytes What is to be sent.
   * @returns The number of bytes that were written.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more will be written. */
  closeWrite(): Promise<void>;
  /** Closes the connection; reads and writes under way fail. */
  close(): void;
}

/** The largest head of a request, in bytes. */
const MAX_HEAD = 16_384;
/** The longest line of a chunked body, in bytes: a size with its extensions, or a trailer field. */
const MAX_LINE = 1024;
/** The most trailer fields of a chunked body. */
const MAX_TRAILERS = 32;

/** Reads a connection through a buffer of 16 KiB. */
export class Input {
  readonly #socket: Socket;
  readonly #activity: Activity;
  #buffer = new Uint8Array(MAX_HEAD);
  #start = 0;
  #end = 0;

  /**
   * Reads from a socket.
   *
   * @param socket The socket.
   * @param activity Where progress is noted.
   */
  constructor(socket: Socket, activity: Activity) {
    this.#socket = socket;
    this.#activity = activity;
  }

  /**
   * Reads the head of the next request.
   *
   * @returns The head without its empty line, one character per byte; `undefined` if the connection
   * ended before a request began.
   * @throws {RequestError} If the head is larger than 16 KiB, or ends early.
   */
  async readHead(): Promise<string | undefined> {
    let from = this.#start;
    for (;;) {
      // Empty lines before a request are ignored (RFC 9112, section 2.2).
      while (this.#startsWith("\r\n")) from = this.#start += 2;
      const at = indexOf(this.#buffer, "\r\n\r\n", Math.max(from, this.#start), this.#end);
      if (at >= 0) {
        const text = latin1(this.#buffer.subarray(this.#start, at));
        this.#start = at + 4;
        return text;
      }
      if (this.#end > this.#start) this.#activity.enter("head");
      const unread = this.#end - this.#start;
      if (unread === MAX_HEAD) {
        throw new RequestError(431, `the head of the request is larger than ${MAX_HEAD} bytes`);
      }
      if (!await this.#fill()) {
        if (unread === 0) return undefined;
        throw new RequestError(400, "the connection ended in the head of a request");
      }
      from = this.#start + Math.max(0, unread - 3);
    }
  }

  /**
   * Reads bytes of a body.
   *
   * @param view The buffer to fill from its start.
   * @returns The number of bytes; at least 1.
   * @throws {RequestError} If the connection ends before.
   */
  async read(view: Uint8Array): Promise<number> {
    const unread = this.#end - this.#start;
    if (unread > 0) {
      const count = Math.min(unread, view.length);
      view.set(this.#buffer.subarray(this.#start, this.#start + count));
      this.#start += count;
      return count;
    }
    const count = await this.#socket.read(view);
    if (count === null) throw new RequestError(400, "the connection ended in a body");
    this.#activity.moved(count);
    return count;
  }

  /**
   * Reads a line.
   *
   * @returns The line without its end.
   * @throws {RequestError} If the line is longer than 1 KiB, or the connection ends before.
   */
  async readLine(): Promise<string> {
    for (;;) {
      const at = indexOf(this.#buffer, "\r\n", this.#start, this.#end);
      if (at >= 0) {
        const line = latin1(this.#buffer.subarray(this.#start, at));
        this.#start = at + 2;
        return line;
      }
      if (this.#end - this.#start > MAX_LINE) {
        throw new RequestError(400, "a line of the chunked body is too long");
      }
      if (!await this.#fill()) throw new RequestError(400, "the connection ended in a body");
    }
  }

  async #fill(): Promise<boolean> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const count = await this.#socket.read(this.#buffer.subarray(this.#end));
    if (count === null) return false;
    this.#end += count;
    this.#activity.moved(count);
    return true;
  }

  #startsWith(text: string): boolean {
    return this.#end - this.#start >= text.length &&
      indexOf(this.#buffer, text, this.#start, this.#start + text.length) === this.#start;
  }
}

/** The body of a request. */
export class BodyReader implements ByteReader {
  readonly #input: Input;
  readonly #begin: () => Promise<void>;
  readonly #isChunked: boolean;
  /** Bytes that are left of the body, or of the current chunk. */
  #left: number;
  #hasBegun = false;
  #isWhole: boolean;
  #hasChunk = false;

  /**
   * Reads the body of one request.
   *
   * @param input The connection.
   * @param length The length in bytes, or `chunked`.
   * @param begin Called before the first byte is read: the client may wait for a permission.
   */
  constructor(input: Input, length: number | "chunked", begin: () => Promise<void>) {
    this.#input = input;
    this.#begin = begin;
    this.#isChunked = length === "chunked";
    this.#left = length === "chunked" ? 0 : length;
    this.#isWhole = length === 0;
  }

  /** Whether all of the body has been read. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Reads the next bytes, as `ByteReader.read` does. */
  async read(view: Bytes): Promise<Bytes> {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      await this.#begin();
    }
    let filled = 0;
    while (filled < view.length && !this.#isWhole) {
      if (this.#left === 0 && this.#isChunked && !await this.#nextChunk()) break;
      const most = Math.min(view.length - filled, this.#left);
      const count = await this.#input.read(view.subarray(filled, filled + most));
      filled += count;
      this.#left -= count;
      this.#isWhole = this.#left === 0 && !this.#isChunked;
    }
    return view.subarray(0, filled);
  }

  /** Does nothing: what is left of the body is dealt with by the connection. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Reads the line before a chunk (RFC 9112, section 7.1). Returns whether there is one. */
  async #nextChunk(): Promise<boolean> {
    if (this.#hasChunk && await this.#input.readLine() !== "") {
      throw new RequestError(400, "a chunk of the body is longer than its size");
    }
    const line = await this.#input.readLine();
    const size = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t -~\x80-\xff]*)?$/.exec(line)?.[1];
    if (size === undefined) throw new RequestError(400, "the size of a chunk is not valid");
    this.#hasChunk = true;
    this.#left = parseInt(size, 16);
    if (this.#left > 0) return true;
    for (let count = 0; await this.#input.readLine() !== ""; count++) {
      if (count === MAX_TRAILERS) throw new RequestError(400, "the body has too many trailers");
    }
    this.#isWhole = true;
    return false;
  }
}

function indexOf(bytes: Uint8Array, text: string, from: number, to: number): number {
  const last = to - text.length;
  for (let at = from; at <= last; at++) {
    let i = 0;
    while (i < text.length && bytes[at + i] === text.charCodeAt(i)) i++;
    if (i === text.length) return at;
  }
  return -1;
}

const CHUNK = 8192;

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const chunk: ArrayLike<number> = bytes.subarray(at, at + CHUNK);
    // Spread arguments would go through an iterator, one byte at a time.
    text += String.fromCharCode.apply(null, chunk as number[]);
  }
  return text;
}
