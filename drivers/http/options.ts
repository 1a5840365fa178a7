/**
 * The options of http stores.
 *
 * @module
 */
import type { Fetch } from "../../transport/engine.ts";
import type { OptionDefinitions } from "../options.ts";

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
  /** Whether any certificate is trusted: `false` unless said otherwise, unlike in glance_store. */
  insecure?: boolean;
  /** Proxies by scheme. */
  proxyInformation?: Record<string, string>;
  /** Schemes that a URL may have. */
  allowedSchemes?: readonly string[];
  /** Hosts that a URL may name: in full, trusted wherever it points, or as `*.example.org`. */
  allowedHosts?: readonly string[];
  /** Ports that a URL may name. */
  allowedPorts?: readonly string[];
  /** Networks that are not public and may be reached nonetheless, in CIDR notation. */
  allowedNetworks?: readonly string[];
  /** Milliseconds to connect. */
  connectTimeout?: number;
  /** Milliseconds to the headers of an answer. */
  firstByteTimeout?: number;
  /** Milliseconds without a byte. */
  idleTimeout?: number;
  /** How many times a failed request is sent again. */
  retries?: number;
  /** Milliseconds to wait before a request is sent again, at least. */
  retryDelay?: number;
  /** Sends the requests, instead of what the runtime has. */
  fetch?: Fetch;
}

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  baseUrl: {
    type: "string",
    help: "URL of the directory of the images; without it, any allowed URL is one.",
  },
  user: { type: "string", help: "User name for baseUrl." },
  password: { type: "string", secret: true, help: "Password for baseUrl." },
  caCertificatesFile: {
    type: "string",
    help: "PEM file of the authorities to trust.",
    glance: "https_ca_certificates_file",
  },
  insecure: {
    type: "boolean",
    default: false,
    help: "Trust any certificate; void with caCertificatesFile.",
    glance: "https_insecure",
  },
  proxyInformation: {
    type: "dict",
    help: "Proxies by scheme: http:10.0.0.1:3128.",
    glance: "http_proxy_information",
  },
  allowedSchemes: { type: "list", help: "Schemes a URL may have; http and https." },
  allowedHosts: { type: "list", help: "Hosts a URL may name: in full, or as *.example.org." },
  allowedPorts: { type: "list", help: "Ports a URL may name." },
  allowedNetworks: { type: "list", help: "Private networks a URL may lead to, in CIDR notation." },
  connectTimeout: { type: "integer", min: 1, help: "Milliseconds to connect; 10000." },
  firstByteTimeout: { type: "integer", min: 1, help: "Milliseconds to an answer; 30000." },
  idleTimeout: { type: "integer", min: 1, help: "Milliseconds without a byte; 60000." },
  retries: { type: "integer", min: 0, help: "Times a failed request is sent again; 5." },
  retryDelay: { type: "integer", min: 0, help: "Milliseconds before that, at least; 100." },
  fetch: { type: "value", help: "A function that sends requests instead." },
};
