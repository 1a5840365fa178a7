/**
 * A request and a reply of HTTP, without the objects of any runtime's server.
 *
 * @module
 */
import type { ByteReader, Bytes } from "../../streams/mod.ts";

/** A request. */
export interface HttpRequest {
  /** The method, as sent: methods are case-sensitive (RFC 9110, section 9.1). */
  readonly method: string;
  /** Path and query as sent, still percent-encoded, from `/` on; `*` for the server as a whole. */
  readonly target: string;
  /** The header fields. */
  readonly headers: Headers;
  /** The body, or `null` where there is none. It is received while it is read. */
  readonly body: ReadableStream<Bytes> | ByteReader | null;
}

/** A body that is a stream. A `GetResult` is one. */
export interface StreamedBody {
  /** The bytes. A byte stream is read into the server's own small buffers. */
  readonly stream: ReadableStream<Bytes>;
  /**
   * Makes a response of the bytes in place of `stream`, where a runtime has a faster way.
   *
   * @param init Status and headers. Default: 200, without headers.
   * @returns The response, to be sent as it is.
   */
  respond?(init?: ResponseInit): Promise<Response>;
}

/** A reply. */
export interface HttpReply {
  /** The status code. */
  readonly status: number;
  /** The header fields, with names in lower case. */
  readonly headers: Record<string, string>;
  /** The body; `undefined` where there is none. */
  readonly body?: Bytes | StreamedBody | undefined;
}
