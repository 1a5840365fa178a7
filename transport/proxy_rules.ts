/**
 * Which proxy a request goes through: one rule for every request, whatever engine sends it.
 *
 * The rule is curl's (https://everything.curl.dev/usingcurl/proxies/env.html): the option of the store,
 * or else `http_proxy`, `https_proxy` and `all_proxy` of the environment, and in either case `no_proxy`
 * for hosts that are reached directly. The names may also be in capitals; those in lower case come first.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { decodePercentIfEncoded } from "../location/percent_encoding.ts";
import { canReadVariable, environmentVariable } from "../runtime/mod.ts";
import { encodeBase64 } from "../streams/encoding.ts";
import { addressBytes, network, within } from "./addresses.ts";
import { type Proxy, PROXY_FORMAT, type ProxyOptions } from "./proxy.ts";

/** The schemes that requests have. */
const SCHEMES = ["http", "https"] as const;

/** The variables of the environment, in the spelling that comes first. */
const VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/** The proxies of one store. */
export class ProxyRules {
  readonly #options: ProxyOptions;
  readonly #proxies = new Map<string, Proxy | undefined>();
  #isDirect: boolean | undefined;
  #noProxy: readonly string[] | undefined;

  /**
   * Creates the rules. The environment is read with the first request.
   *
   * @param options Where proxies are configured.
   */
  constructor(options: ProxyOptions = {}) {
    this.#options = options;
  }

  /**
   * Returns whether all requests are known to go direct, so that an engine with a rule of its own may
   * send them: `fetch` of Deno reads the environment, also without the permission for it.
   *
   * @returns `true` if neither the options nor the environment name a proxy.
   */
  isDirect(): boolean {
    return this.#isDirect ??= this.#findsNone();
  }

  #findsNone(): boolean {
    const { proxy, proxies } = this.#options;
    if (proxy || SCHEMES.some((scheme) => proxies?.[scheme])) return false;
    return VARIABLES.every((name) => [name, name.toUpperCase()].every(canReadVariable)) &&
      SCHEMES.every((scheme) => environmentProxy(scheme) === undefined);
  }

  /**
   * Returns the proxy for a request.
   *
   * @param url The URL of the request.
   * @returns The proxy, or `undefined` if the request goes direct.
   * @throws {BadStoreConfiguration} If the proxy is not the URL of an HTTP proxy.
   */
  proxyFor(url: URL): Proxy | undefined {
    const scheme = url.protocol.slice(0, -1);
    if (!this.#proxies.has(scheme)) this.#proxies.set(scheme, this.#find(scheme));
    const proxy = this.#proxies.get(scheme);
    if (proxy === undefined) return undefined;
    const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
    this.#noProxy ??= (variable("no_proxy")?.[1] ?? "").toLowerCase().split(/[\s,]+/)
      .filter((entry) => entry);
    return this.#noProxy.some((entry) => excludes(entry, host)) ? undefined : proxy;
  }

  #find(scheme: string): Proxy | undefined {
    const { proxy, proxies } = this.#options;
    const own = proxy ?? proxies?.[scheme];
    if (own !== undefined) return own === "" ? undefined : parseProxy(own, "the option");
    const [name, text] = environmentProxy(scheme) ?? [];
    return text === undefined ? undefined : parseProxy(text, `environment variable ${name}`);
  }
}

/** The proxy of the environment for a scheme, with the name of its variable. */
function environmentProxy(scheme: string): readonly [name: string, text: string] | undefined {
  return variable(`${scheme}_proxy`) ?? variable("all_proxy");
}

/** A variable of the environment by its name in lower case, or else in capitals, if it is not empty. */
function variable(name: string): readonly [name: string, text: string] | undefined {
  const upper = name.toUpperCase();
  // A CGI program gets the header `Proxy` of its client as HTTP_PROXY (https://httpoxy.org).
  const isForged = upper === "HTTP_PROXY" && environmentVariable("REQUEST_METHOD") !== undefined;
  for (const spelling of isForged ? [name] : [name, upper]) {
    const text = environmentVariable(spelling)?.trim();
    if (text) return [spelling, text];
  }
  return undefined;
}

/** Whether an entry of `no_proxy` excludes a host: a name with all names below it, or a network. */
function excludes(entry: string, host: string): boolean {
  if (entry === "*") return true;
  const address = addressBytes(host);
  if (address !== undefined) {
    const block = network(entry.replace(/[[\]]/g, ""));
    return block !== undefined && within(address, block);
  }
  const name = entry.replace(/^\.|\.$/g, "");
  return name !== "" && (host === name || host.endsWith(`.${name}`));
}

/** Parses the URL of a proxy, whose scheme may be left out. */
function parseProxy(text: string, source: string): Proxy {
  const href = text.includes("://") ? text : `http://${text}`;
  if (!PROXY_FORMAT.pattern!.test(text) || !URL.canParse(href)) {
    // Without the text, which may have a password.
    throw new BadStoreConfiguration(
      `${source} names no proxy that can be used; allowed is ${PROXY_FORMAT.format}`,
    );
  }
  const { hostname, port, username, password } = new URL(href);
  const login = [username, password].map(decodePercentIfEncoded).join(":");
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || "80",
    authorization: login === ":"
      ? undefined
      : `Basic ${encodeBase64(new TextEncoder().encode(login))}`,
  };
}
