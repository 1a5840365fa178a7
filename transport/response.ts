/**
 * The response to a request: its body is pulled, has a timeout and is checked against its length.
 *
 * @module
 */
import { TimeoutError } from "../errors/mod.ts";
import { hasNodeSockets } from "../runtime/mod.ts";
import { type ByteReader, type Bytes, NO_BYTES } from "../streams/bytes.ts";
import { type BodyOptions, bodyReader } from "./body.ts";
import type { EngineResponse } from "./engine.ts";
import { parseContentLength } from "./headers.ts";

/** Bodies up to this size are read to their end when released, so that the connection can be kept. */
const DRAINED = 65_536;
/** How long that may take, in milliseconds. */
const DRAIN_TIME = 1_000;
/** How many bytes of a document must come in a millisecond, on average. */
const SLOWEST = 16.384;
/** The codings of documents that are decoded. Images are not: their bytes are those that are stored. */
const CODINGS: Readonly<Record<string, CompressionFormat>> = {
  "gzip": "gzip",
  "x-gzip": "gzip",
  "deflate": "deflate",
};
/** The size of a document at most, in bytes, if the caller does not set one. */
const DOCUMENT_LIMIT = 1_048_576;

/** A response. Its body must be read to the end or released. */
export class HttpResponse {
  /** The status code. */
  readonly status: number;
  /** The headers. */
  readonly headers: Headers;
  /** The URL that the response came from, after redirects. */
  readonly url: URL;
  /** Whether the runtime has followed redirects on its own. */
  readonly redirected: boolean;
  /** Whether this is a redirect whose target a browser does not reveal. */
  readonly hidden: boolean;
  /**
   * The body. A read fails with `TimeoutError` if nothing comes during the idle timeout, and with
   * `RemoteServiceUnavailable` if the connection breaks or ends before `Content-Length` bytes.
   */
  readonly body: ByteReader;
  readonly #length: number | undefined;
  readonly #response: EngineResponse;
  readonly #options: BodyOptions;

  /** @internal */
  constructor(response: EngineResponse, options: BodyOptions & { url: URL; method: string }) {
    const { url, method, dispose } = options;
    this.#response = response;
    this.#options = options;
    this.status = response.status;
    this.headers = response.headers;
    this.redirected = response.redirected;
    this.hidden = response.type === "opaqueredirect";
    this.url = response.redirected ? new URL(response.url) : url;
    const length = parseContentLength(response.headers);
    const isBodiless = method === "HEAD" || response.body === null || length === 0 ||
      [204, 205, 304].includes(response.status);
    this.#length = isBodiless ? 0 : response.isDecoded ? undefined : length;
    if (isBodiless) {
      void response.body?.cancel().catch(() => {});
      dispose();
      this.body = NO_BYTES;
    } else {
      this.body = bodyReader(response.body!, this.#length, options);
    }
  }

  /** Whether the status is a success. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /**
   * Returns whether the response has one of these statuses.
   *
   * @param statuses The statuses. Default: all of 2xx.
   * @returns Whether the status is among them.
   */
  isAmong(statuses: readonly number[] | undefined): boolean {
    return statuses ? statuses.includes(this.status) : this.ok;
  }

  /**
   * Returns whether the end of a body without `Content-Length` can be distinguished from a broken
   * connection (RFC 9112, sections 6.3 and 8). That is not so without chunks and without TLS, and for an
   * engine that does not see where TLS was cut.
   *
   * @returns `true` if the end of the body is certain.
   */
  isDelimited(): boolean {
    const { headers, type, isBlind = hasNodeSockets() } = this.#response;
    return /(^|,)\s*chunked\s*$/i.test(headers.get("transfer-encoding") ?? "") ||
      // The headers of other origins are hidden from a page, and HTTP/2 has neither header nor need.
      type === "cors" || (this.url.protocol === "https:" && !isBlind);
  }

  /** The coding of the body (RFC 9110, section 8.4) in lower case, or `undefined` if it has none. */
  get contentEncoding(): string | undefined {
    const coding = this.headers.get("content-encoding")?.trim().toLowerCase();
    return coding === "identity" ? undefined : coding || undefined;
  }

  /** Whether the runtime has decoded the body, so that it is not what the server has stored. */
  get isDecoded(): boolean {
    return this.#response.isDecoded ?? false;
  }

  /**
   * Reads the whole body, decoded by default. It has as much time as a body has for its first byte, and 1 s more
   * for each 16 KiB that it may have.
   *
   * @param limit How many bytes it may have. Default: 1 MiB.
   * @param isCoded Whether its `Content-Encoding` is that of this body. Default: `true`.
   * @returns The bytes.
   * @throws {BackendException} If the body is longer.
   * @throws {TimeoutError} If the body has not come whole in time.
   */
  async bytes(limit: number = DOCUMENT_LIMIT, isCoded = true): Promise<Bytes> {
    const likely = Math.min(this.#length ?? DRAINED, limit);
    const { idle, controller } = this.#options;
    // A server may announce more than a timer can wait for.
    const time = idle + Math.min(this.#length ?? limit, limit) / SLOWEST;
    const timer = setTimeout(() => {
      controller.abort(
        new TimeoutError(`the response has not come whole in ${Math.round(time)} ms`),
      );
    }, time);
    try {
      const { readWhole } = await import("./whole_body.ts");
      return await readWhole(isCoded ? this.#decoded() : this.body, likely, limit);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The body, decoded if the server has encoded it although the request forbade it. */
  #decoded(): ByteReader {
    const coding = this.isDecoded ? undefined : CODINGS[this.contentEncoding ?? ""];
    if (coding === undefined || this.body === NO_BYTES) return this.body;
    const decoded = this.#response.body!.pipeThrough(new DecompressionStream(coding));
    return bodyReader(decoded, undefined, this.#options);
  }

  /**
   * Reads the whole body as UTF-8 text.
   *
   * @param limit How many bytes it may have. Default: 1 MiB.
   * @param isCoded Whether its `Content-Encoding` is that of this body. Default: `true`.
   * @returns The text.
   * @throws {BackendException} If the body is longer.
   */
  async text(limit?: number, isCoded?: boolean): Promise<string> {
    return new TextDecoder().decode(await this.bytes(limit, isCoded));
  }

  /**
   * Closes the body. A small one is read to its end if that does not take long, so that the connection
   * can be used again.
   */
  async release(): Promise<void> {
    if (this.#length && this.#length <= DRAINED) {
      const timer = setTimeout(() => this.#options.controller.abort(), DRAIN_TIME);
      const { readWhole } = await import("./whole_body.ts");
      await readWhole(this.body, this.#length, DRAINED).catch(() => {});
      clearTimeout(timer);
    }
    await this.body.close();
  }
}
