/**
 * HTTP/1.1 messages as bytes on a connection, for servers that must be free to break the rules.
 *
 * @module
 */

/** A request as it was sent. */
export interface RawRequest {
  /** The method. */
  method: string;
  /** The request target: path and query. */
  target: string;
  /** Everything up to and including the empty line, as sent. */
  head: string;
  /** The headers. */
  headers: Headers;
  /** The body as sent: with the chunk sizes where it came in chunks. */
  body: Uint8Array;
}

const MAX_HEAD = 65_536;

/** Reads what comes over a connection, line by line or by count. */
export class WireReader {
  readonly #connection: Deno.Conn;
  #rest: Uint8Array = new Uint8Array();

  /** Reads from `connection`, which stays the caller's. */
  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** The next bytes, whatever their number; `undefined` at the end. */
  async some(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = new Uint8Array();
      return rest;
    }
    const buffer = new Uint8Array(65_536);
    const count = await this.#connection.read(buffer);
    return count === null ? undefined : buffer.subarray(0, count);
  }

  /** The text up to and including `mark`, one byte a character; `undefined` where the end comes first. */
  async until(mark: string): Promise<string | undefined> {
    let text = "";
    for (;;) {
      const bytes = await this.some();
      if (bytes === undefined || text.length > MAX_HEAD) return undefined;
      const from = Math.max(0, text.length - mark.length);
      const before = text.length;
      for (const byte of bytes) text += String.fromCharCode(byte);
      const at = text.indexOf(mark, from);
      if (at < 0) continue;
      const end = at + mark.length;
      this.#rest = bytes.subarray(end - before);
      return text.slice(0, end);
    }
  }

  /** Exactly `size` bytes; throws where the end comes first. */
  async exactly(size: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const piece = await this.some();
      if (piece === undefined) throw new Error("the connection ended within a message");
      const used = piece.subarray(0, size - filled);
      bytes.set(used, filled);
      filled += used.length;
      this.#rest = piece.subarray(used.length);
    }
    return bytes;
  }

  /** The next request with its body; `undefined` where the client sends no more. */
  async request(): Promise<RawRequest | undefined> {
    const head = await this.until("\r\n\r\n");
    if (head === undefined) return undefined;
    const [first, ...lines] = head.trimEnd().split("\r\n");
    const [method = "", target = ""] = first!.split(" ");
    const headers = new Headers(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }));
    if (headers.get("expect")) {
      await this.#connection.write(latin1("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    const body = headers.get("transfer-encoding") === "chunked"
      ? await this.#chunks()
      : await this.exactly(Number(headers.get("content-length") ?? 0));
    return { method, target, head, headers, body };
  }

  async #chunks(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let size = -1; size !== 0;) {
      const line = await this.until("\r\n");
      if (line === undefined) throw new Error("the connection ended within a message");
      size = parseInt(line, 16);
      parts.push(latin1(line), await this.exactly(size + 2));
    }
    return concatenated(parts);
  }
}

/** Writes all of the bytes. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** A text as bytes, one a character. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** The parts one after another. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A TCP server on loopback which calls `serve` for each connection and closes it afterwards. */
export class WireServer implements AsyncDisposable {
  /** Where it listens: `127.0.0.1:<port>`. */
  readonly host: string;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Map<Deno.Conn, Promise<void>>();
  readonly #over: Promise<void>;

  /** Starts to listen. */
  constructor(serve: (connection: Deno.TcpConn) => Promise<void>) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.host = `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
    this.#over = this.#accept(serve);
  }

  async #accept(serve: (connection: Deno.TcpConn) => Promise<void>): Promise<void> {
    for await (const connection of this.#listener) {
      // A client that goes away is what faults bring about.
      const served = serve(connection).catch(() => {}).finally(() => {
        this.#open.delete(connection);
        close(connection);
      });
      this.#open.set(connection, served);
    }
  }

  /** Stops, with every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#over;
    const served = [...this.#open.values()];
    for (const connection of this.#open.keys()) close(connection);
    await Promise.all(served);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
