/**
 * Headers by the options of the store: encryption, storage class, who pays
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html).
 *
 * @module
 */
import { decodeBase64 } from "../../streams/encoding.ts";
import { contentMd5 } from "./content_md5.ts";
import type { S3Settings } from "./options.ts";

/** What of a request says which headers it needs. */
interface RequestKind {
  readonly method?: string | undefined;
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const CUSTOMER = "server-side-encryption-customer";

/**
 * Formats the headers that the options of a store add to a request.
 *
 * @param options The options of the store.
 * @param request The request.
 * @returns The headers.
 */
export async function formatObjectOptions(
  options: S3Settings,
  { method = "GET", key = "", query = {}, headers = {} }: RequestKind,
): Promise<Record<string, string>> {
  const added: Record<string, string> = options.requesterPays
    ? { "x-amz-request-payer": "requester" }
    : {};
  if (key === "") return added;
  const isPlain = Object.keys(query).length === 0;
  const begins = (method === "POST" && "uploads" in query) || (method === "PUT" && isPlain);
  const hasBytes = begins || "partNumber" in query ||
    (isPlain && (method === "GET" || method === "HEAD"));
  if (begins) {
    const { storageClass, serverSideEncryption, sseKmsKeyId } = options;
    if (storageClass) added["x-amz-storage-class"] = storageClass;
    if (serverSideEncryption) added["x-amz-server-side-encryption"] = serverSideEncryption;
    if (sseKmsKeyId) added["x-amz-server-side-encryption-aws-kms-key-id"] = sseKmsKeyId;
  }
  const { sseCustomerKey } = options;
  if (sseCustomerKey !== undefined && hasBytes) {
    // Servers check the key by its md5.
    const md5 = await contentMd5([decodeBase64(sseCustomerKey)!]);
    const isCopy = "x-amz-copy-source" in headers;
    for (const prefix of isCopy ? ["x-amz-", "x-amz-copy-source-"] : ["x-amz-"]) {
      added[`${prefix}${CUSTOMER}-algorithm`] = "AES256";
      added[`${prefix}${CUSTOMER}-key`] = sseCustomerKey;
      added[`${prefix}${CUSTOMER}-key-md5`] = md5;
    }
  }
  return added;
}
