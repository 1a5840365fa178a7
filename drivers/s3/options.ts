/**
 * The options of S3 stores.
 *
 * @module
 */
import type { OptionDefinitions } from "../../store/options.ts";

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
  /** Where the server is: `s3.eu-west-1.amazonaws.com`, `https://ceph.example.org:7480`. */
  host: string;
  /** The bucket of the images. */
  bucket: string;
  /**
   * The region that requests are signed for; that of an Amazon host, else `us-east-1`, unless
   * given.
   */
  region?: string;
  /**
   * The access key; without it, that of `credentials`, AWS_ACCESS_KEY_ID or the shared credentials
   * file.
   */
  accessKey?: string;
  /** The secret key. */
  secretKey?: string;
  /** The session token of temporary keys. */
  sessionToken?: string;
  /** Gives the keys, and gives new ones when these end. */
  credentials?: () => S3Credentials | Promise<S3Credentials>;
  /** The profile of the shared credentials file that holds the keys. */
  profile?: string;
  /** Sends requests unsigned, to a public bucket. */
  anonymous?: boolean;
  /** Puts the keys into the locations of new images, where glance_store expects them. */
  keysInLocations?: boolean;
  /** Creates the bucket when it is missing. */
  createBucketOnPut?: boolean;
  /**
   * Where URLs name the bucket: in the host (`virtual`), in the path, or in the host on Amazon's
   * alone.
   */
  bucketUrlFormat?: "auto" | "virtual" | "path";
  /** From which size on images are uploaded in parts; 100 unless given. */
  largeObjectSize?: number;
  /** Size of a part; 10 unless given, more where 10,000 parts would not suffice. */
  largeObjectChunkSize?: number;
  /** How many parts are under way at once, all held in memory; 10 unless given. */
  concurrency?: number;
  /**
   * How many ranges of one image are read at once, each the size of a part, all held in memory; 1
   * unless given.
   */
  readConcurrency?: number;
  /** Path of a PEM file of the authorities to trust. */
  cacert?: string;
  /** Whether the next two options count; not every server knows checksums. */
  enableDataIntegrityProtection?: boolean;
  /** With `when_supported`, uploads carry checksums, which the server holds them to. */
  requestChecksumCalculation?: "when_required" | "when_supported";
  /** With `when_supported`, whole images are held to the checksums that the server has. */
  responseChecksumValidation?: "when_required" | "when_supported";
  /** The checksums of uploads; `CRC64NVME` unless given. */
  checksumAlgorithm?: "CRC32C" | "CRC64NVME" | "SHA256";
  /** How often a failed request is sent again; 5 times unless given. */
  retries?: number;
  /**
   * How long to wait for an answer to begin (30,000), and for each further byte (60,000), in
   * milliseconds.
   */
  timeout?: number;
  /** Sends requests instead of the runtime's `fetch`. */
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
    >
  >;

const WHEN = ["when_required", "when_supported"];

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  host: {
    type: "string",
    required: true,
    glance: "s3_store_host",
    help: "Host of the server, with http:// or https:// before it; http:// unless said.",
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
  cacert: { type: "string", glance: "s3_store_cacert" },
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
  fetch: { type: "value" },
};
