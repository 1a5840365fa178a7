/**
 * The options of S3 stores.
 *
 * @module
 */
import type { OptionDefinitions } from "../options.ts";

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
  /** The region that requests are signed for; read from an Amazon host unless given. */
  region?: string;
  /** The access key. */
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
  /** Where URLs name the bucket: in the host, in the path, or by the host's kind. */
  bucketUrlFormat?: "auto" | "virtual" | "path";
  /** From which size on images are uploaded in parts. */
  largeObjectSize?: number;
  /** Size of a part. */
  largeObjectChunkSize?: number;
  /** How many parts are under way at once. */
  concurrency?: number;
  /** How many ranges of one image are read at once. */
  readConcurrency?: number;
  /** Path of a PEM file of the authorities to trust. */
  cacert?: string;
  /** Whether the next two options count. */
  enableDataIntegrityProtection?: boolean;
  /** With `when_supported`, uploads carry checksums. */
  requestChecksumCalculation?: "when_required" | "when_supported";
  /** With `when_supported`, whole images are held to the checksums that the server has. */
  responseChecksumValidation?: "when_required" | "when_supported";
  /** The checksums of uploads. */
  checksumAlgorithm?: "CRC32C" | "CRC64NVME" | "SHA256";
  /** How often a failed request is sent again. */
  retries?: number;
  /** How long to wait for an answer to begin, and for each further byte, in milliseconds. */
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
  region: {
    type: "string",
    glance: "s3_store_region_name",
    help: "Region to sign for; that of an Amazon host, else us-east-1.",
  },
  accessKey: {
    type: "string",
    secret: true,
    glance: "s3_store_access_key",
    help: "The access key; without it AWS_ACCESS_KEY_ID, then the shared credentials file.",
  },
  secretKey: {
    type: "string",
    secret: true,
    glance: "s3_store_secret_key",
    help: "The secret key.",
  },
  sessionToken: { type: "string", secret: true, help: "The session token of temporary keys." },
  credentials: { type: "value", help: "A function that gives the keys, and new ones in time." },
  profile: { type: "string", help: "Profile of the shared credentials file to take keys from." },
  anonymous: { type: "boolean", default: false, help: "Signs nothing, for public buckets." },
  keysInLocations: {
    type: "boolean",
    default: false,
    help: "Puts the keys into new locations, which glance_store needs to read them.",
  },
  createBucketOnPut: {
    type: "boolean",
    default: false,
    glance: "s3_store_create_bucket_on_put",
    help: "Creates the bucket when it is missing.",
  },
  bucketUrlFormat: {
    type: "string",
    choices: ["auto", "virtual", "path"],
    default: "auto",
    glance: "s3_store_bucket_url_format",
    help: "Names the bucket in the host (virtual) or path; auto is virtual on Amazon's hosts.",
  },
  largeObjectSize: {
    type: "integer",
    min: 0,
    default: 100,
    glance: "s3_store_large_object_size",
    help: "MiB from which on an image is uploaded in parts.",
  },
  largeObjectChunkSize: {
    type: "integer",
    min: 5,
    max: 5120,
    default: 10,
    glance: "s3_store_large_object_chunk_size",
    help: "MiB of a part; more where 10,000 parts would not suffice.",
  },
  concurrency: {
    type: "integer",
    min: 1,
    default: 10,
    glance: "s3_store_thread_pools",
    help: "Parts under way at once, all held in memory.",
  },
  readConcurrency: {
    type: "integer",
    min: 1,
    default: 1,
    help: "Ranges of one image read at once, each the size of a part, all held in memory.",
  },
  cacert: {
    type: "string",
    glance: "s3_store_cacert",
    help: "Path of a PEM file of the authorities to trust.",
  },
  enableDataIntegrityProtection: {
    type: "boolean",
    default: false,
    glance: "s3_store_enable_data_integrity_protection",
    help: "Lets the next two options count; not every server knows checksums.",
  },
  requestChecksumCalculation: {
    type: "string",
    choices: WHEN,
    default: "when_required",
    glance: "s3_store_request_checksum_calculation",
    help: "With when_supported, uploads carry checksums, which the server holds them to.",
  },
  responseChecksumValidation: {
    type: "string",
    choices: WHEN,
    default: "when_required",
    glance: "s3_store_response_checksum_validation",
    help: "With when_supported, whole images are held to the checksums that the server has.",
  },
  checksumAlgorithm: {
    type: "string",
    choices: ["CRC32C", "CRC64NVME", "SHA256"],
    default: "CRC64NVME",
    help: "The checksums of uploads.",
  },
  retries: { type: "integer", min: 0, default: 5, help: "Retries of a failed request." },
  timeout: {
    type: "integer",
    min: 1,
    help: "Milliseconds to wait for an answer (30,000) and for each byte of it (60,000).",
  },
  fetch: { type: "value", help: "A function to send requests by, instead of fetch." },
};
