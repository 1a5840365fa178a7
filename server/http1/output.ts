/**
 * Writing replies to a connection.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import type { Activity } from "./activity.ts";
import { byobReader } from "./byte_stream.ts";
import type { HttpReply, StreamedBody } from "./exchange.ts";
import type { Socket } from "./input.ts";
import { STATUS_TEXT } from "./status_text.ts";

/** Size of a buffer in bytes. A client that does not read holds one of them in memory. */
const BUFFER = 262_144;
/** Where the first bytes of a body go in a buffer, so that the head fits before them. */
const HEAD_ROOM = 1024;
/** How many buffers are kept for the next bodies: 4 MiB. */
const KEPT = 16;

const spare: Bytes[] = [];

/** What a reply is written for. */
export interface ReplyContext {
  /** The method of the request. */
  method: string;
  /** The minor version of HTTP/1 that the client speaks. */
  minor: 0 | 1;
  /** Whether the connection is kept for another request. */
  keepAlive: boolean;
}

/** Writes to a socket. */
export class Output {
  readonly #socket: Socket;
  readonly #activity: Activity;

  /**
   * Writes to a socket.
   *
   * @param socket The socket.
   * @param activity Where progress is noted.
   */
  constructor(socket: Socket, activity: Activity) {
    this.#socket = socket;
    this.#activity = activity;
  }

  /** Lets a client that waits for it send the body of its request (RFC 9110, section 10.1.1). */
  async writeContinue(): Promise<void> {
    await this.#write(encodeLatin1("HTTP/1.1 100 Continue\r\n\r\n"));
  }

  /**
   * Writes a reply. A body is read before the head is written, as far as it fits into a buffer.
   *
   * @param reply The reply.
   * @param context The request that it is for.
   * @returns The number of bytes of the body, and whether the connection can be used again.
   * @throws {BodyError} If the body fails. `isBegun` says whether anything has been written.
   */
  async writeReply(
    reply: HttpReply,
    context: ReplyContext,
  ): Promise<{ bytes: number; keepAlive: boolean }> {
    const { status, body } = reply;
    const hasBody = context.method !== "HEAD" && status >= 200 && status !== 204 && status !== 304;
    if (!hasBody || body === undefined || body instanceof Uint8Array) {
      if (body !== undefined && !(body instanceof Uint8Array)) await body.stream.cancel();
      const bytes = hasBody ? body as Bytes ?? new Uint8Array(0) : new Uint8Array(0);
      const length: Record<string, string> = hasBody ? { "content-length": `${bytes.length}` } : {};
      const head = encodeHead(reply, { ...reply.headers, ...length }, context.keepAlive);
      await this.#write(joined(head, bytes));
      return { bytes: bytes.length, keepAlive: context.keepAlive };
    }
    return await this.#writeStream(reply, body, context);
  }

  async #writeStream(
    reply: HttpReply,
    body: StreamedBody,
    { minor, keepAlive }: ReplyContext,
  ): Promise<{ bytes: number; keepAlive: boolean }> {
    const size = reply.headers["content-length"];
    const length = size === undefined ? undefined : Number(size);
    const isChunked = length === undefined && minor === 1;
    // The end of a body without length or chunks is the end of the connection.
    const isKept = keepAlive && (length !== undefined || isChunked);
    const head = encodeHead(
      reply,
      isChunked ? { ...reply.headers, "transfer-encoding": "chunked" } : reply.headers,
      isKept,
    );
    const source = new BodySource(body.stream);
    let sent = 0;
    try {
      let chunk = length === 0 ? undefined : await this.#next(source, length);
      let prefix: Bytes | undefined = head;
      while (chunk !== undefined) {
        if (length !== undefined && sent + chunk.length > length) {
          throw new Error(`the body has more than the ${length} bytes of its Content-Length`);
        }
        await this.#writeChunk(prefix, chunk, isChunked);
        prefix = undefined;
        sent += chunk.length;
        chunk = sent === length ? undefined : await this.#next(source, length && length - sent);
      }
      if (length !== undefined && sent < length) {
        throw new Error(`the body has ${sent} bytes instead of ${length}`);
      }
      if (prefix) await this.#write(prefix);
      if (isChunked) await this.#write(encodeLatin1("0\r\n\r\n"));
      await source.close();
      return { bytes: sent, keepAlive: isKept };
    } catch (error) {
      await source.close(error);
      throw new BodyError(error, sent, sent > 0);
    }
  }

  #next(source: BodySource, most: number | undefined): Promise<Bytes | undefined> {
    // As long as the store is slow, the client is not to blame.
    this.#activity.enter("working");
    return source.read(HEAD_ROOM, most);
  }

  /** Writes a chunk, with what goes before it in the same buffer where there is room. */
  async #writeChunk(prefix: Bytes | undefined, chunk: Bytes, isChunked: boolean): Promise<void> {
    if (isChunked) {
      const size = encodeLatin1(`${chunk.length.toString(16)}\r\n`);
      prefix = prefix ? joined(prefix, size) : size;
    }
    if (prefix) {
      if (prefix.length <= chunk.byteOffset) {
        const start = chunk.byteOffset - prefix.length;
        const whole = new Uint8Array(chunk.buffer, start, prefix.length + chunk.length);
        whole.set(prefix);
        chunk = whole;
      } else {
        await this.#write(prefix);
      }
    }
    await this.#write(chunk);
    if (isChunked) await this.#write(encodeLatin1("\r\n"));
  }

  async #write(bytes: Bytes): Promise<void> {
    this.#activity.enter("sending");
    for (let at = 0; at < bytes.length;) {
      const count = await this.#socket.write(at === 0 ? bytes : bytes.subarray(at));
      at += count;
      this.#activity.moved(count);
    }
  }
}

