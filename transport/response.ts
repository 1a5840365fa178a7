/**
 * The response to a request: its body is pulled, has a timeout and is checked against its length.
 *
 * @module
 */
import { hasNodeSockets } from "../runtime/mod.ts";
import { type ByteReader, type Bytes, NO_BYTES } from "../streams/bytes.ts";
import { type BodyOptions, bodyReader, readWhole } from "./body.ts";
import type { EngineResponse } from "./engine.ts";

/** Bodies up to this size are read to their end when released, so that the connection can be kept. */
const DRAINED = 65_536;
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

  /** @internal */
  constructor(response: EngineResponse, options: BodyOptions & { url: URL; method: string }) {
    const { url, method, dispose } = options;
    this.#response = response;
    this.status = response.status;
    this.headers = response.headers;
    this.redirected = response.redirected;
    this.hidden = response.type === "opaqueredirect";
    this.url = response.redirected ? new URL(response.url) : url;
    const length = response.headers.get("content-length");
    const isBodiless = method === "HEAD" || response.body === null || length === "0" ||
      [204, 205, 304].includes(response.status);
    this.#length = isBodiless
      ? 0
      : length === null || response.headers.has("content-encoding")
      ? undefined
      : Number(length);
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
    const { headers, type, blind = hasNodeSockets() } = this.#response;
    return /(^|,)\s*chunked\s*$/i.test(headers.get("transfer-encoding") ?? "") ||
      // The headers of other origins are hidden from a page, and HTTP/2 has neither header nor need.
      type === "cors" || (this.url.protocol === "https:" && !blind);
  }

  /**
   * Reads the whole body.
   *
   * @param limit How many bytes it may have. Default: 1 MiB.
   * @returns The bytes.
   * @throws {BackendException} If the body is longer.
   */
  async bytes(limit: number = DOCUMENT_LIMIT): Promise<Bytes> {
    return await readWhole(this.body, Math.min(this.#length ?? DRAINED, limit), limit);
  }

  /**
   * Reads the whole body as UTF-8 text.
   *
   * @param limit How many bytes it may have. Default: 1 MiB.
   * @returns The text.
   * @throws {BackendException} If the body is longer.
   */
  async text(limit?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(limit));
  }

  /** Closes the body. A small one is read to its end, so that the connection can be used again. */
  async release(): Promise<void> {
    if (this.#length && this.#length <= DRAINED) {
      await this.bytes(DRAINED).catch(() => {});
    }
    await this.body.close();
  }
}
