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
  /** User name for `baseUrl`. */
  user?: string;
  /** Password for `baseUrl`. */
  password?: string;
  /** Path of a PEM file of the authorities to trust. */
  caCertificatesFile?: string;
  /** Whether any certificate is trusted. */
  insecure?: boolean;
  /** Proxies by scheme. */
  proxyInformation?: Record<string, string>;
  /** Schemes that a URL may have. */
  allowedSchemes?: readonly string[];
  /** Hosts that a URL may name. */
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
    help: "URL of the directory whose files are the images; without it, any allowed URL is read.",
  },
  user: { type: "string", help: "User name that is sent to the origin of baseUrl (Basic)." },
  password: { type: "string", secret: true, help: "Password that goes with user." },
  caCertificatesFile: {
    type: "string",
    help: "Path of a PEM file of the certificate authorities to trust, instead of the system's.",
    glance: "https_ca_certificates_file",
  },
  insecure: {
    type: "boolean",
    default: false,
    help:
      "Trust any server certificate; void with caCertificatesFile. glance_store's default is true.",
    glance: "https_insecure",
  },
  proxyInformation: {
    type: "dict",
    help: "Proxies by scheme: http:10.0.0.1:3128,https:10.0.0.1:1080.",
    glance: "http_proxy_information",
  },
  allowedSchemes: {
    type: "list",
    default: ["http", "https"],
    help: "Schemes that the URL of an image, or a redirect, may have.",
  },
  allowedHosts: {
    type: "list",
    help: "Hosts that it may name: in full (trusted wherever it points) or as *.example.org.",
  },
  allowedPorts: { type: "list", help: "Ports that it may name." },
  allowedNetworks: {
    type: "list",
    help: "Private networks that it may point to, in CIDR notation; none unless given.",
  },
  connectTimeout: { type: "integer", min: 1, help: "Milliseconds to connect; 10000." },
  firstByteTimeout: {
    type: "integer",
    min: 1,
    help: "Milliseconds to the headers of an answer; 30000.",
  },
  idleTimeout: { type: "integer", min: 1, help: "Milliseconds without a byte; 60000." },
  retries: { type: "integer", min: 0, help: "How many times a failed request is sent again; 5." },
  retryDelay: { type: "integer", min: 0, help: "Least milliseconds before that; 100." },
  fetch: { type: "value", help: "A function like fetch that sends the requests instead." },
};