/** A body that failed while it was sent. */
export class BodyError extends Error {
  /** @internal */
  override readonly name: string = "BodyError";
  /** The number of bytes of the body that had been written. */
  readonly bytes: number;
  /** Whether anything had been written. */
  readonly isBegun: boolean;

  /**
   * Creates the error.
   *
   * @param cause What the body, or the connection, failed with.
   * @param bytes The number of bytes of the body that had been written.
   * @param isBegun Whether anything had been written.
   */
  constructor(cause: unknown, bytes: number, isBegun: boolean) {
    super("the body failed", { cause });
    this.bytes = bytes;
    this.isBegun = isBegun;
  }
}

/** Reads a stream into one buffer, again and again. */
class BodySource {
  readonly #byob: ReadableStreamBYOBReader | undefined;
  readonly #reader: ReadableStreamDefaultReader<Bytes> | undefined;
  #buffer: Bytes | undefined;

  constructor(stream: ReadableStream<Bytes>) {
    this.#byob = byobReader(stream);
    this.#reader = this.#byob ? undefined : stream.getReader();
  }

  /** Reads the next chunk, which is valid until the next read; `undefined` at the end. */
  async read(offset: number, most: number | undefined): Promise<Bytes | undefined> {
    if (this.#byob === undefined) return (await this.#reader!.read()).value;
    const buffer = this.#buffer ?? spare.pop() ?? new Uint8Array(BUFFER);
    this.#buffer = undefined;
    const length = Math.min(BUFFER - offset, most ?? Infinity);
    const { done, value } = await this.#byob.read(new Uint8Array(buffer.buffer, offset, length));
    if (value) this.#buffer = new Uint8Array(value.buffer);
    return done ? undefined : value;
  }

  async close(reason?: unknown): Promise<void> {
    await (this.#byob ?? this.#reader!).cancel(reason).catch(() => {});
    const buffer = this.#buffer;
    if (buffer?.length === BUFFER && spare.length < KEPT) spare.push(buffer);
    this.#buffer = undefined;
  }
}

/** The current date as a header field, and the second that it is of. */
let date = { second: 0, text: "" };

function encodeHead(
  { status }: HttpReply,
  headers: Record<string, string>,
  keepAlive: boolean,
): Bytes {
  const second = Math.floor(Date.now() / 1000);
  if (second !== date.second) date = { second, text: new Date(second * 1000).toUTCString() };
  let text = `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}\r\ndate: ${date.text}\r\n`;
  for (const name in headers) {
    if (name === "connection") continue;
    // What a backend says (an entity tag, say) must not end the field.
    const value = headers[name]!.replace(/[^\t -~\x80-\xff]/g, "?");
    text += `${name}: ${value}\r\n`;
  }
  return encodeLatin1(`${text}connection: ${keepAlive ? "keep-alive" : "close"}\r\n\r\n`);
}

function encodeLatin1(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function joined(one: Bytes, other: Bytes): Bytes {
  if (other.length === 0) return one;
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
