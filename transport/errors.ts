/**
 * The errors of responses that are not accepted and of connections that fail.
 *
 * @module
 */
import {
  BackendException,
  Forbidden,
  ImageChanged,
  NotAuthenticated,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  StoreError,
  TimeoutError,
} from "../errors/mod.ts";
import { maskUri } from "../location/mod.ts";
import { parseRetryAfter } from "./headers.ts";

/**
 * Returns whether the same request may succeed later.
 *
 * @param status The status code of the response.
 * @returns `true` for 408, 429, 500, 502, 503 and 504.
 */
export function isRetryable(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/**
 * Returns the error of a response that is not accepted, for drivers that do not know better. Its message
 * has the status alone and nothing that the server wrote.
 *
 * @param response The status code and the headers of the response.
 * @returns `NotFound` for 404 and 410, `Forbidden` for 403, and so on; `BackendException` for a status
 * that has no class of its own.
 */
export function statusError(
  { status, headers }: { status: number; headers: Headers },
): StoreError {
  const detail = `the server responded with ${status}`;
  switch (status) {
    case 401:
      return new NotAuthenticated(detail);
    case 403:
      return new Forbidden(detail);
    case 404:
    case 410:
      return new NotFound(detail);
    case 412:
      return new ImageChanged(detail);
    case 408:
    case 504:
      return new TimeoutError(detail, { retryAfter: parseRetryAfter(headers) });
    case 507:
      return new StorageFull(detail);
  }
  return isRetryable(status)
    ? new RemoteServiceUnavailable(detail, { retryAfter: parseRetryAfter(headers) })
    : new BackendException(detail);
}

/**
 * Returns the error to throw for a connection that failed.
 *
 * @param error What the runtime threw.
 * @param signal The signal of the request.
 * @returns The reason of the abort if the signal has aborted; errors of the package and refused
 * permissions as they are, since no retry changes them; `RemoteServiceUnavailable` for everything else.
 * Secrets of URLs are masked in its message, and by the store in its causes.
 */
export function connectionError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof StoreError) return error;
  const { name } = error as Error;
  if (name === "NotCapable" || name === "PermissionDenied") return error;
  const reasons = [];
  for (let at = error; at instanceof Error; at = at.cause) reasons.push(at.message);
  // The messages of a runtime contain the URL, which may be signed.
  const reason = maskUri(reasons.join(": "));
  return new RemoteServiceUnavailable(`the connection failed: ${reason || error}`, {
    cause: error,
    retryable: !/certificate|self.signed/i.test(reason),
  });
}
