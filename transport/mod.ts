/**
 * The HTTP client that the stores share. It needs nothing but Web standards.
 *
 * A driver makes one {@linkcode Transport} a store and calls {@linkcode Transport.send} for whatever
 * has a short response, {@linkcode readRange} for an image:
 *
 * - `prepare` signs a request or gives it its token. It runs anew for each attempt, so that neither
 *   is stale, and for the request's own origin alone, so that neither leaks.
 * - A body is given whole (a part, a segment) and sent again where it failed. It is lent until `send`
 *   settles.
 * - `accept` names the statuses that are expected; `fail` makes an error of any other, from the body's
 *   error code where there is one; `recover` puts something right and has the request sent again.
 * - A response's body must be read to its end, or released.
 * - A URL that a user supplied is judged by the {@linkcode EgressGate}, and so is each redirect; one
 *   that the operator configured is `trusted`.
 *
 * @module
 */
export type { Fetch, TlsOptions } from "./engine.ts";
export { Backoff, type RetryOptions } from "./backoff.ts";
export { EgressGate, type EgressRules, type Resolve } from "./egress_gate.ts";
export { isRetryable, statusError } from "./errors.ts";
export { parseContentLength, parseLastModified, parseRetryAfter } from "./headers.ts";
export { type ContentRange, formatRange, parseContentRange } from "./ranges.ts";
export { readRange, type ReadRangeOptions } from "./read_range.ts";
export type { HttpRequest, PreparedRequest, Timeouts } from "./request.ts";
export { HttpResponse } from "./response.ts";
export type { OpenBody, OpenedBody } from "./read_state.ts";
export { resumingReader } from "./resuming_reader.ts";
export { Transport, type TransportOptions } from "./transport.ts";
