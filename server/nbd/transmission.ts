/**
 * The transmission: requests of one client and their replies, many at a time.
 *
 * @module
 */
import { ImageChanged, NotFound } from "../../errors/mod.ts";
import type { Extent } from "../../store/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { NbdSession } from "./handshake.ts";
import { COMMAND, COMMAND_FLAG, ERRNO, MAGIC, MAX_REQUEST, NbdProtocolError } from "./protocol.ts";
import {
  DATA_HEADER,
  plainReply,
  setDataHeader,
  setSimpleHeader,
  SIMPLE_HEADER,
  statusReply,
} from "./replies.ts";
import { RequestSlots } from "./request_slots.ts";
import type { NbdSocket } from "./socket.ts";

/** What a transmission uses of its server. */
export interface TransmissionOptions {
  /** The buffers of the server. */
  buffers: BufferPool;
  /** How long the client may send no request, in milliseconds. */
  idleTimeout: number;
  /** How long a part of what a request announces may take, in milliseconds. */
  stallTimeout: number;
  /** Returns whether the server is being stopped. */
  isStopping: () => boolean;
  /** Called with what a read fails with, at most 16 times, and once if the image was replaced or removed. */
  onError: (error: unknown) => void;
}

interface Request {
  type: number;
  flags: number;
  cookie: bigint;
  offset: bigint;
  length: number;
}

/** The status of a hole: it takes no room, and reads as zeros. */
const HOLE = 3;
/** The most errors of a connection that are reported. */
const MAX_ERRORS = 16;

/** Serves the requests of one client. */
export class Transmission {
  readonly #socket: NbdSocket;
  readonly #session: NbdSession;
  readonly #options: TransmissionOptions;
  readonly #slots = new RequestSlots();
  #errors = 0;
  /** Whether it was reported that the image was replaced or removed. */
  #isGone = false;
  /** What the first reply that could not be sent failed with. */
  #failure: { error: unknown } | undefined;

  /**
   * Prepares a transmission.
   *
   * @param socket The connection.
   * @param session What the handshake agreed on.
   * @param options Memory, timeouts, and what to call.
   */
  constructor(socket: NbdSocket, session: NbdSession, options: TransmissionOptions) {
    this.#socket = socket;
    this.#session = session;
    this.#options = options;
  }

  /** Waits until every request that has begun has its reply. */
  drained(): Promise<void> {
    return this.#slots.idle();
  }

  /**
   * Serves requests until the client disconnects.
   *
   * @throws {NbdProtocolError} If the client breaks the protocol, or sends or receives nothing in time.
   * @throws {Error} If a reply cannot be sent.
   */
  async run(): Promise<void> {
    try {
      await this.#takeRequests();
    } finally {
      // Replies to requests that came before a DISC are still sent.
      this.#socket.flush();
      await this.#slots.idle();
    }
    if (this.#failure) throw this.#failure.error;
  }

  async #takeRequests(): Promise<void> {
    while (true) {
      const head = await this.#socket.read(28, this.#options.idleTimeout);
      if (head === undefined) return;
      const request = parseRequest(head);
      if (request.type === COMMAND.disconnect) return;
      if (request.type === COMMAND.write && !await this.#skipPayload(request.length)) return;
      const cost = request.type === COMMAND.read ? Math.min(request.length, MAX_REQUEST) : 0;
      if (!this.#slots.hasRoom(cost)) this.#socket.flush();
      await this.#slots.take(cost);
      void this.#handle(request).catch((error) => {
        this.#failure ??= { error };
        this.#socket.destroy();
      }).finally(() => this.#slots.release(cost));
    }
  }

  async #skipPayload(length: number): Promise<boolean> {
    if (length > MAX_REQUEST) throw new NbdProtocolError(`a write of ${length} bytes`);
    return await this.#socket.skip(length, this.#options.stallTimeout);
  }

