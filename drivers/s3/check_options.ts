/**
 * The options of S3 stores that exclude each other.
 *
 * @module
 */
// Small: every store is checked, while the headers of object_options.ts are needed by few.
import { BadStoreConfiguration } from "../../errors/mod.ts";
import type { S3Settings } from "./options.ts";

/**
 * Checks the options that exclude each other.
 *
 * @param options The options of the store.
 * @param store The name of the store, for errors.
 * @throws {BadStoreConfiguration} If they do.
 */
export function checkOptions(options: S3Settings, store: string): void {
  const wrong = (what: string) => new BadStoreConfiguration(what, { store });
  const { accessKey, secretKey, serverSideEncryption, sseKmsKeyId, sseCustomerKey } = options;
  if (!accessKey !== !secretKey) {
    throw wrong('the options "accessKey" and "secretKey" belong together');
  }
  if (sseKmsKeyId && !serverSideEncryption?.startsWith("aws:kms")) {
    throw wrong('the option "sseKmsKeyId" needs "serverSideEncryption" of "aws:kms"');
  }
  if (sseCustomerKey !== undefined && serverSideEncryption) {
    throw wrong('the options "serverSideEncryption" and "sseCustomerKey" exclude each other');
  }
}
