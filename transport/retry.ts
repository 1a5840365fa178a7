/**
 * What follows a request that was not accepted at once: recovery, retries, or an error.
 *
 * @module
 */
import { StoreError } from "../errors/mod.ts";
import { Backoff, type RetryOptions } from "./backoff.ts";
import { isRetryable, statusError } from "./errors.ts";
import { parseRetryAfter } from "./headers.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";

const MAX_RECOVERIES = 2;
const IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];

/**
 * Sends a request again until a response is accepted, or until it is time to give up.
 *
 * @param request The request, with its rules for recovery and retries.
 * @param first The first attempt, which was not accepted or has failed.
 * @param attempt Sends the request once more.
 * @param options How often and how long to retry.
 * @param started When the first attempt began, as `Date.now()` has it.
 * @returns The response that was accepted.
 * @throws {StoreError} The error of the last attempt.
 */
export async function sendAgain(
  request: HttpRequest,
  first: Promise<HttpResponse>,
  attempt: () => Promise<HttpResponse>,
  options: RetryOptions,
  started: number,
): Promise<HttpResponse> {
  const { method = "GET", retry = "safe", accept, signal } = request;
  const canRetry = retry === "always" || (retry === "safe" && IDEMPOTENT.includes(method));
  const backoff = new Backoff(options, started);
  let recoveries = 0;
  for (let sent = first;; sent = attempt()) {
    let failure: unknown;
    let status = 0;
    let wait: number | undefined;
    try {
      const response = await sent;
      if (response.isAmong(accept)) return response;
      try {
        if (recoveries++ < MAX_RECOVERIES && await request.recover?.(response)) continue;
        ({ status } = response);
        wait = parseRetryAfter(response.headers);
        failure = await (request.fail ?? statusError)(response);
      } finally {
        await response.release();
      }
    } catch (error) {
      failure = error;
    }
    const retryable = isRetryable(status) || (failure instanceof StoreError && failure.retryable);
    if (!canRetry || !retryable || !await backoff.wait(wait, signal)) throw failure;
  }
}
