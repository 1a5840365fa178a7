/**
 * The answer to a request: its body is pulled, timed and counted.
 *
 * @module
 */
import { type ByteReader, type Bytes, NO_BYTES } from "../streams/bytes.ts";
import { timedBody } from "./body.ts";
import type { EngineResponse } from "./engine.ts";

/** Bodies up to this size are read to their end when released, so that the connection lives on. */
const DRAINED = 65_536;

/** An answer. Its body must be read to the end or released. */
export class HttpResponse {
  /** The status code. */
  readonly status: number;
  /** The headers. */
  readonly headers: Headers;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Whether the runtime followed redirects by itself. */
  readonly redirected: boolean;
  /** Whether it is a redirect that a browser keeps to itself. */
  readonly hidden: boolean;
  /**
   * The body. A read fails with `TimeoutError` where nothing comes for the idle time, and with
   * `RemoteServiceUnavailable` where the connection breaks or ends before `Content-Length` bytes.
   */
  readonly body: ByteReader;
  readonly #length: number | undefined;
  readonly #response: EngineResponse;

  /** @internal */
  constructor(response: EngineResponse, options: {
    url: URL;
    method: string;
    idle: number;
    controller: AbortController;
    dispose: () => void;
  }) {
    const { url, method, idle, controller, dispose } = options;
    this.#response = response;
    this.status = response.status;
    this.headers = response.headers;
    this.redirected = response.redirected;
    this.hidden = response.type === "opaqueredirect";
    this.url = response.redirected ? new URL(response.url) : url;
    const length = response.headers.get("content-length");
    const bodiless = method === "HEAD" || response.body === null || length === "0" ||
      [204, 205, 304].includes(response.status);
    this.#length = bodiless
      ? 0
      : length === null || response.headers.has("content-encoding")
      ? undefined
      : Number(length);
    if (bodiless) {
      void response.body?.cancel().catch(() => {});
      dispose();
      this.body = NO_BYTES;
    } else {
      this.body = timedBody(response.body!, this.#length, { idle, controller, dispose });
    }
  }

  /** Whether the status is a success. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Whether the status is one of these; any success unless given. */
  isAmong(statuses: readonly number[] | undefined): boolean {
    return statuses ? statuses.includes(this.status) : this.ok;
  }

  /** Whether the end of a body without `Content-Length` can be told from a broken connection. */
  async isDelimited(): Promise<boolean> {
    const { isDelimited } = await import("./delimited.ts");
    return isDelimited(this.#response, this.url);
  }

  /** The whole body, at most `limit` bytes of it: 1 MiB unless said otherwise. */
  async bytes(limit = 1_048_576): Promise<Bytes> {
    const { readWhole } = await import("./whole.ts");
    return await readWhole(this.body, Math.min(this.#length ?? DRAINED, limit), limit);
  }

  /** The whole body as UTF-8 text, at most `limit` bytes of it: 1 MiB unless said otherwise. */
  async text(limit?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(limit));
  }

  /** Lets go of the body. A small one is read, so that its connection can be used again. */
  async release(): Promise<void> {
    if (this.#length && this.#length <= DRAINED) {
      await this.bytes(DRAINED).catch(() => {});
    }
    await this.body.close();
  }
}
