/**
 * Errors as HTTP says them: a status and a line that gives nothing of the backend away.
 *
 * @module
 */
import { StoreError } from "../../errors/mod.ts";

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
  BackendException: 502,
  NotAuthenticated: 502,
  ImageChanged: 503,
  RemoteServiceUnavailable: 503,
  TimeoutError: 504,
  StorageFull: 507,
};

const TEXT: Readonly<Record<number, string>> = {
  304: "",
  400: "the request is not valid",
  401: "a bearer token is needed",
  403: "not allowed",
  404: "not found",
  405: "the method is not allowed",
  409: "there is an image already, or it is in use",
  412: "a precondition does not hold",
  415: "an encoded image is not taken",
  416: "the range lies outside the image",
  500: "the store is not usable",
  502: "the store's backend failed",
  503: "the store cannot be reached",
  504: "the store did not answer in time",
  507: "the store is full",
};

/** The response of a status alone. */
export function statusResponse(
  status: number,
  headers: HeadersInit = {},
  text: string = TEXT[status]!,
): Response {
  const all = new Headers(headers);
  if (status !== 304) all.set("content-type", "text/plain; charset=utf-8");
  return new Response(status === 304 ? null : `${text}\n`, { status, headers: all });
}

/** The response that says an error. */
export function errorResponse(error: unknown): Response {
  const { name, detail, retryAfter } = error instanceof StoreError
    ? error
    : { name: "", detail: "", retryAfter: undefined };
  const status = STATUS[name] ?? 500;
  return statusResponse(
    status,
    retryAfter === undefined ? {} : { "retry-after": `${Math.ceil(retryAfter / 1000)}` },
    // What is wrong with a request is about what its sender wrote.
    status === 400 ? detail : TEXT[status],
  );
}
