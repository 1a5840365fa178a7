/**
 * The handshake: greeting and options, until a client has chosen an export.
 *
 * @module
 */
import { Invalid, NotFound } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { Exports, OpenExport } from "./exports.ts";
import { type ExportRequest, parseExportRequest, parseMetaRequest } from "./option_data.ts";
import {
  ALLOCATION,
  ALLOCATION_ID,
  BLOCK_SIZES,
  EXPORT_FLAG,
  HANDSHAKE,
  INFO,
  MAGIC,
  MAX_OPTION,
  NbdProtocolError,
  OPTION,
  REPLY,
} from "./protocol.ts";
import { optionReply } from "./replies.ts";
import type { NbdSocket } from "./socket.ts";

/** The most options of a handshake. */
const MAX_OPTIONS = 256;

/** What a handshake agreed on. */
export interface NbdSession {
  /** The image. */
  image: OpenExport;
  /** Whether replies are structured. */
  isStructured: boolean;
  /** Whether the client may request the status of blocks. */
  hasAllocation: boolean;
}

/** Negotiates with one client. */
export class Handshake {
  readonly #socket: NbdSocket;
  readonly #exports: Exports;
  readonly #onError: (error: unknown) => void;
  #timeLeft: number;
  #hasNoZeroes = false;
  #isStructured = false;
  /** The export whose block status was negotiated. */
  #allocationOf: string | undefined;

  /**
   * Prepares a handshake.
   *
   * @param socket The connection.
   * @param exports What the client may choose from.
   * @param timeout How long the client may take to send its part and to receive replies, in milliseconds.
   * @param onError Called with the reason why an export cannot be opened, when it is the store's.
   */
  constructor(
    socket: NbdSocket,
    exports: Exports,
    timeout: number,
    onError: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.#exports = exports;
    this.#timeLeft = timeout;
    this.#onError = onError;
  }

  /**
   * Negotiates the options of a connection.
   *
   * @returns What was agreed on, or `undefined` if the client ended the handshake.
   * @throws {NbdProtocolError} If the client breaks the protocol or takes too long.
   */
  async run(): Promise<NbdSession | undefined> {
    await this.#greet();
    const flags = await this.#read(4);
    if (flags === undefined) return undefined;
    const clientFlags = viewOf(flags).getUint32(0);
    if (clientFlags & ~(HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes)) {
      throw new NbdProtocolError(`the client has unknown flags: ${clientFlags}`);
    }
    this.#hasNoZeroes = (clientFlags & HANDSHAKE.noZeroes) !== 0;
    for (let count = 0; count < MAX_OPTIONS; count++) {
      const head = await this.#read(16);
      if (head === undefined) return undefined;
      const view = viewOf(head);
      if (view.getBigUint64(0) !== MAGIC.option) throw new NbdProtocolError("not an option");
      const [option, length] = [view.getUint32(8), view.getUint32(12)];
      if (length > MAX_OPTION) {
        throw new NbdProtocolError(`option ${option} has ${length} bytes of data`);
      }
      const data = await this.#read(length);
      if (data === undefined) return undefined;
      const result = await this.#handle(option, data);
      if (result !== "next") return result;
    }
    throw new NbdProtocolError(`more than ${MAX_OPTIONS} options`);
  }

