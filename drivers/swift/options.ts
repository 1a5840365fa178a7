/**
 * The options of Swift stores.
 *
 * Of glance_store's options these have no counterpart: `swift_store_ssl_compression`, since no TLS
 * library compresses any more, and `swift_buffer_on_upload` with `swift_upload_buffer_dir`, since
 * every segment can be sent again from memory.
 *
 * @module
 */
import type { Fetch } from "../../transport/mod.ts";
import type { OptionDefinitions } from "../../store/options.ts";
import { PROXY_FORMAT } from "../../transport/proxy.ts";

/** Options of a {@linkcode SwiftStore}. Sizes are in glance_store's MB of 1,024,000 bytes. */
export interface SwiftOptions {
  /** Where to log in: `https://keystone.example.org/v3`, `http://127.0.0.1:8080/auth/v1.0`. */
  authAddress?: string;
  /** How to log in: Swift's own auth (1), Keystone v2.0 (2) or v3 (3). Default: `3`. */
  authVersion?: "1" | "2" | "3" | 1 | 2 | 3;
  /** The user to log in as: `project:user` in Keystone, the name as it is in version 1. */
  user?: string;
  /** The user's password. */
  key?: string;
  /** An application credential's id, instead of user and password. */
  applicationCredentialId?: string;
  /** The application credential's secret. */
  applicationCredentialSecret?: string;
  /** A Keystone token to log in with, instead of user and password. */
  authToken?: string;
  /** Name of the project, where `user` does not say it. */
  projectName?: string;
  /** Id of the project. */
  projectId?: string;
  /** Id of the user's domain. Default: `default`, if the domain is not named. */
  userDomainId?: string;
  /** Name of the user's domain. */
  userDomainName?: string;
  /** Id of the project's domain. Default: `default`, if the domain is not named. */
  projectDomainId?: string;
  /** Name of the project's domain. */
  projectDomainName?: string;
  /** Path of glance_store's file of accounts, instead of the options above. */
  configFile?: string;
  /**
   * Which of its accounts takes new images; their locations name it, and no password. Default:
   * `ref1`.
   */
  defaultSwiftReference?: string;
  /** Region of the endpoint, where the service catalog has several. */
  region?: string;
  /** Account URL, instead of the one in the response to the login. `%(project_id)s` in it is the project. */
  endpoint?: string;
  /** Which endpoint of the service catalog. Default: `publicURL`. */
  endpointType?: "publicURL" | "internalURL" | "adminURL";
  /** Type of the service in the catalog. Default: `object-store`. */
  serviceType?: string;
  /** Container of the images, or the beginning of the containers' names. Default: `glance`. */
  container?: string;
  /** Whether missing containers are created. */
  createContainerOnPut?: boolean;
  /** By how many characters of the image id containers differ; 0 for one container. */
  multipleContainersSeed?: number;
  /** Whether images lie in the callers' accounts, each in a container of its own. */
  multiTenant?: boolean;
  /** Project ids that may read and write all images of a multi-tenant store. */
  adminTenants?: readonly string[];
  /**
   * Whether a segmented upload of a multi-tenant store makes a Keystone trust, by which it outlives
   * the caller's token. Default: `true`.
   */
  useTrusts?: boolean;
  /**
   * From which size on images are segmented, in MB, or before if they would fill the memory that the
   * segments have: a smaller image waits there for its one PUT. Default: 32; glance_store has 5120.
   */
  largeObjectSize?: number;
  /**
   * Size of a segment, in MB. Default: 32. Segments wait in memory to be sent side by side, so that more
   * than 32 MB are sent as several equal segments;
   * glance_store, which sends one at a time, has 200.
   */
  largeObjectChunkSize?: number;
  /** How manifests name their segments: statically, or dynamically as glance_store has it. */
  largeObjectType?: "slo" | "dlo";
  /**
   * How many segments, or requests of one operation, are under way at once, all held in memory.
   * Default: 4.
   */
  concurrency?: number;
  /**
   * How many parts of 8 MB of one image are read at once, with one more in memory. Default: 4, and 1 in
   * workerd.
   */
  readConcurrency?: number;
  /** Seconds after which Swift deletes new images by itself. Default: never. */
  deleteAfter?: number;
  /** The account's or container's key for temporary URLs (`X-Account-Meta-Temp-URL-Key`). */
  tempUrlKey?: string;
  /**
   * The digest that signs temporary URLs. Default: `sha256`; Ceph before Reef knows `sha1` alone.
   */
  tempUrlDigest?: "sha1" | "sha256" | "sha512";
  /** How many times in a row a read that broke is resumed. Default: as `retries`. */
  retryGetCount?: number;
  /** How many times a failed request is sent again. Default: 5. */
  retries?: number;
  /**
   * How long to wait for a response to begin, and for each further byte, in milliseconds; 20 times as long
   * where the server copies, joins or deletes many, and 1 s longer for each 64 KiB that is sent. Default:
   * 30,000 and 60,000.
   */
  timeout?: number;
  /** Seconds before a token's end from which on a new one is used. Default: 60. */
  expireSoonInterval?: number;
  /** Path of a PEM file of the authorities to trust. */
  cacert?: string;
  /** Whether any certificate is trusted, of Keystone and of Swift; void with `cacert`. */
  authInsecure?: boolean;
  /**
   * A proxy for all requests: `http://USER:PASSWORD@HOST:PORT`; with an empty text, all go direct.
   * Default: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of the environment, as curl reads
   * them.
   */
  proxy?: string;
  /**
   * How many requests to one server may wait for their responses at the same time, those of all stores of the
   * process included. Images that are being read have connections beside. Default: 64.
   */
  maxRequests?: number;
  /** Sends requests instead of what the runtime has. */
  fetch?: Fetch;
}

