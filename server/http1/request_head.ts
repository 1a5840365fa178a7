/**
 * Parsing the head of a request: request line and header fields (RFC 9112, sections 3 and 5).
 *
 * The parser is strict. What two programs could read differently (a bare line feed, a folded line, a
 * blank before a colon, two lengths) is refused, because a proxy in front may have read it the other
 * way: that is how requests are smuggled (RFC 9112, section 11.2).
 *
 * @module
 */

/** The head of a request. */
export interface RequestHead {
  /** The method. */
  method: string;
  /** Path and query, from `/` on; `*` for the server as a whole. */
  target: string;
  /** The minor version of HTTP/1: 0 or 1. */
  minor: 0 | 1;
  /** The header fields. */
  headers: Headers;
  /** The length of the body in bytes; `chunked` where it is in chunks. 0 where there is no body. */
  length: number | "chunked";
  /** Whether the connection is used for another request afterwards (RFC 9112, section 9.3). */
  keepAlive: boolean;
}

/** A request that is not valid HTTP, or that the server does not serve. */
export class RequestError extends Error {
  /** @internal */
  override readonly name: string = "RequestError";
  /** The status code of the response. */
  readonly status: number;

  /**
   * Creates the error.
   *
   * @param status The status code of the response.
   * @param message What is wrong with the request.
   */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/(\d)\.(\d)$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const FIELD_VALUE = /^[\t -~\x80-\xff]*$/;
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(?::(\d{0,5}))?$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;
/** The most header fields of a request. */
const MAX_FIELDS = 100;
/** The longest request target, in bytes. */
const MAX_TARGET = 8192;

/**
 * Parses the head of a request.
 *
 * @param text The head without the empty line at its end, one character per byte.
 * @returns The head.
 * @throws {RequestError} If the head is not valid, or needs what the server does not have.
 */
export function parseRequestHead(text: string): RequestHead {
  const [requestLine = "", ...lines] = text.split("\r\n");
  const { method, target, minor, authority } = parseRequestLine(requestLine);
  if (lines.length > MAX_FIELDS) {
    throw new RequestError(431, `the request has more than ${MAX_FIELDS} header fields`);
  }
  const fields = lines.map(parseField);
  const valuesOf = (name: string) =>
    fields.filter(([key]) => key === name).map(([, value]) => value);
  const hosts = valuesOf("host");
  if (minor === 1 && hosts.length === 0) throw new RequestError(400, "the Host field is missing");
  if (hosts.length > 1) throw new RequestError(400, "the Host field comes twice");
  if (![...hosts, ...authority].every(isHost)) {
    throw new RequestError(400, "the Host field is not valid");
  }
  const headers = new Headers(fields);
  // The authority of an absolute target replaces the Host field (RFC 9112, section 3.2.2).
  if (authority.length > 0) headers.set("host", authority[0]!);
  const options = (headers.get("connection") ?? "").toLowerCase().split(",").map((s) => s.trim());
  return {
    method,
    target,
    minor,
    headers,
    length: bodyLength(valuesOf("transfer-encoding"), valuesOf("content-length"), minor),
    keepAlive: minor === 1 ? !options.includes("close") : options.includes("keep-alive"),
  };
}

function parseRequestLine(line: string) {
  const match = REQUEST_LINE.exec(line);
  if (match === null) throw new RequestError(400, "the request line is not valid");
  const [, method, target, major, minor] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  if (major !== "1") throw new RequestError(505, "the version of HTTP is not 1.0 or 1.1");
  if (target.length > MAX_TARGET) {
    throw new RequestError(414, `the URL is longer than ${MAX_TARGET} bytes`);
  }
  const absolute = ABSOLUTE.exec(target);
  const path = absolute ? absolute[2]!.replace(/^(?=\?|$)/, "/") : target;
  const isServer = path === "*" && method === "OPTIONS";
  if ((!path.startsWith("/") && !isServer) || path.includes("#")) {
    throw new RequestError(400, "the URL of the request is not valid");
  }
  return {
    method,
    target: path,
    minor: minor === "0" ? 0 as const : 1 as const,
    authority: absolute ? [absolute[1]!] : [],
  };
}

function parseField(line: string): [name: string, value: string] {
  const match = FIELD_LINE.exec(line);
  // A line that begins with a blank continues the last one in an obsolete form (section 5.2).
  if (match === null || !FIELD_VALUE.test(match[2]!)) {
    throw new RequestError(400, "a header field is not valid");
  }
  return [match[1]!.toLowerCase(), match[2]!];
}

function isHost(host: string): boolean {
  const match = HOST.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

/** Returns the length of the body (RFC 9112, section 6.3). */
function bodyLength(encodings: string[], lengths: string[], minor: 0 | 1): number | "chunked" {
  if (encodings.length > 0) {
    if (lengths.length > 0 || minor === 0) {
      throw new RequestError(400, "the request has a Transfer-Encoding that it may not have");
    }
    if (encodings.join().toLowerCase() !== "chunked") {
      throw new RequestError(501, "the only Transfer-Encoding is chunked");
    }
    return "chunked";
  }
  if (lengths.length === 0) return 0;
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0]!)) {
    throw new RequestError(400, "the Content-Length is not one decimal number");
  }
  return Number(lengths[0]);
}
