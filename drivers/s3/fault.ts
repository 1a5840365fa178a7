/**
 * What an S3 server sent instead of a success.
 *
 * @module
 */
// Small: users import the class, while the table of errors is loaded by the first failure.
import { StoreError } from "../../errors/mod.ts";

/**
 * What an S3 server sent instead of a success: the `cause` of the error that is thrown.
 *
 * @example The error code of the server
 * ```ts
 * import { S3Fault, S3Store } from "@vitrine/vitrine/s3";
 * import { assert, assertEquals } from "@std/assert";
 *
 * await using store = new S3Store("cloud", {
 *   host: "http://s3.example.org",
 *   bucket: "images",
 *   accessKey: "key",
 *   secretKey: "secret",
 *   fetch: () => Promise.resolve(new Response("<Error><Code>NoSuchBucket</Code></Error>", { status: 404 })),
 * });
 * const error = await store.get("a.iso").catch((error) => error);
 * assert(error.cause instanceof S3Fault);
 * assertEquals([error.cause.status, error.cause.code], [404, "NoSuchBucket"]);
 * ```
 */
export class S3Fault extends Error {
  /** The class's name, which survives minification. */
  override readonly name: string = "S3Fault";

  /** @internal */
  constructor(
    /** The status code. */
    readonly status: number,
    /** The error code; empty where there is none, as in the response to a `HEAD`. */
    readonly code: string,
    /** The region of the bucket, where the server names it. */
    readonly region: string | undefined,
    /** The server's time in milliseconds, where it sends it. */
    readonly serverTime: number | undefined,
    /** The URL or the host that the request should go to, where the server names one. */
    readonly target?: string | undefined,
  ) {
    super(code || `status ${status}`);
  }
}

/**
 * Returns the S3 code that an error comes from.
 *
 * @param error Anything that was thrown.
 * @returns The code, empty where the server sent none; `undefined` if the error comes from elsewhere.
 */
export function getErrorCode(error: unknown): string | undefined {
  return error instanceof StoreError && error.cause instanceof S3Fault
    ? error.cause.code
    : undefined;
}