/** The options as the store uses them: those with defaults are there. */
export type SwiftSettings =
  & Omit<SwiftOptions, "authVersion">
  & { authVersion: "1" | "2" | "3" }
  & Required<
    Pick<
      SwiftOptions,
      | "defaultSwiftReference"
      | "endpointType"
      | "serviceType"
      | "container"
      | "createContainerOnPut"
      | "multipleContainersSeed"
      | "multiTenant"
      | "adminTenants"
      | "useTrusts"
      | "largeObjectSize"
      | "largeObjectChunkSize"
      | "largeObjectType"
      | "concurrency"
      | "tempUrlDigest"
      | "expireSoonInterval"
    >
  >;

/** glance_store's megabyte, in bytes. */
export const MB = 1_024_000;

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  authAddress: { type: "string", glance: "swift_store_auth_address" },
  authVersion: {
    type: "string",
    choices: ["1", "2", "3"],
    default: "3",
    glance: "swift_store_auth_version",
  },
  user: { type: "string", glance: "swift_store_user" },
  key: { type: "string", secret: true, glance: "swift_store_key" },
  applicationCredentialId: {
    type: "string",
    secret: true,
    glance: "swift_store_application_credential_id",
  },
  applicationCredentialSecret: {
    type: "string",
    secret: true,
    glance: "swift_store_application_credential_secret",
  },
  authToken: { type: "string", secret: true },
  projectName: { type: "string", glance: "swift_store_project_name" },
  projectId: { type: "string", glance: "swift_store_project_id" },
  userDomainId: { type: "string" },
  userDomainName: { type: "string" },
  projectDomainId: { type: "string" },
  projectDomainName: { type: "string" },
  configFile: { type: "string", glance: "swift_store_config_file" },
  defaultSwiftReference: { type: "string", default: "ref1", glance: "default_swift_reference" },
  region: { type: "string", glance: "swift_store_region" },
  endpoint: { type: "string", glance: "swift_store_endpoint" },
  endpointType: {
    type: "string",
    choices: ["publicURL", "internalURL", "adminURL"],
    default: "publicURL",
    glance: "swift_store_endpoint_type",
  },
  serviceType: { type: "string", default: "object-store", glance: "swift_store_service_type" },
  container: { type: "string", default: "glance", glance: "swift_store_container" },
  createContainerOnPut: {
    type: "boolean",
    default: false,
    glance: "swift_store_create_container_on_put",
  },
  multipleContainersSeed: {
    type: "integer",
    min: 0,
    max: 32,
    default: 0,
    glance: "swift_store_multiple_containers_seed",
  },
  multiTenant: { type: "boolean", default: false, glance: "swift_store_multi_tenant" },
  adminTenants: { type: "list", default: [], glance: "swift_store_admin_tenants" },
  useTrusts: { type: "boolean", default: true, glance: "swift_store_use_trusts" },
  largeObjectSize: {
    type: "integer",
    min: 1,
    default: 32,
    glance: "swift_store_large_object_size",
  },
  largeObjectChunkSize: {
    type: "integer",
    min: 1,
    max: 5120,
    default: 32,
    glance: "swift_store_large_object_chunk_size",
  },
  largeObjectType: { type: "string", choices: ["slo", "dlo"], default: "slo" },
  concurrency: { type: "integer", min: 1, default: 4 },
  readConcurrency: { type: "integer", min: 1 },
  deleteAfter: { type: "integer", min: 1 },
  tempUrlKey: { type: "string", secret: true },
  tempUrlDigest: { type: "string", choices: ["sha1", "sha256", "sha512"], default: "sha256" },
  retryGetCount: { type: "integer", min: 0, glance: "swift_store_retry_get_count" },
  retries: { type: "integer", min: 0 },
  timeout: { type: "integer", min: 1 },
  expireSoonInterval: {
    type: "integer",
    min: 0,
    default: 60,
    glance: "swift_store_expire_soon_interval",
  },
  cacert: { type: "string", glance: "swift_store_cacert" },
  authInsecure: { type: "boolean", default: false, glance: "swift_store_auth_insecure" },
  proxy: { type: "string", ...PROXY_FORMAT },
  maxRequests: { type: "integer", min: 1 },
  fetch: { type: "value" },
};
