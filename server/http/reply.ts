/**
 * Replies of a status and a line of text, and the ones that errors become.
 *
 * @module
 */
import { StoreError } from "../../errors/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { HttpReply } from "../http1/exchange.ts";

/** The status of each class of errors; the others are 500. */
const STATUS: Readonly<Record<string, number>> = {
  Invalid: 400,
  InvalidImageId: 400,
  SizeMismatch: 400,
  ChecksumMismatch: 400,
  EgressDenied: 403,
  Forbidden: 403,
  StorageWriteDenied: 403,
  StoreAddDisabled: 403,
  StoreDeleteNotSupported: 403,
  StoreGetNotSupported: 403,
  StoreListNotSupported: 403,
  NotFound: 404,
  Duplicate: 409,
  HasSnapshot: 409,
  InUseByStore: 409,
  InvalidRange: 416,
  ImageFormatRefused: 422,
  BackendException: 502,
  NotAuthenticated: 502,
  ImageChanged: 503,
  RemoteServiceUnavailable: 503,
  TimeoutError: 504,
  StorageFull: 507,
};

/** The text of each status. It never names the backend. */
const TEXT: Readonly<Record<number, string>> = {
  400: "the request is not valid",
  401: "a bearer token is needed",
  403: "not allowed",
  404: "not found",
  405: "the method is not allowed",
  409: "there is an image already, or it is in use",
  412: "a precondition does not hold",
  415: "an encoded image is not accepted",
  416: "the range lies outside the image",
  422: "the store does not accept an image like this",
  500: "the store is not usable",
  502: "the store's backend failed",
  503: "the store cannot be reached",
  504: "the store did not respond in time",
  507: "the store is full",
};

/** Statuses whose responses have no body (RFC 9110, sections 15.3.5 and 15.4.5). */
const WITHOUT_BODY = [204, 304];

/**
 * Creates the reply of a status alone, with a line of text as its body.
 *
 * @param status The status code.
 * @param headers Further header fields, with names in lower case.
 * @param text The line. Default: the usual text of the status.
 * @returns The reply.
 */
export function statusReply(
  status: number,
  headers: Record<string, string> = {},
  text: string = TEXT[status] ?? "",
): HttpReply {
  if (WITHOUT_BODY.includes(status)) return { status, headers };
  return textReply(status, `${text}\n`, {
    ...headers,
    "content-type": "text/plain; charset=utf-8",
  });
}

/**
 * Creates a reply with a text as its body.
 *
 * @param status The status code.
 * @param text The body, which is sent in UTF-8.
 * @param headers The header fields, with names in lower case; `content-length` is added.
 * @returns The reply.
 */
export function textReply(
  status: number,
  text: string,
  headers: Record<string, string>,
): HttpReply {
  const body = new TextEncoder().encode(text) as Bytes;
  return { status, headers: { ...headers, "content-length": `${body.length}` }, body };
}

/**
 * Creates the reply to a request that failed. It gives nothing of the backend away.
 *
 * @param error What was thrown.
 * @returns The reply: the status of the error's class, and `retry-after` where the error has one.
 */
export function errorReply(error: unknown): HttpReply {
  const { name, detail, retryAfter } = error instanceof StoreError
    ? error
    : { name: "", detail: "", retryAfter: undefined };
  const status = STATUS[name] ?? 500;
  return statusReply(
    status,
    retryAfter === undefined ? {} : { "retry-after": `${Math.ceil(retryAfter / 1000)}` },
    // What is wrong with a request is about what its sender wrote.
    status === 400 || status === 422 ? detail : TEXT[status],
  );
}
