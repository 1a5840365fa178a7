/**
 * What the status of an answer means for a store, where the driver does not know better.
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
  type StoreError,
  TimeoutError,
} from "../errors/mod.ts";
import { retryAfterOf } from "./retry.ts";

/** Whether the same request may do better later: 408, 429, 500, 502, 503 and 504. */
export function isRetryable(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/** The error that an answer is. Its text names the status alone, nothing the server wrote. */
export function statusError(
  { status, headers }: { status: number; headers: Headers },
): StoreError {
  const detail = `the server answered ${status}`;
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
      return new TimeoutError(detail, { retryAfter: retryAfterOf(headers) });
    case 507:
      return new StorageFull(detail);
  }
  return isRetryable(status)
    ? new RemoteServiceUnavailable(detail, { retryAfter: retryAfterOf(headers) })
    : new BackendException(detail);
}
