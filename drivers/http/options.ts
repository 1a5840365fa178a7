/**
 * The options of http stores.
 *
 * @module
 */
import type { Fetch } from "../../transport/engine.ts";
import type { OptionDefinitions } from "../../store/options.ts";
import { PROXY_FORMAT } from "../../transport/proxy.ts";

/** Options of an {@linkcode HttpStore}. */
export interface HttpOptions {
  /** The directory whose files are the images. Without it, any URL that is allowed can be read. */
  baseUrl?: string;
  /** User name for `baseUrl` (Basic); it goes to that origin alone. */
  user?: string;
  /** Password for `baseUrl`. */
  password?: string;
  /** Path of a PEM file of the authorities to trust, instead of the system's. */
  caCertificatesFile?: string;
  /**
   * Whether any certificate is trusted. Default: `false`, unlike in glance_store. It has no effect
   * with `caCertificatesFile`.
   */
  insecure?: boolean;
  /**
   * A proxy for all requests: `http://USER:PASSWORD@HOST:PORT`; with an empty text, all go direct.
   * Default: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of the environment, as curl reads
   * them.
   */
  proxy?: string;
  /** Proxies by scheme, as glance_store has them: `{ http: "10.0.0.1:3128" }`. */
  proxyInformation?: Record<string, string>;
  /** Schemes that a URL may have. Default: `http` and `https`. */
  allowedSchemes?: readonly string[];
  /** Hosts that a URL may name: in full, trusted wherever it points, or as `*.example.org`. */
  allowedHosts?: readonly string[];
  /** Ports that a URL may name. */
  allowedPorts?: readonly string[];
  /** Networks that are not public and may be reached nonetheless, in CIDR notation. */
  allowedNetworks?: readonly string[];
  /** How long connecting may take, in milliseconds. Default: 10,000. */
  connectTimeout?: number;
  /** How long the headers of a response may take, in milliseconds. Default: 30,000. */
  firstByteTimeout?: number;
  /** How long no byte may come, in milliseconds. Default: 60,000. */
  idleTimeout?: number;
  /** How many times a failed request is sent again. Default: 5. */
  retries?: number;
  /** The least wait before a request is sent again, in milliseconds. Default: 100. */
  retryDelay?: number;
  /**
   * How many requests to one server may wait for their responses at the same time, those of all stores of the
   * process included. Images that are being read have connections beside. Default: 64.
   */
  maxRequests?: number;
  /** Sends the requests, instead of what the runtime has. */
  fetch?: Fetch;
}

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  baseUrl: { type: "string" },
  user: { type: "string" },
  password: { type: "string", secret: true },
  caCertificatesFile: { type: "string", glance: "https_ca_certificates_file" },
  insecure: { type: "boolean", default: false, glance: "https_insecure" },
  proxy: { type: "string", ...PROXY_FORMAT },
  proxyInformation: { type: "dict", ...PROXY_FORMAT, glance: "http_proxy_information" },
  allowedSchemes: { type: "list" },
  allowedHosts: { type: "list" },
  allowedPorts: { type: "list" },
  allowedNetworks: { type: "list" },
  connectTimeout: { type: "integer", min: 1 },
  firstByteTimeout: { type: "integer", min: 1 },
  idleTimeout: { type: "integer", min: 1 },
  retries: { type: "integer", min: 0 },
  retryDelay: { type: "integer", min: 0 },
  maxRequests: { type: "integer", min: 1 },
  fetch: { type: "value" },
};
