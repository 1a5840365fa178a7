/**
 * Clients for tests that need no store around them.
 *
 * @module
 */
import { S3Client } from "../../drivers/s3/client.ts";
import { Endpoint } from "../../drivers/s3/endpoint.ts";
import { OPTIONS, type S3Options, type S3Settings } from "../../drivers/s3/options.ts";
import { validateOptions } from "../../mod.ts";

/** Options with their defaults. */
export function settings(options: Partial<S3Options> = {}): S3Settings {
  const given = { host: "h", bucket: "b", accessKey: "key", secretKey: "hush", ...options };
  return validateOptions(OPTIONS, given, "s3") as unknown as S3Settings;
}

/** A client of that bucket. */
export function clientFor(options: Partial<S3Options> = {}): S3Client {
  const given = settings(options);
  return new S3Client(given, new Endpoint(given, "s3"));
}
