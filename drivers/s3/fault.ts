/**
 * What an S3 server says when it refuses.
 *
 * @module
 */
import { StoreError } from "../../errors/mod.ts";

/** What an S3 server answered instead of a success: the `cause` of the error that is thrown. */
export class S3Fault extends Error {
  /** The class's name, which survives minification. */
  override readonly name: string = "S3Fault";

  /** @internal */
  constructor(
    /** The status code. */
    readonly status: number,
    /** The error code; empty where there is none, as in the answer to a `HEAD`. */
    readonly code: string,
    /** The region of the bucket, where the server tells it. */
    readonly region: string | undefined,
    /** The server's time in milliseconds, where it tells it. */
    readonly serverTime: number | undefined,
  ) {
    super(code || `status ${status}`);
  }
}

/** The code of the fault that an error comes from, if it comes from one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof StoreError && error.cause instanceof S3Fault
    ? error.cause.code
    : undefined;
}
