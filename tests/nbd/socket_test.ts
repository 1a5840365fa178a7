/**
 * How replies are put together, and when a client is given up.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import type { NbdConnection } from "../../server/nbd/connection.ts";
import { NbdProtocolError } from "../../server/nbd/protocol.ts";
import { Disconnected, NbdSocket, SocketBuffers } from "../../server/nbd/socket.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A client that has sent something, and takes only so many bytes of each write. */
class Client implements NbdConnection {
  readonly client = "test";
  readonly received: number[] = [];
  readonly #sent: Bytes[];
  readonly #takes: number;
  #close!: (error: Error) => void;
  readonly #closed = new Promise<never>((_, reject) => this.#close = reject);

  constructor(sent: number[], takes = Infinity) {
    this.#sent = sent.map((size) => new Uint8Array(size));
    this.#takes = takes;
    this.#closed.catch(() => {});
  }

  read(view: Bytes): Promise<number> {
    const next = this.#sent.shift();
    if (next === undefined) return this.#closed;
    view.set(next);
    return Promise.resolve(next.length);
  }

  write(bytes: Bytes): Promise<number> {
    if (this.#takes === 0) return this.#closed;
    const count = Math.min(bytes.length, this.#takes);
    this.received.push(count);
    return Promise.resolve(count);
  }

  close(): void {
    this.#close(new Error("closed"));
  }
}

function socketOf(client: Client, stallTimeout = 60_000): NbdSocket {
  return new NbdSocket(client, new SocketBuffers(), stallTimeout);
}

Deno.test("NbdSocket.write: replies to requests that came together are sent together", async () => {
  const client = new Client([3 * 28, 28]);
  const socket = socketOf(client);
  const replies: Promise<void>[] = [];
  for (let i = 0; i < 4; i++) {
    await socket.read(28, Infinity);
    replies.push(socket.write(new Uint8Array(100)));
  }
  await Promise.all(replies);
  await socket.release();
  assertEquals(client.received, [300, 100]);
});

Deno.test("NbdSocket.write: a large reply is not held back, and is sent in parts as the client takes it", async () => {
  const client = new Client([2 * 28], 50_000);
  const socket = socketOf(client);
  await socket.read(28, Infinity);
  await socket.write(new Uint8Array(120_000));
  await socket.release();
  assertEquals(client.received, [50_000, 50_000, 20_000]);
});

Deno.test("NbdSocket.flush: sends what is held back", async () => {
  const client = new Client([2 * 28]);
  const socket = socketOf(client);
  await socket.read(28, Infinity);
  const sent = socket.write(new Uint8Array(100));
  assertEquals(client.received, []);
  socket.flush();
  await sent;
  await socket.release();
  assertEquals(client.received, [100]);
});

Deno.test("NbdSocket.write: gives up a client that takes nothing, and all replies that wait", async () => {
  const socket = socketOf(new Client([], 0), 10);
  const replies = [socket.write(new Uint8Array(100)), socket.write(new Uint8Array(100))];
  for (const reply of replies) {
    await assertRejects(() => reply, NbdProtocolError, "receives nothing");
  }
  await assertRejects(() => socket.write(new Uint8Array(1)), NbdProtocolError);
  await socket.release();
});

Deno.test("NbdSocket.read: gives up a client that sends nothing, and ends with one that has gone", async () => {
  const silent = socketOf(new Client([]));
  await assertRejects(() => silent.read(1, 10), NbdProtocolError, "sends nothing");
  await silent.release();
  const gone = socketOf(new Client([]));
  const read = gone.read(1, Infinity);
  gone.destroy();
  assertEquals(await read, undefined);
  await assertRejects(() => gone.write(new Uint8Array(1)), Disconnected);
  await gone.release();
});
