/**
 * The options of S3 stores.
 *
 * @module
 */
import type { OptionDefinitions } from "../../store/options.ts";
import { PROXY_FORMAT } from "../../transport/proxy.ts";

/** Keys that sign requests. */
export interface S3Credentials {
  /** The access key. */
  accessKey: string;
  /** The secret key. */
  secretKey: string;
  /** The session token of temporary keys. */
  sessionToken?: string | undefined;
  /** When temporary keys end. */
  expiration?: Date | undefined;
}

/** Options of an {@linkcode S3Store}. Sizes are in MiB, as in glance_store. */
export interface S3Options {
  /**
   * Where the server is: `s3.eu-west-1.amazonaws.com`, `https://ceph.example.org:7480`. Default: the
   * environment's AWS_ENDPOINT_URL_S3, else AWS_ENDPOINT_URL.
   */
  host?: string;
  /** The bucket of the images. */
  bucket: string;
  /** The region that requests are signed for. Default: that of an Amazon host, else `us-east-1`. */
  region?: string;
  /**
   * The access key. Default: that of `credentials`, else of the environment: AWS_ACCESS_KEY_ID, a web
   * identity, the profile, the container, the machine.
   */
  accessKey?: string;
  /** The secret key. */
  secretKey?: string;
  /** The session token of temporary keys. */
  sessionToken?: string;
  /** Returns the keys, and new ones when these expire. */
  credentials?: () => S3Credentials | Promise<S3Credentials>;
  /** The profile of the shared files that has the keys. */
  profile?: string;
  /** Whether requests are sent unsigned, to a public bucket. Default: `false`. */
  anonymous?: boolean;
  /** Whether the locations of new images hold the keys, as glance_store expects. Default: `false`. */
  keysInLocations?: boolean;
  /** Whether the bucket is created by the first write if it is missing. Default: `false`. */
  createBucketOnPut?: boolean;
  /**
   * Where URLs name the bucket: in the host (`virtual`) or in the path. Default: `auto`, in the host on
   * Amazon's alone.
   */
  bucketUrlFormat?: "auto" | "virtual" | "path";
  /** The size from which on images are uploaded in parts, in MiB. Default: 100. */
  largeObjectSize?: number;
  /** The size of a part, in MiB; larger where 10,000 parts would not suffice. Default: 10. */
  largeObjectChunkSize?: number;
  /**
   * Whether all parts but the last have the same size also if the size of an image is not known, as
   * Cloudflare R2 requires. Then an image has 10,000 times `largeObjectChunkSize` at most. Default: `false`.
   */
  equalParts?: boolean;
  /** How many parts are uploaded at once, all held in memory. Default: 10. */
  concurrency?: number;
  /**
   * How many ranges of one image are read at once, each the size of a part, all held in memory.
   * Default: 1.
   */
  readConcurrency?: number;
  /** The storage class of new images: `STANDARD_IA`, for example. Default: the bucket's. */
  storageClass?: string;
  /** How the server encrypts new images. Default: as the bucket says. */
  serverSideEncryption?: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** The key of the key management service that encrypts new images. Default: the account's. */
  sseKmsKeyId?: string;
  /** The key that the server encrypts all images with and does not keep (SSE-C): base64 of 32 bytes. */
  sseCustomerKey?: string;
  /** Whether the owner of the keys pays for requests to somebody else's bucket. Default: `false`. */
  requesterPays?: boolean;
  /** Path of a PEM file of the authorities to trust. */
  cacert?: string;
  /**
   * A proxy for all requests: `http://USER:PASSWORD@HOST:PORT`; with an empty text, all go direct.
   * Default: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of the environment, as curl reads
   * them.
   */
  proxy?: string;
  /** Whether the next two options count; not every server knows checksums. Default: `false`. */
  enableDataIntegrityProtection?: boolean;
  /** With `when_supported`, uploads carry checksums, which the server checks. */
  requestChecksumCalculation?: "when_required" | "when_supported";
  /** With `when_supported`, whole images are checked against the checksums that the server has. */
  responseChecksumValidation?: "when_required" | "when_supported";
  /** The checksums of uploads. Default: `CRC64NVME`. */
  checksumAlgorithm?: "CRC32C" | "CRC64NVME" | "SHA256";
  /** How many times a failed request is sent again. Default: 5. */
  retries?: number;
  /**
   * How long to wait for the first byte of a response, and for each further one, in milliseconds; 20 times
   * as long where the server copies, joins or deletes many, and 1 s longer for each 64 KiB that is sent.
   * Default: 30,000 and 60,000.
   */
  timeout?: number;
  /**
   * How many requests to one server may wait for their responses at the same time, those of all stores of the
   * process included. Images that are being read have connections beside. Default: 64.
   */
  maxRequests?: number;
  /** Sends requests. Default: the runtime's `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** The options of an {@linkcode S3Store} with their defaults filled in. */
export type S3Settings =
  & S3Options
  & Required<
    Pick<
      S3Options,
      | "anonymous"
      | "keysInLocations"
      | "createBucketOnPut"
      | "bucketUrlFormat"
      | "largeObjectSize"
      | "largeObjectChunkSize"
      | "concurrency"
      | "readConcurrency"
      | "checksumAlgorithm"
      | "equalParts"
      | "requesterPays"
    >
  >;

const WHEN = ["when_required", "when_supported"];

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  host: {
    type: "string",
    glance: "s3_store_host",
    help: "Host of the server, with http:// or https:// before it; default: http://.",
  },
  bucket: {
    type: "string",
    required: true,
    glance: "s3_store_bucket",
    help: "The bucket of the images.",
  },
  region: { type: "string", glance: "s3_store_region_name" },
  accessKey: { type: "string", secret: true, glance: "s3_store_access_key" },
  secretKey: { type: "string", secret: true, glance: "s3_store_secret_key" },
  sessionToken: { type: "string", secret: true },
  credentials: { type: "value" },
  profile: { type: "string" },
  anonymous: { type: "boolean", default: false },
  keysInLocations: { type: "boolean", default: false },
  createBucketOnPut: { type: "boolean", default: false, glance: "s3_store_create_bucket_on_put" },
  bucketUrlFormat: {
    type: "string",
    choices: ["auto", "virtual", "path"],
    default: "auto",
    glance: "s3_store_bucket_url_format",
  },
  largeObjectSize: { type: "integer", min: 0, default: 100, glance: "s3_store_large_object_size" },
  largeObjectChunkSize: {
    type: "integer",
    min: 5,
    max: 5120,
    default: 10,
    glance: "s3_store_large_object_chunk_size",
  },
  concurrency: { type: "integer", min: 1, default: 10, glance: "s3_store_thread_pools" },
  readConcurrency: { type: "integer", min: 1, default: 1 },
  equalParts: {
    type: "boolean",
    default: false,
    help: "All parts have the same size, as Cloudflare R2 requires.",
  },
  storageClass: { type: "string" },
  serverSideEncryption: { type: "string", choices: ["AES256", "aws:kms", "aws:kms:dsse"] },
  sseKmsKeyId: { type: "string" },
  sseCustomerKey: {
    type: "string",
    secret: true,
    pattern: /^[A-Za-z0-9+/]{43}=$/,
    format: "the base64 of 32 bytes",
  },
  requesterPays: { type: "boolean", default: false },
  cacert: { type: "string", glance: "s3_store_cacert" },
  proxy: { type: "string", ...PROXY_FORMAT },
  enableDataIntegrityProtection: {
    type: "boolean",
    default: false,
    glance: "s3_store_enable_data_integrity_protection",
  },
  requestChecksumCalculation: {
    type: "string",
    choices: WHEN,
    default: "when_required",
    glance: "s3_store_request_checksum_calculation",
  },
  responseChecksumValidation: {
    type: "string",
    choices: WHEN,
    default: "when_required",
    glance: "s3_store_response_checksum_validation",
  },
  checksumAlgorithm: {
    type: "string",
    choices: ["CRC32C", "CRC64NVME", "SHA256"],
    default: "CRC64NVME",
  },
  retries: { type: "integer", min: 0, default: 5 },
  timeout: { type: "integer", min: 1 },
  maxRequests: { type: "integer", min: 1 },
  fetch: { type: "value" },
};
