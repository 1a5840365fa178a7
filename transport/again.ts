/**
 * What becomes of a request that did not succeed at once: put right, sent again, or an error. Loaded
 * with the first such request.
 *
 * @module
 */
import { StoreError } from "../errors/mod.ts";
import type { HttpResponse } from "./response.ts";
import { Backoff, retryAfterOf, type RetryOptions } from "./retry.ts";
import { isRetryable, statusError } from "./status.ts";
import type { HttpRequest } from "./transport.ts";

const MAX_RECOVERIES = 2;
const IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];

/**
 * Goes on from the first attempt at a request, which `began` then and was not accepted or failed, to an
 * answer that is accepted or to the error that it is.
 */
export async function sendAgain(
  request: HttpRequest,
  first: Promise<HttpResponse>,
  attempt: () => Promise<HttpResponse>,
  options: RetryOptions,
  began: number,
): Promise<HttpResponse> {
  const { method = "GET", retry = "safe", accept, signal } = request;
  const again = retry === "always" || (retry === "safe" && IDEMPOTENT.includes(method));
  const backoff = new Backoff(options, began);
  let recoveries = 0;
  for (let next: typeof attempt = () => first;; next = attempt) {
    let failure: unknown;
    let status = 0;
    let wait: number | undefined;
    try {
      const response = await next();
      if (response.isAmong(accept)) return response;
      try {
        if (recoveries++ < MAX_RECOVERIES && await request.recover?.(response)) continue;
        ({ status } = response);
        wait = retryAfterOf(response.headers);
        failure = await (request.fail ?? statusError)(response);
      } finally {
        await response.release();
      }
    } catch (error) {
      failure = error;
    }
    const retryable = isRetryable(status) || (failure instanceof StoreError && failure.retryable);
    if (!again || !retryable || !await backoff.wait(wait, signal)) throw failure;
  }
}
