/**
 * Requests to one bucket: signed, tried again, with errors by their S3 code.
 *
 * @module
 */
import type { StoreError } from "../../errors/mod.ts";
import type { ByteRange, Bytes } from "../../streams/mod.ts";
// Not from its mod.ts: that brings the egress gate, which a store of one trusted server never asks.
import { readRange } from "../../transport/read_range.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { Backoff } from "../../transport/retry.ts";
import { type HttpRequest, Transport } from "../../transport/transport.ts";
import type { DriverStat, ImageReader } from "../driver.ts";
import { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorOf, fault, faultOf, type S3Fault } from "./errors.ts";
import type { S3Credentials, S3Settings } from "./options.ts";
import { type SigningContext, signRequest, signUrl } from "./signer.ts";
import { statOf } from "./stat.ts";
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
}

/** An answer in XML. */
export interface S3Answer {
  /** The document's element. */
  root: Element;
  /** Whether the request may have been carried out more than once. */
  repeated: boolean;
}

/** Clocks that differ by less are not the reason of a refusal, in milliseconds. */
const SKEW = 300_000;

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
  #clock = 0;

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
    return Date.now() + this.#clock;
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

  /**
   * Sends a request whose answer is an XML document, with `body` as one. It is tried again whatever
   * its method, also where the document breaks off or is an error in spite of a status of 200
   * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
   */
  async xml(request: Omit<S3Request, "body">, body?: string): Promise<S3Answer> {
    const encoded = body === undefined ? undefined : new TextEncoder().encode(body);
    const backoff = new Backoff(this.transport.retry);
    const { parseXml } = await import("./xml.ts");
    for (let repeated = false;; repeated = true) {
      try {
        const once = this.request({ ...request, body: encoded });
        const response = await this.transport.send({ ...once, retry: "never" });
        const root = parseXml(await response.text(16_777_216));
        if (root.name === "Error") {
          throw errorOf(fault(500, response.headers, root), response.headers);
        }
        return { root, repeated };
      } catch (error) {
        const { retryable, retryAfter } = error as StoreError;
        if (!retryable || !await backoff.wait(retryAfter, request.signal)) throw error;
      }
    }
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
    const { parallelReader } = await import("../parallel_reader.ts");
    const partSize = largeObjectChunkSize * 2 ** 20;
    return await parallelReader(open, range, { etag, partSize, concurrency });
  }

  /** What is known of an object. */
  async stat(key: string, signal: AbortSignal | undefined): Promise<DriverStat> {
    return statOf(await this.headers({ method: "HEAD", key, signal }));
  }

  /** A request as the transport takes it. */
  request(request: S3Request): HttpRequest {
    const { method = "GET", key = "", query, headers, body, slow, signal } = request;
    let answered: HttpResponse | undefined;
    let found: Promise<S3Fault>;
    const read = (response: HttpResponse) => {
      if (response !== answered) found = faultOf(answered = response);
      return found;
    };
    return {
      method,
      url: this.endpoint.url(key, query),
      headers: { ...headers },
      body,
      signal,
      ...(slow ? { timeouts: { firstByte: SLOW, idle: SLOW } } : {}),
      trusted: true,
      redirect: "refuse",
      prepare: async (prepared) => {
        const context = await this.#context();
        if (context) prepared.headers = await signRequest(prepared, context);
      },
      recover: async (response) => this.#putRight(await read(response), method),
      fail: async (response) => errorOf(await read(response), response.headers),
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

  /** Learns from a refusal what it was for; whether the same request may succeed now. */
  #putRight({ code, status, region, serverTime }: S3Fault, method: string): boolean {
    if (serverTime !== undefined && (code === "RequestTimeTooSkewed" || status === 403)) {
      // The answer to a HEAD has no code, but it has the server's time.
      const wrong = code === "RequestTimeTooSkewed" || method === "HEAD";
      if (wrong && Math.abs(serverTime - this.now()) > SKEW) {
        this.#clock = serverTime - Date.now();
        return true;
      }
    }
    if (region !== undefined && region !== this.endpoint.region && [301, 400].includes(status)) {
      this.endpoint.region = region;
      return true;
    }
    return /^(ExpiredToken|InvalidToken|TokenRefreshRequired)$/.test(code) &&
      this.#credentials.refresh();
  }
}
