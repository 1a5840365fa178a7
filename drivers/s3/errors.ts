/**
 * Errors by the code that an S3 server gives (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
 * Loaded with the first one.
 *
 * @module
 */
import {
  ChecksumMismatch,
  Forbidden,
  Invalid,
  InvalidRange,
  NotAuthenticated,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  StoreAclsNotSupported,
  type StoreError,
  type StoreErrorOptions,
} from "../../errors/mod.ts";
import type { HttpResponse } from "../../transport/response.ts";
import { parseRetryAfter } from "../../transport/headers.ts";
import { statusError } from "../../transport/errors.ts";
import { S3Fault } from "./fault.ts";
import type { Element } from "./xml.ts";

type ErrorClass = new (detail: string, options?: StoreErrorOptions) => StoreError;

const CLASSES: readonly (readonly [ErrorClass, string, StoreErrorOptions?])[] = [
  [NotFound, "NoSuchKey NoSuchBucket NoSuchUpload NoSuchVersion"],
  [Forbidden, "AccessDenied AccountProblem AllAccessDisabled InvalidObjectState"],
  [
    NotAuthenticated,
    "InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken TokenRefreshRequired " +
    "RequestTimeTooSkewed AuthorizationHeaderMalformed InvalidSecurity",
  ],
  [
    RemoteServiceUnavailable,
    "SlowDown ServiceUnavailable InternalError RequestTimeout OperationAborted Throttling " +
    "RequestLimitExceeded BandwidthLimitExceeded IncompleteBody ConditionalRequestConflict",
  ],
  // What arrived is not what was sent: sent again, it may arrive whole.
  [
    ChecksumMismatch,
    "BadDigest InvalidDigest XAmzContentSHA256Mismatch XAmzContentChecksumMismatch",
    { retryable: true },
  ],
  [StorageFull, "EntityTooLarge QuotaExceeded InsufficientStorage XMinioStorageFull"],
  [StoreAclsNotSupported, "AccessControlListNotSupported"],
  [InvalidRange, "InvalidRange"],
  [Invalid, "KeyTooLongError MetadataTooLarge InvalidBucketName"],
];

/** What went wrong, read from an answer that is no success. */
export async function faultOf(response: HttpResponse): Promise<S3Fault> {
  const { headers, status } = response;
  const text = await response.text(65_536).catch(() => "");
  let element: Element | undefined;
  if (text.includes("<Error>")) {
    const { parseXml } = await import("./xml.ts");
    try {
      element = parseXml(text);
    } catch {
      // A proxy may have its own words; the status says enough.
    }
  }
  return fault(status, headers, element);
}

/** What went wrong, as the headers and an `<Error>` tell it. */
export function fault(status: number, headers: Headers, element: Element | undefined): S3Fault {
  const time = Date.parse(element?.text("ServerTime") || headers.get("date") || "");
  return new S3Fault(
    status,
    /^[A-Za-z0-9.]*$/.exec(element?.text("Code") ?? "")?.[0] ?? "",
    element?.text("Region") || headers.get("x-amz-bucket-region") || undefined,
    Number.isNaN(time) ? undefined : time,
  );
}

/** The error that a fault is. Its text names the code and the status, nothing else of the server's. */
export function errorOf(fault: S3Fault, headers: Headers): StoreError {
  const { code, status } = fault;
  const found = CLASSES.find(([, codes]) => codes.split(" ").includes(code));
  const error = statusError({ status, headers });
  const { retryable, retryAfter } = error;
  const [Class, , more] = found ?? [error.constructor as ErrorClass];
  const detail = code === "NoSuchBucket"
    ? "the bucket does not exist"
    : code === "NoSuchKey" || (status === 404 && code === "")
    ? "no such image"
    : `the server answered ${status} ${code}`.trimEnd();
  return new Class(detail, {
    cause: fault,
    ...(Class === RemoteServiceUnavailable ? {} : { retryable }),
    retryAfter: retryAfter ?? parseRetryAfter(headers),
    ...more,
  });
}
