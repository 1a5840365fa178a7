/**
 * The client of one bucket: requests are signed and retried, and errors have the class of their S3 code.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import type { HttpResponse } from "../../transport/response.ts";
import type { HttpRequest } from "../../transport/request.ts";
// Not from its mod.ts: that brings the egress gate, which a store of one trusted server never uses.
import { Transport } from "../../transport/transport.ts";
import { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import type { S3Fault } from "./fault.ts";
import type { S3Credentials, S3Settings } from "./options.ts";
import { type SigningContext, signRequest } from "./signer.ts";

/** A request to the bucket. */
export interface S3Request {
  /** The method. Default: `GET`. */
  method?: string | undefined;
  /** The key. Default: the bucket itself. */
  key?: string | undefined;
  /** The query, in plain text. */
  query?: Readonly<Record<string, string>> | undefined;
  /** Headers beside those of the signature. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** The body, lent until the response is there. */
  body?: Bytes | readonly Bytes[] | undefined;
  /** Whether the server may be at work for minutes before it responds, copying or deleting many. */
  slow?: boolean | undefined;
  /** Ends the request. */
  signal?: AbortSignal | undefined;
  /**
   * Whether the signal only keeps the request from being sent, first or again, and does not cut it off.
   * A server may carry out what is cut off after the clean-up has looked.
   */
  uninterruptible?: boolean | undefined;
  /** Whether the request is not retried. */
  once?: boolean | undefined;
  /** Called if the response in XML was lost: the server may have carried the request out. */
  onLost?: (() => void) | undefined;
}

/** How long to connect at most, in milliseconds. */
const CONNECT = 10_000;

/** The options that add headers to requests. */
const OBJECT_OPTIONS = [
  "requesterPays",
  "storageClass",
  "serverSideEncryption",
  "sseKmsKeyId",
  "sseCustomerKey",
] as const;

/** How many redirects of one request are followed. */
const MAX_REDIRECTS = 3;

/** The client of one bucket. */
export class S3Client {
  /** Where the bucket is. */
  readonly endpoint: Endpoint;
  /** Sends the requests. */
  readonly transport: Transport;
  readonly #options: S3Settings;
  readonly #credentials: Credentials;
  readonly #derived = new Map<string, ArrayBuffer>();
  /** How far the server's clock is ahead, in milliseconds, as far as it is known. */
  clock = 0;

  /**
   * Creates a client. Nothing is opened.
   *
   * @param options The options of the store.
   * @param endpoint Where the bucket is.
   */
  constructor(options: S3Settings, endpoint: Endpoint) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#credentials = new Credentials(options);
    const { timeout, cacert: caFile, proxy, fetch, retries, maxRequests: requests } = options;
    this.transport = new Transport({
      caFile,
      proxy,
      fetch,
      retries,
      requests,
      ...(timeout === undefined ? {} : {
        timeouts: { connect: Math.min(timeout, CONNECT), firstByte: timeout, idle: timeout },
      }),
    });
  }

  /**
   * Returns the keys that requests are signed with.
   *
   * @returns The keys, or `undefined` if requests are not signed.
   */
  credentials(): Promise<S3Credentials | undefined> {
    return this.#credentials.get();
  }

  /**
   * Returns the server's time.
   *
   * @returns Milliseconds since 1970, by the server's clock as far as it is known.
   */
  now(): number {
    return Date.now() + this.clock;
  }

  /**
   * Sends a request.
   *
   * @param request The request.
   * @returns A response that is a success.
   * @throws {StoreError} If the server refuses it, or cannot be reached.
   */
  send(request: S3Request): Promise<HttpResponse> {
    return this.followRedirects(request.key, () => this.transport.send(this.request(request)));
  }

  /**
   * Does work, and does it again at the endpoint that the server names instead.
   *
   * @param key The key that the work is about. Default: the bucket itself.
   * @param work Creates its requests anew each time, and so signs them anew.
   * @returns What the work returns.
   */
  async followRedirects<T>(key = "", work: () => Promise<T>): Promise<T> {
    for (let hops = 0;; hops++) {
      try {
        return await work();
      } catch (error) {
        if (hops === MAX_REDIRECTS) throw error;
        const { moveElsewhere } = await import("./recovery.ts");
        if (!moveElsewhere(error, this.endpoint, key)) throw error;
      }
    }
  }

  /**
   * Sends a request whose response has no body of interest.
   *
   * @param request The request.
   * @returns The headers of the response.
   * @throws {StoreError} If the server refuses it, or cannot be reached.
   */
  async headers(request: S3Request): Promise<Headers> {
    const response = await this.send(request);
    await response.release();
    return response.headers;
  }

  /**
   * Creates the request that the transport sends: with its URL, signed for each attempt, and with the
   * errors and the recovery of S3.
   *
   * @param request The request to the bucket.
   * @returns The request for the transport.
   */
  request(request: S3Request): HttpRequest {
    const { method = "GET", key = "", query, headers, body, slow, signal } = request;
    const { uninterruptible } = request;
    let refused: HttpResponse | undefined;
    let fault: Promise<S3Fault>;
    let refusals = 0;
    const read = async (response: HttpResponse) => {
      const { readFault } = await import("./errors.ts");
      if (response !== refused) fault = readFault(refused = response);
      return await fault;
    };
    return {
      method,
      url: this.endpoint.url(key, query),
      headers: { ...headers },
      body,
      signal: uninterruptible ? undefined : signal,
      ...(request.once ? { retry: "never", ownConnection: true } : {}),
      ...(slow ? { timeouts: this.transport.slow } : {}),
      trusted: this.endpoint.isTrusted,
      redirect: "refuse",
      prepare: async (prepared) => {
        if (uninterruptible) signal?.throwIfAborted();
        if (OBJECT_OPTIONS.some((name) => this.#options[name])) {
          const { formatObjectOptions } = await import("./object_options.ts");
          const more = await formatObjectOptions(this.#options, request);
          for (const [name, value] of Object.entries(more)) prepared.headers.set(name, value);
        }
        const context = await this.signingContext();
        if (context) prepared.headers = await signRequest(prepared, context);
      },
      recover: async (response) => {
        const { recover } = await import("./recovery.ts");
        const first = refusals++ === 0;
        return recover(await read(response), { method, first }, this, this.#credentials);
      },
      fail: async (response) => {
        const { createError } = await import("./errors.ts");
        return createError(await read(response), response.headers);
      },
    };
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.transport.close();
  }

  /**
   * Returns what a signature is made with: the keys that are good now.
   *
   * @returns The context, or `undefined` if requests are not signed.
   */
  async signingContext(): Promise<SigningContext | undefined> {
    const credentials = await this.#credentials.get();
    const { region } = this.endpoint;
    return credentials && { credentials, region, time: this.now(), cache: this.#derived };
  }
}
