/**
 * The errors that Swift's responses are.
 *
 * @module
 */
import {
  BackendException,
  ChecksumMismatch,
  Duplicate,
  InvalidImageId,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  type StoreError,
} from "../../errors/mod.ts";
import { statusError } from "../../transport/errors.ts";
import { parseRetryAfter } from "../../transport/headers.ts";
import type { HttpResponse } from "../../transport/response.ts";

/**
 * Returns the error of a response that is not accepted.
 *
 * @param response The response. Its body is read only where the status alone does not say enough.
 * @param method The method of the request.
 * @param object The object that was requested, or `undefined` for a container or an account.
 * @returns `NotFound` for 404, `Duplicate` for a PUT that met an object, `StorageFull` for a quota, and
 * so on.
 */
export async function swiftError(
  response: HttpResponse,
  method: string,
  object: string | undefined,
): Promise<StoreError> {
  const { status, headers } = response;
  const retryAfter = parseRetryAfter(headers);
  switch (status) {
    case 400:
      // Names can be too long for a server. A response to HEAD has no body that could say so.
      if (object !== undefined && (method === "HEAD" || /name/i.test(await response.text()))) {
        return new InvalidImageId("the server refuses the object's name (400)");
      }
      return statusError({ status, headers });
    case 404:
      return new NotFound("there is no such object or container");
    case 409:
      return method === "PUT"
        ? new Duplicate("the image exists already")
        : new BackendException("the image's segments are not those that its manifest names (409)");
    case 412:
      return method === "PUT"
        ? new Duplicate("the image exists already")
        : statusError({ status, headers });
    case 413:
      return new StorageFull("the server takes no more: a quota, or its largest object (413)");
    case 422:
      return new ChecksumMismatch("what arrived has another md5 (422)", { retryable: true });
    case 498: // Swift's own, of its ratelimit middleware.
      return new RemoteServiceUnavailable("the server is rate limiting (498)", { retryAfter });
    default:
      return statusError({ status, headers });
  }
}