  async #handle(request: Request): Promise<void> {
    const { type, cookie } = request;
    if (this.#options.isStopping()) {
      return await this.#fail(cookie, ERRNO.shutdown, "the server is being stopped");
    }
    switch (type) {
      case COMMAND.read:
        return await this.#read(request);
      case COMMAND.cache: {
        const why = this.#rangeFault(request, 0);
        if (why) return await this.#fail(cookie, ERRNO.invalid, why);
        return await this.#socket.write(plainReply(this.#session.isStructured, cookie));
      }
      case COMMAND.blockStatus:
        return await this.#blockStatus(request);
      case COMMAND.write:
      case COMMAND.trim:
      case COMMAND.writeZeroes:
        return await this.#fail(cookie, ERRNO.permission, "the export is read-only");
      default:
        return await this.#fail(cookie, ERRNO.invalid, `request ${type} is not supported`);
    }
  }

  async #read(request: Request): Promise<void> {
    const { cookie, length } = request;
    const { isStructured, image } = this.#session;
    let why = this.#rangeFault(request, isStructured ? COMMAND_FLAG.dontFragment : 0);
    if (length > MAX_REQUEST) why ??= `${length} bytes are more than ${MAX_REQUEST}`;
    if (why) return await this.#fail(cookie, ERRNO.invalid, why);
    if (length === 0) return await this.#socket.write(plainReply(isStructured, cookie));
    const offset = Number(request.offset);
    const header = isStructured ? DATA_HEADER : SIMPLE_HEADER;
    const { buffers } = this.#options;
    const buffer = await buffers.lend(header + length);
    const reply = buffer.subarray(0, header + length);
    try {
      await image.read(reply.subarray(header), offset);
    } catch (error) {
      // A read that timed out may still write to the buffer.
      buffers.discard(buffer);
      this.#report(error);
      return await this.#fail(cookie, ERRNO.io, "the image cannot be read");
    }
    try {
      const view = new DataView(buffer.buffer, buffer.byteOffset, header);
      if (isStructured) setDataHeader(view, cookie, offset, length);
      else setSimpleHeader(view, cookie, 0);
      await this.#socket.write(reply);
    } finally {
      buffers.release(buffer);
    }
  }

  async #blockStatus(request: Request): Promise<void> {
    const { cookie, flags, length } = request;
    const why = this.#rangeFault(request, COMMAND_FLAG.one) ??
      (length === 0 ? "the range is empty" : undefined) ??
      (this.#session.hasAllocation ? undefined : "no metadata context was negotiated");
    if (why) return await this.#fail(cookie, ERRNO.invalid, why);
    let extents: Extent[];
    try {
      extents = await this.#session.image.extents(Number(request.offset), length);
    } catch (error) {
      this.#report(error);
      return await this.#fail(cookie, ERRNO.io, "the holes of the image cannot be found");
    }
    const sent = flags & COMMAND_FLAG.one ? extents.slice(0, 1) : extents;
    await this.#socket.write(statusReply(
      cookie,
      sent.map(({ kind, length }) => ({ length, flags: kind === "hole" ? HOLE : 0 })),
    ));
  }

  /** Returns what is wrong with flags or range of a request. */
  #rangeFault({ flags, offset, length }: Request, allowed: number): string | undefined {
    if (flags & ~allowed) return `flags ${flags} are not supported`;
    const { size } = this.#session.image;
    if (offset + BigInt(length) > BigInt(size)) return `the range ends after byte ${size}`;
  }

  #fail(cookie: bigint, errno: number, message: string): Promise<void> {
    return this.#socket.write(plainReply(this.#session.isStructured, cookie, errno, message));
  }

  #report(error: unknown): void {
    if (error instanceof ImageChanged || error instanceof NotFound) {
      if (this.#isGone) return;
      this.#isGone = true;
    }
    if (this.#errors++ < MAX_ERRORS) this.#options.onError(error);
  }
}

function parseRequest(head: Bytes): Request {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(0) !== MAGIC.request) throw new NbdProtocolError("not a request");
  return {
    flags: view.getUint16(4),
    type: view.getUint16(6),
    cookie: view.getBigUint64(8),
    offset: view.getBigUint64(16),
    length: view.getUint32(24),
  };
}
