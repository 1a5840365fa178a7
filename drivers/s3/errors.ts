/**
 * Errors by the code that an S3 server sends
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
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
import { maskUri } from "../../location/mod.ts";
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

/**
 * Reads what went wrong from a response that is no success.
 *
 * @param response The response; its body is read.
 * @returns The fault.
 */
export async function readFault(response: HttpResponse): Promise<S3Fault> {
  const { headers, status } = response;
  const text = await response.text(65_536).catch(() => "");
  let element: Element | undefined;
  if (text.includes("<Error")) {
    const { parseXml } = await import("./xml.ts");
    try {
      element = parseXml(text);
    } catch {
      // A proxy may have its own words; the status says enough.
    }
  }
  return createFault(status, headers, element);
}

/**
 * Creates a fault from the headers of a response and its `<Error>` element.
 *
 * @param status The status code.
 * @param headers The headers of the response.
 * @param element The element, if the response has one.
 * @returns The fault.
 */
export function createFault(
  status: number,
  headers: Headers,
  element: Element | undefined,
): S3Fault {
  const time = Date.parse(element?.text("ServerTime") || headers.get("date") || "");
  return new S3Fault(
    status,
    /^[A-Za-z0-9.]*$/.exec(element?.text("Code") ?? "")?.[0] ?? "",
    element?.text("Region") || headers.get("x-amz-bucket-region") || undefined,
    Number.isNaN(time) ? undefined : time,
    headers.get("location") || element?.text("Endpoint") || undefined,
  );
}

/**
 * Creates the error of a fault. Its text has the code and the status, and nothing else that the server
 * wrote.
 *
 * @param fault The fault.
 * @param headers The headers of the response.
 * @returns An error of the class that fits the code, else the status.
 */
export function createError(fault: S3Fault, headers: Headers): StoreError {
  const { code, status } = fault;
  const found = CLASSES.find(([, codes]) => codes.split(" ").includes(code));
  const error = statusError({ status, headers });
  const { retryable, retryAfter } = error;
  const [Class, , more] = found ?? [error.constructor as ErrorClass];
  const detail = code === "NoSuchBucket"
    ? "the bucket does not exist"
    : code === "NoSuchKey" || (status === 404 && code === "")
    ? "no such image"
    : status >= 300 && status < 400
    ? formatRedirect(fault)
    : `the server responded ${[status || "", code].filter(Boolean).join(" ")}`;
  return new Class(detail, {
    cause: fault,
    ...(Class === RemoteServiceUnavailable ? {} : { retryable }),
    retryAfter: retryAfter ?? parseRetryAfter(headers),
    ...more,
  });
}

/** Names the place of a bucket that is elsewhere, for the operator to configure. */
function formatRedirect({ status, code, target, region }: S3Fault): string {
  const where = [
    ...(target === undefined ? [] : [`at ${maskUri(target).slice(0, 200)}`]),
    ...(region === undefined ? [] : [`in the region ${region.slice(0, 40)}`]),
  ];
  return `the server responded ${[status, code].filter(Boolean).join(" ")}: the bucket is ` +
    (where.join(", ") || "elsewhere");
}
