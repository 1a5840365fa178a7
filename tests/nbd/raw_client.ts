/**
 * A client that sends bytes as it likes, for what real clients never send.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

type Bytes = Uint8Array<ArrayBuffer>;

const OPTION = 0x49484156454f5054n;

/** Big-endian integers, texts and bytes, put together: `[2, value]` is an integer of two bytes. */
export type Field = readonly [size: 2 | 4 | 8, value: number | bigint] | string | Bytes;

/** Puts fields together. */
export function pack(...fields: Field[]): Bytes {
  const parts = fields.map((field) => {
    if (typeof field === "string") return new TextEncoder().encode(field);
    if (field instanceof Uint8Array) return field;
    const [size, value] = field;
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value));
    return new Uint8Array(view.buffer, 8 - size);
  });
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** An option with its data. */
export function option(number: number, data: Bytes = new Uint8Array()): Bytes {
  return pack([8, OPTION], [4, number], [4, data.length], data);
}

/** The data of INFO and GO for a name, without further wishes. */
export function exportRequest(name: string): Bytes {
  return pack([4, new TextEncoder().encode(name).length], name, [2, 0]);
}

/** A request. */
export function request(
  type: number,
  offset: number | bigint,
  length: number,
  cookie = 1n,
  flags = 0,
): Bytes {
  return pack([4, 0x25609513], [2, flags], [2, type], [8, cookie], [8, offset], [4, length]);
}

/** A connection whose greeting has been read. */
export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects, reads the greeting and sends the client's flags. */
  static async connect(port: number, flags = 3): Promise<RawClient> {
    const client = new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    assertEquals(await client.read(18), pack("NBDMAGIC", "IHAVEOPT", [2, 3]));
    await client.send(pack([4, flags]));
    return client;
  }

  /** Connects and chooses an export, without structured replies. */
  static async open(port: number, name: string): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.send(option(7, exportRequest(name)));
    await client.reply();
    const [type] = await client.reply();
    assertEquals(type, 1);
    return client;
  }

  /** Sends bytes. */
  async send(...parts: Bytes[]): Promise<void> {
    for (const part of parts) {
      for (let at = 0; at < part.length;) at += await this.#connection.write(part.subarray(at));
    }
  }

  /** Reads an exact number of bytes. Fails if the connection ends before. */
  async read(count: number): Promise<Bytes> {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const size = await this.#connection.read(bytes.subarray(at));
      if (size === null) throw new Error(`the server closed after ${at} of ${count} bytes`);
      at += size;
    }
    return bytes;
  }

  /** Reads a reply to an option: its type and data. */
  async reply(): Promise<[type: number, data: Bytes]> {
    const head = new DataView((await this.read(20)).buffer);
    assertEquals(head.getBigUint64(0), 0x3e889045565a9n);
    return [head.getUint32(12), await this.read(head.getUint32(16))];
  }

  /** Reads a simple reply's error number; what follows it is data. */
  async simpleReply(): Promise<number> {
    const head = new DataView((await this.read(16)).buffer);
    assertEquals(head.getUint32(0), 0x67446698);
    return head.getUint32(4);
  }

  /** Reads a chunk of a structured reply: its type and data. */
  async chunk(): Promise<[type: number, data: Bytes]> {
    const head = new DataView((await this.read(20)).buffer);
    assertEquals(head.getUint32(0), 0x668e33ef);
    return [head.getUint16(6), await this.read(head.getUint32(16))];
  }

  /** Waits until the server closes, whatever it sends before. */
  async closed(): Promise<void> {
    const rest = new Uint8Array(4096);
    try {
      while (await this.#connection.read(rest) !== null);
    } catch {
      // A reset is an end too.
    }
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
