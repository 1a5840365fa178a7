/**
 * Requests to one bucket: signed, tried again, with errors by their S3 code.
 *
 * @module
 */
import type { ByteRange, Bytes } from "../../streams/mod.ts";
// Not from its mod.ts: that brings the egress gate, which a store of one trusted server never asks.
import { readRange } from "../../transport/read_range.ts";
import type { HttpResponse } from "../../transport/response.ts";
import type { HttpRequest } from "../../transport/request.ts";
import { Transport } from "../../transport/transport.ts";
import type { ImageReader } from "../../store/driver.ts";
import type { DriverStat } from "../../store/types.ts";
import { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import type { S3Fault } from "./fault.ts";
import type { S3Credentials, S3Settings } from "./options.ts";
import { type SigningContext, signRequest, signUrl } from "./signer.ts";
import type { Element } from "./xml.ts";

/** A request to the bucket. */
export interface S3Request {
  /** The method; `GET` unless said otherwise. */
  method?: string | undefined;
  /** The key; the bucket itself unless said otherwise. */
  key?: string | undefined;
  /** The query, in plain text. */
  query?: Readonly<Record<string, string>> | undefined;
  /** Headers beside those of the signature. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The body, lent until the answer is there. */
  body?: Bytes | readonly Bytes[] | undefined;
  /** The server may be at work for minutes before it answers: it copies, puts together, deletes many. */
  slow?: boolean | undefined;
  /** Ends the request. */
  signal?: AbortSignal | undefined;
  /**
   * The signal only keeps the request from being sent, first or again: a server may carry out what is
   * cut off, after the clean-up has looked.
   */
  uncut?: boolean | undefined;
  /** Called where the answer in XML was lost: the server may have carried the request out. */
  lost?: (() => void) | undefined;
}

/** How long a server may be at work, in milliseconds: 10 minutes. */
const SLOW = 600_000;

/** The client of one bucket. */
export class S3Client {
  /** Where the bucket is. */
  readonly endpoint: Endpoint;
  /** What sends the requests. */
  readonly transport: Transport;
  readonly #options: S3Settings;
  readonly #credentials: Credentials;
  readonly #derived = new Map<string, ArrayBuffer>();
  /** How far the server's clock is ahead, in milliseconds, as far as it is known. */
  clock = 0;

  /** Makes a client; nothing is opened. */
  constructor(options: S3Settings, endpoint: Endpoint) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#credentials = new Credentials(options);
    const { timeout, cacert: caFile, fetch, retries } = options;
    this.transport = new Transport({
      caFile,
      fetch,
      retries,
      ...(timeout === undefined ? {} : { timeouts: { firstByte: timeout, idle: timeout } }),
    });
  }

  /** The keys that requests are signed with, if they are. */
  credentials(): Promise<S3Credentials | undefined> {
    return this.#credentials.get();
  }

  /** The server's time in milliseconds, as far as it is known. */
  now(): number {
    return Date.now() + this.clock;
  }

  /** Sends a request and resolves to an answer that is a success. */
  send(request: S3Request): Promise<HttpResponse> {
    return this.transport.send(this.request(request));
  }

  /** Sends a request whose answer has no body of interest, and resolves to its headers. */
  async headers(request: S3Request): Promise<Headers> {
    const response = await this.send(request);
    await response.release();
    return response.headers;
  }

  /** Sends a request whose answer is an XML document, with `body` as one, and resolves to its element. */
  async xml(request: Omit<S3Request, "body">, body?: string): Promise<Element> {
    const { ask } = await import("./documents.ts");
    return await ask(this, request, body);
  }

  /** Opens a range of an object, of that entity tag if one is given. */
  async open(
    key: string,
    range: ByteRange,
    etag: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ImageReader> {
    const request = this.request({ key, signal });
    const open = (part: ByteRange, etag: string | undefined) =>
      readRange(this.transport, request, { ...part, etag });
    const { readConcurrency: concurrency, largeObjectChunkSize } = this.#options;
    if (concurrency === 1) return await open(range, etag);
    const { parallelReader } = await import("../shared/parallel_reader.ts");
    const partSize = largeObjectChunkSize * 2 ** 20;
    return await parallelReader(open, range, { etag, partSize, concurrency });
  }

  /** What is known of an object. */
  async stat(key: string, signal: AbortSignal | undefined): Promise<DriverStat> {
    const { statOf } = await import("./stat.ts");
    return statOf(await this.headers({ method: "HEAD", key, signal }));
  }

  /** A request as the transport takes it. */
  request(request: S3Request): HttpRequest {
    const { method = "GET", key = "", query, headers, body, slow, signal, uncut } = request;
    let answered: HttpResponse | undefined;
    let found: Promise<S3Fault>;
    let refusals = 0;
    const read = async (response: HttpResponse) => {
      const { faultOf } = await import("./errors.ts");
      if (response !== answered) found = faultOf(answered = response);
      return await found;
    };
    return {
      method,
      url: this.endpoint.url(key, query),
      headers: { ...headers },
      body,
      signal: uncut ? undefined : signal,
      ...(slow ? { timeouts: { firstByte: SLOW, idle: SLOW } } : {}),
      trusted: true,
      redirect: "refuse",
      prepare: async (prepared) => {
        if (uncut) signal?.throwIfAborted();
        const context = await this.#context();
        if (context) prepared.headers = await signRequest(prepared, context);
      },
      recover: async (response) => {
        const { putRight } = await import("./refusals.ts");
        const first = refusals++ === 0;
        return putRight(await read(response), { method, first }, this, this.#credentials);
      },
      fail: async (response) => {
        const { errorOf } = await import("./errors.ts");
        return errorOf(await read(response), response.headers);
      },
    };
  }

  /** A URL that lets its holder do one thing, for `seconds`; `undefined` where nothing is signed. */
  async presign(method: string, key: string, seconds: number): Promise<URL | undefined> {
    const context = await this.#context();
    return context && await signUrl({ method, url: this.endpoint.url(key) }, context, seconds);
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.transport.close();
  }

  async #context(): Promise<SigningContext | undefined> {
    const credentials = await this.#credentials.get();
    const { region } = this.endpoint;
    return credentials && { credentials, region, time: this.now(), cache: this.#derived };
  }
}