  async #greet(): Promise<void> {
    const greeting = new Uint8Array(18);
    const view = viewOf(greeting);
    view.setBigUint64(0, MAGIC.server);
    view.setBigUint64(8, MAGIC.option);
    view.setUint16(16, HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes);
    await this.#write(greeting);
  }

  /** Reads from the client, which has one time limit for all that it sends and receives. */
  async #read(count: number): Promise<Bytes | undefined> {
    return await this.#timed(() => this.#socket.read(count, this.#timeLeft));
  }

  async #write(bytes: Bytes): Promise<void> {
    await this.#timed(() => {
      const sent = this.#socket.write(bytes);
      this.#socket.flush();
      return sent;
    });
  }

  /** What the store takes is not the client's time. */
  async #timed<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#timeLeft <= 0) throw new NbdProtocolError("the handshake takes too long");
    const start = performance.now();
    const result = await action();
    this.#timeLeft -= performance.now() - start;
    return result;
  }

  async #handle(option: number, data: Bytes): Promise<NbdSession | undefined | "next"> {
    switch (option) {
      case OPTION.exportName:
        return await this.#exportName(data);
      case OPTION.abort:
        await this.#reply(option, REPLY.ack);
        return undefined;
      case OPTION.list:
        await this.#list(data);
        return "next";
      case OPTION.info:
      case OPTION.go:
        return await this.#infoOrGo(option, data);
      case OPTION.structuredReply:
        if (data.length > 0) await this.#reply(option, REPLY.invalid, "the option has no data");
        else {
          this.#isStructured = true;
          await this.#reply(option, REPLY.ack);
        }
        return "next";
      case OPTION.listMetaContext:
      case OPTION.setMetaContext:
        await this.#metaContext(option, data);
        return "next";
      default:
        await this.#reply(option, REPLY.unsupported, "the option is not supported");
        return "next";
    }
  }

  async #exportName(data: Bytes): Promise<NbdSession> {
    const name = new TextDecoder().decode(data);
    let image: OpenExport;
    try {
      image = await this.#exports.open(name);
    } catch (error) {
      // This option has no reply for errors.
      throw new NbdProtocolError(
        `no export ${JSON.stringify(name.slice(0, 80))}: ${reason(error)}`,
      );
    }
    const reply = new Uint8Array(this.#hasNoZeroes ? 10 : 134);
    const view = viewOf(reply);
    view.setBigUint64(0, BigInt(image.size));
    view.setUint16(8, this.#exportFlags());
    await this.#sendOrRelease(image, reply);
    return this.#session(image);
  }

  async #list(data: Bytes): Promise<void> {
    if (data.length > 0) return await this.#reply(OPTION.list, REPLY.invalid, "it has no data");
    let names: Bytes[];
    try {
      names = await this.#exports.list(this.#onError);
    } catch (error) {
      this.#onError(error);
      return await this.#reply(OPTION.list, REPLY.unknown, "the exports cannot be listed");
    }
    const entries = names.map((name) => {
      const entry = new Uint8Array(4 + name.length);
      viewOf(entry).setUint32(0, name.length);
      entry.set(name, 4);
      return optionReply(OPTION.list, REPLY.server, entry);
    });
    await this.#write(joined([...entries, optionReply(OPTION.list, REPLY.ack)]));
  }

  async #infoOrGo(option: number, data: Bytes): Promise<NbdSession | "next"> {
    const request = parseExportRequest(data);
    if (typeof request === "string") {
      await this.#reply(option, REPLY.invalid, request);
      return "next";
    }
    const image = await this.#open(option, request.name);
    if (image === undefined) return "next";
    await this.#sendOrRelease(image, this.#information(option, image, request));
    if (option === OPTION.go) return this.#session(image);
    await image.release();
    return "next";
  }

  /** Opens an export, or replies why not. */
  async #open(option: number, name: string): Promise<OpenExport | undefined> {
    try {
      return await this.#exports.open(name);
    } catch (error) {
      await this.#refuse(option, error);
    }
  }

  async #refuse(option: number, error: unknown): Promise<void> {
    const isNamed = error instanceof NotFound || error instanceof Invalid;
    // What fails in a store is not for everybody to read.
    if (!isNamed) this.#onError(error);
    const message = isNamed ? `no such export: ${reason(error)}` : "the export cannot be opened";
    await this.#reply(option, REPLY.unknown, message);
  }

  async #sendOrRelease(image: OpenExport, bytes: Bytes): Promise<void> {
    try {
      await this.#write(bytes);
    } catch (error) {
      await image.release();
      throw error;
    }
  }

  #information(option: number, image: OpenExport, { infos }: ExportRequest): Bytes {
    const exported = new Uint8Array(12);
    const view = viewOf(exported);
    view.setUint16(0, INFO.export);
    view.setBigUint64(2, BigInt(image.size));
    view.setUint16(10, this.#exportFlags());
    const parts = [optionReply(option, REPLY.info, exported)];
    if (infos.includes(INFO.name)) {
      const name = new TextEncoder().encode(`\0\0${image.name}`);
      viewOf(name).setUint16(0, INFO.name);
      parts.push(optionReply(option, REPLY.info, name));
    }
    if (infos.includes(INFO.blockSize)) {
      const sizes = new Uint8Array(14);
      const view = viewOf(sizes);
      view.setUint16(0, INFO.blockSize);
      BLOCK_SIZES.forEach((size, i) => view.setUint32(2 + 4 * i, size));
      parts.push(optionReply(option, REPLY.info, sizes));
    }
    parts.push(optionReply(option, REPLY.ack));
    return joined(parts);
  }

  async #metaContext(option: number, data: Bytes): Promise<void> {
    const isSet = option === OPTION.setMetaContext;
    if (isSet) this.#allocationOf = undefined;
    if (isSet && !this.#isStructured) {
      return await this.#reply(option, REPLY.invalid, "structured replies come first");
    }
    const request = parseMetaRequest(data);
    if (typeof request === "string") return await this.#reply(option, REPLY.invalid, request);
    let name: string;
    try {
      name = this.#exports.nameOf(request.name);
    } catch (error) {
      return await this.#refuse(option, error);
    }
    const { queries } = request;
    const isMatch = queries.includes(ALLOCATION) ||
      (!isSet && (queries.length === 0 || queries.includes("base:")));
    if (isMatch) {
      if (isSet) this.#allocationOf = name;
      const context = new TextEncoder().encode(`\0\0\0\0${ALLOCATION}`);
      viewOf(context).setUint32(0, isSet ? ALLOCATION_ID : 0);
      await this.#write(optionReply(option, REPLY.metaContext, context));
    }
    await this.#reply(option, REPLY.ack);
  }

  #session(image: OpenExport): NbdSession {
    return {
      image,
      isStructured: this.#isStructured,
      hasAllocation: this.#allocationOf === image.name,
    };
  }

  #exportFlags(): number {
    const { hasFlags, readOnly, canMultiConn, sendCache, sendDf } = EXPORT_FLAG;
    const always = hasFlags | readOnly | canMultiConn | sendCache;
    return this.#isStructured ? always | sendDf : always;
  }

  #reply(option: number, type: number, message = ""): Promise<void> {
    return this.#write(optionReply(option, type, message));
  }
}

function reason(error: unknown): string {
  return error instanceof NotFound || error instanceof Invalid
    ? error.detail
    : (error as Error).message;
}

function viewOf(bytes: Bytes): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function joined(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
