/**
 * Proxies as the options of a store name them.
 *
 * @module
 */
// Small: the type and the one question that the transport asks; the rules are in proxy_rules.ts.
import type { OptionDefinition } from "../store/options.ts";

/** A proxy that forwards HTTP and opens tunnels for HTTPS (RFC 9110, sections 3.7 and 9.3.6). */
export interface Proxy {
  /** Its host: a name or an address without brackets. */
  host: string;
  /** Its port. */
  port: string;
  /** The value of `Proxy-Authorization`, if it wants a login. */
  authorization: string | undefined;
}

/** Where proxies are configured. */
export interface ProxyOptions {
  /**
   * A proxy for all requests: `http://USER:PASSWORD@HOST:PORT`. With an empty text, all requests go
   * direct. Default: what the environment says.
   */
  proxy?: string | undefined;
  /** Proxies by scheme, as glance_store has them: `{ https: "proxy.example.org:3128" }`. */
  proxies?: Readonly<Record<string, string>> | undefined;
}

/** What is the same in the definitions of all options that name a proxy. */
export const PROXY_FORMAT: Pick<OptionDefinition, "pattern" | "format"> = {
  pattern: /^((http:\/\/)?([^\s/]+@)?(\[[^\s/]+]|[^\s/:[]+)(:\d+)?\/?)?$/,
  format: "http://USER:PASSWORD@HOST:PORT",
};
