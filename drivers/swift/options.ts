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
import type { OptionDefinitions } from "../options.ts";

/** Options of a {@linkcode SwiftStore}. Sizes are in glance_store's MB of 1,024,000 bytes. */
export interface SwiftOptions {
  /** Where to log in: `https://keystone.example.org/v3`, `http://127.0.0.1:8080/auth/v1.0`. */
  authAddress?: string;
  /** How to log in: Swift's own auth (1), Keystone v2.0 or v3. */
  authVersion?: "1" | "2" | "3";
  /** Who logs in: `project:user` in Keystone, the name as it is in version 1. */
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
  /** Id of the user's domain; `default` unless the domain is named. */
  userDomainId?: string;
  /** Name of the user's domain. */
  userDomainName?: string;
  /** Id of the project's domain; `default` unless the domain is named. */
  projectDomainId?: string;
  /** Name of the project's domain. */
  projectDomainName?: string;
  /** Path of glance_store's file of accounts. */
  configFile?: string;
  /** Which of its accounts takes new images; their locations name it. */
  defaultSwiftReference?: string;
  /** Region of the endpoint in the service catalog. */
  region?: string;
  /** Account URL, instead of the one that the login tells; `%(project_id)s` in it is the project. */
  endpoint?: string;
  /** Which endpoint of the service catalog. */
  endpointType?: "publicURL" | "internalURL" | "adminURL";
  /** Type of the service in the catalog. */
  serviceType?: string;
  /** Container of the images, or the beginning of the containers' names. */
  container?: string;
  /** Whether missing containers are created. */
  createContainerOnPut?: boolean;
  /** By how many characters of the image id containers differ; 0 for one container. */
  multipleContainersSeed?: number;
  /** Whether images lie in the callers' accounts. */
  multiTenant?: boolean;
  /** Project ids that may read and write all images of a multi-tenant store. */
  adminTenants?: readonly string[];
  /** Whether long uploads of a multi-tenant store outlive the caller's token. */
  useTrusts?: boolean;
  /** From which size on images are segmented, in MB. */
  largeObjectSize?: number;
  /** Size of a segment, in MB. */
  largeObjectChunkSize?: number;
  /** How manifests name their segments. */
  largeObjectType?: "slo" | "dlo";
  /** How many segments, or requests of one operation, are under way at once. */
  concurrency?: number;
  /** How many parts of one image are read at once; 4, and 1 in workerd, unless given. */
  readConcurrency?: number;
  /** Seconds after which new images expire. */
  deleteAfter?: number;
  /** The account's or container's key for temporary URLs. */
  tempUrlKey?: string;
  /** The digest that signs temporary URLs. */
  tempUrlDigest?: "sha1" | "sha256" | "sha512";
  /** How many times in a row a read that broke is resumed. */
  retryGetCount?: number;
  /** How many times a failed request is sent again. */
  retries?: number;
  /** How long to wait for an answer to begin, and for each further byte, in milliseconds. */
  timeout?: number;
  /** Seconds before a token's end from which on a new one is used. */
  expireSoonInterval?: number;
  /** Path of a PEM file of the authorities to trust. */
  cacert?: string;
  /** Whether any certificate is trusted. */
  authInsecure?: boolean;
  /** Sends requests instead of what the runtime has. */
  fetch?: Fetch;
}

/** The options as the store uses them: those with defaults are there. */
export type SwiftSettings =
  & SwiftOptions
  & Required<
    Pick<
      SwiftOptions,
      | "authVersion"
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
  authAddress: {
    type: "string",
    glance: "swift_store_auth_address",
    help: "URL to log in at: of Keystone, or of Swift's own auth.",
  },
  authVersion: {
    type: "string",
    choices: ["1", "2", "3"],
    default: "3",
    glance: "swift_store_auth_version",
    help: "Swift's own auth (1), Keystone v2.0 (2) or Keystone v3 (3).",
  },
  user: {
    type: "string",
    glance: "swift_store_user",
    help: "Who logs in: project:user in Keystone, the name as it is in version 1.",
  },
  key: {
    type: "string",
    secret: true,
    glance: "swift_store_key",
    help: "The user's password.",
  },
  applicationCredentialId: {
    type: "string",
    secret: true,
    glance: "swift_store_application_credential_id",
    help: "Id of an application credential to log in with.",
  },
  applicationCredentialSecret: {
    type: "string",
    secret: true,
    glance: "swift_store_application_credential_secret",
    help: "Its secret.",
  },
  authToken: { type: "string", secret: true, help: "A Keystone token to log in with." },
  projectName: {
    type: "string",
    glance: "swift_store_project_name",
    help: "Name of the project, where user does not say it.",
  },
  projectId: { type: "string", glance: "swift_store_project_id", help: "Id of the project." },
  userDomainId: { type: "string", help: "Id of the user's domain; default unless it is named." },
  userDomainName: { type: "string", help: "Name of the user's domain." },
  projectDomainId: {
    type: "string",
    help: "Id of the project's domain; default unless it is named.",
  },
  projectDomainName: { type: "string", help: "Name of the project's domain." },
  configFile: {
    type: "string",
    glance: "swift_store_config_file",
    help: "Path of glance_store's file of accounts, instead of the options above.",
  },
  defaultSwiftReference: {
    type: "string",
    default: "ref1",
    glance: "default_swift_reference",
    help: "Name of the account that takes new images. Their locations name it, and no password.",
  },
  region: {
    type: "string",
    glance: "swift_store_region",
    help: "Region of the endpoint, where the service catalog has several.",
  },
  endpoint: {
    type: "string",
    glance: "swift_store_endpoint",
    help: "Account URL, instead of what the login tells; %(project_id)s in it is the project's id.",
  },
  endpointType: {
    type: "string",
    choices: ["publicURL", "internalURL", "adminURL"],
    default: "publicURL",
    glance: "swift_store_endpoint_type",
    help: "Which endpoint of the service catalog.",
  },
  serviceType: {
    type: "string",
    default: "object-store",
    glance: "swift_store_service_type",
    help: "Type of the service in the catalog.",
  },
  container: {
    type: "string",
    default: "glance",
    glance: "swift_store_container",
    help: "Container of the images; with several, what their names begin with.",
  },
  createContainerOnPut: {
    type: "boolean",
    default: false,
    glance: "swift_store_create_container_on_put",
    help: "Creates a container that is missing.",
  },
  multipleContainersSeed: {
    type: "integer",
    min: 0,
    max: 32,
    default: 0,
    glance: "swift_store_multiple_containers_seed",
    help: "Characters of the image id that a container's name ends with; 0 for one container.",
  },
  multiTenant: {
    type: "boolean",
    default: false,
    glance: "swift_store_multi_tenant",
    help: "Keeps images in the callers' accounts, each in a container of its own.",
  },
  adminTenants: {
    type: "list",
    default: [],
    glance: "swift_store_admin_tenants",
    help: "Project ids that may read and write all images of a multi-tenant store.",
  },
  useTrusts: {
    type: "boolean",
    default: true,
    glance: "swift_store_use_trusts",
    help: "Makes a Keystone trust for a segmented upload, which then outlives the caller's token.",
  },
  largeObjectSize: {
    type: "integer",
    min: 1,
    default: 32,
    glance: "swift_store_large_object_size",
    help:
      "MB from which on an image is segmented, unless it fills the memory of segments before: " +
      "a smaller one waits there for its one PUT. glance_store has 5120.",
  },
  largeObjectChunkSize: {
    type: "integer",
    min: 1,
    max: 5120,
    default: 32,
    glance: "swift_store_large_object_chunk_size",
    help: "MB of a segment. Segments wait in memory to be sent side by side; glance_store, which " +
      "sends one at a time, has 200.",
  },
  largeObjectType: {
    type: "string",
    choices: ["slo", "dlo"],
    default: "slo",
    help: "Static manifests, or dynamic ones as glance_store writes them.",
  },
  concurrency: {
    type: "integer",
    min: 1,
    default: 4,
    help: "Segments under way at once, all held in memory.",
  },
  readConcurrency: {
    type: "integer",
    min: 1,
    help: "Parts of 8 MB of one image read at once, one more in memory; 4, and 1 in workerd.",
  },
  deleteAfter: {
    type: "integer",
    min: 1,
    help: "Seconds after which Swift deletes new images by itself; never unless given.",
  },
  tempUrlKey: {
    type: "string",
    secret: true,
    help: "X-Account-Meta-Temp-URL-Key or X-Container-Meta-Temp-URL-Key, to presign URLs with.",
  },
  tempUrlDigest: {
    type: "string",
    choices: ["sha1", "sha256", "sha512"],
    default: "sha256",
    help: "Digest that signs temporary URLs; Ceph before Reef knows sha1 alone.",
  },
  retryGetCount: {
    type: "integer",
    min: 0,
    glance: "swift_store_retry_get_count",
    help: "How many times in a row a read that broke is resumed; as retries unless given.",
  },
  retries: { type: "integer", min: 0, help: "How many times a failed request is sent again; 5." },
  timeout: {
    type: "integer",
    min: 1,
    help: "Milliseconds to wait for an answer (30,000) and for each byte of it (60,000).",
  },
  expireSoonInterval: {
    type: "integer",
    min: 0,
    default: 60,
    glance: "swift_store_expire_soon_interval",
    help: "Seconds before a token's end from which on a new one is used.",
  },
  cacert: {
    type: "string",
    glance: "swift_store_cacert",
    help: "Path of a PEM file of the authorities to trust.",
  },
  authInsecure: {
    type: "boolean",
    default: false,
    glance: "swift_store_auth_insecure",
    help: "Trusts any certificate, of Keystone and of Swift; void with cacert.",
  },
  fetch: { type: "value", help: "A function to send requests by, instead of fetch." },
};
