/**
 * The egress gate: judges every URL that a user can supply before it is asked for.
 *
 * @module
 */
import { BadStoreConfiguration, EgressDenied, RemoteServiceUnavailable } from "../errors/mod.ts";
import { maskUri } from "../location/mod.ts";
import { builtin } from "../runtime/mod.ts";
import { addressBytes, isPublic, type Network, network, within } from "./addresses.ts";

/** Finds the addresses of a host name, or `undefined` where the runtime cannot. */
export type Resolve = (host: string) => Promise<readonly string[] | undefined>;

/** What an {@linkcode EgressGate} lets through. */
export interface EgressRules {
  /** Schemes, without the colon. Default: `http` and `https`. */
  schemes?: readonly string[] | undefined;
  /**
   * Hosts. Default: every one. A host named in full is trusted wherever it points;
   * `*.example.org` is every name below, which must still point outside.
   */
  hosts?: readonly string[] | undefined;
  /** Ports. Default: every one. */
  ports?: readonly (number | string)[] | undefined;
  /** Lets addresses through that are not public: all with `true`, or networks in CIDR notation. */
  allowPrivate?: boolean | readonly string[] | undefined;
  /** Finds addresses. Default: by the runtime. */
  resolve?: Resolve | undefined;
}

/** Names that mean this machine or this network (RFC 6761, RFC 6762, RFC 8375, ICANN). */
const INSIDE_NAMES = /^([^.]+|(.*\.)?(localhost|local|internal|home\.arpa))$/;

/**
 * Judges URLs: by scheme, host and port, and by the addresses behind the host, which must be public
 * unless configured. An address is refused in whatever form it is written, a name if any of its
 * addresses is refused. Where the runtime cannot resolve names (at the edge, in a browser), only what
 * is written can be judged.
 *
 * @example What passes and what does not
 * ```ts
 * import { EgressDenied } from "@vitrine/vitrine";
 * import { EgressGate } from "./egress_gate.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const gate = new EgressGate({ schemes: ["https"], ports: [443] });
 * assertEquals(gate.judge("https://example.org/a.iso").hostname, "example.org");
 * for (const url of ["http://example.org/", "https://0x7f.1/", "https://[::ffff:a00:1]/"]) {
 *   assertThrows(() => gate.judge(url), EgressDenied);
 * }
 * ```
 */
export class EgressGate {
  readonly #schemes: readonly string[];
  readonly #hosts: readonly string[] | undefined;
  readonly #ports: readonly string[] | undefined;
  readonly #networks: true | readonly Network[];
  readonly #resolve: Resolve;

  /**
   * Creates a gate.
   *
   * @param rules What is allowed. Default: `http` and `https` to every public address, on every port.
   * @throws {BadStoreConfiguration} If a network is not in CIDR notation.
   */
  constructor(rules: EgressRules = {}) {
    const { schemes = ["http", "https"], hosts, ports, allowPrivate = false, resolve } = rules;
    this.#schemes = schemes;
    this.#hosts = hosts?.map((host) => host.toLowerCase().replace(/\.$/, ""));
    this.#ports = ports?.map(String);
    this.#networks = allowPrivate === true ? true : (allowPrivate || []).map((cidr) => {
      const read = network(cidr);
      if (read === undefined) {
        throw new BadStoreConfiguration(`${cidr} is no network in CIDR notation`);
      }
      return read;
    });
    this.#resolve = resolve ?? systemResolve;
  }

  /**
   * Judges a URL as it is written.
   *
   * @param url The URL.
   * @returns The URL, parsed.
   * @throws {EgressDenied} If the URL is not allowed.
   */
  judge(url: string | URL): URL {
    return this.#judge(url).read;
  }

  /**
   * Judges a URL that is requested through a proxy. An address is judged as it is written. A name passes
   * only if `hosts` names it, or if every address is allowed: the proxy resolves it, and nobody here
   * knows to what.
   *
   * @param url The URL.
   * @returns Nothing: the addresses are not known.
   * @throws {EgressDenied} If the URL is not allowed.
   */
  judgeProxied(url: string | URL): undefined {
    const { read, host } = this.#judge(url);
    if (this.#networks === true || this.#names(host) || addressBytes(host)) return;
    throw new EgressDenied(
      `${
        maskUri(read.href)
      } is not allowed: the proxy resolves the name ${host}, so that the allowed ` +
        "hosts must include it",
    );
  }

  /**
   * Judges a URL and the addresses of its host. A client should connect to no other addresses, since the name may
   * point elsewhere a moment later.
   *
   * @param url What is to be requested.
   * @returns The addresses, or `undefined` if nothing had to be resolved.
   * @throws {EgressDenied} If the URL or one of the addresses is not allowed.
   * @throws {RemoteServiceUnavailable} If the name cannot be resolved.
   */
  async check(url: string | URL): Promise<readonly string[] | undefined> {
    const { host, trusted } = this.#judge(url);
    if (trusted || this.#networks === true || addressBytes(host)) return undefined;
    let addresses: readonly string[] | undefined;
    try {
      addresses = await this.#resolve(host);
      if (addresses?.length === 0) throw new Error("it has no address");
    } catch (cause) {
      throw new RemoteServiceUnavailable(`the host ${host} cannot be resolved`, { cause });
    }
    for (const address of addresses ?? []) {
      if (!this.#admits(addressBytes(address.split("%")[0]!))) {
        throw new EgressDenied(`${host} points to ${address}, which is not allowed`);
      }
    }
    return addresses;
  }

  #judge(url: string | URL): { read: URL; host: string; trusted: boolean } {
    const shown = maskUri(String(url)).slice(0, 200);
    // What parsers disagree on: each reads another host out of it.
    // deno-lint-ignore no-control-regex
    if (typeof url === "string" && /[\u0000-\u0020\u007f\\]/.test(url)) {
      throw new EgressDenied("the URL holds a space, a backslash or a control character");
    }
    if (!URL.canParse(url)) throw new EgressDenied(`${shown} is no URL`);
    const read = new URL(url);
    const deny = (why: string) => {
      throw new EgressDenied(`${shown} is not allowed: ${why}`);
    };
    const scheme = read.protocol.slice(0, -1);
    if (!this.#schemes.includes(scheme)) deny(`its scheme is not ${this.#schemes.join(" or ")}`);
    if (read.username || read.password) deny("it holds credentials");
    const port = read.port || (scheme === "https" ? "443" : "80");
    if (this.#ports && !this.#ports.includes(port)) deny(`port ${port}`);
    const host = read.hostname.replace(/^\[|\]$|\.$/g, "");
    const trusted = this.#hosts?.includes(host) ?? false;
    if (this.#hosts && !trusted && !this.#hosts.some((pattern) => matches(pattern, host))) {
      deny("its host is not one of those allowed");
    }
    const address = addressBytes(host);
    if (trusted || this.#networks === true) return { read, host, trusted };
    if (address ? !this.#admits(address) : INSIDE_NAMES.test(host)) deny("it points inside");
    return { read, host, trusted };
  }

  /** Whether the host, or a domain that it is in, is named by the configuration. */
  #names(host: string): boolean {
    return this.#hosts?.some((one) => one === host || (one !== "*" && matches(one, host))) ?? false;
  }

  #admits(address: readonly number[] | undefined): boolean {
    if (address === undefined) return false;
    return isPublic(address) || this.#networks === true ||
      this.#networks.some((one) => within(address, one));
  }
}

function matches(pattern: string, host: string): boolean {
  return pattern === "*" || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));
}

/**
 * Finds all addresses of a name by the resolver of the runtime, which also reads `/etc/hosts`.
 *
 * @param host The name.
 * @returns The addresses, or `undefined` if the runtime cannot resolve names.
 */
export async function systemResolve(host: string): Promise<readonly string[] | undefined> {
  const addresses = await builtin("node:dns/promises")?.lookup(host, { all: true });
  return addresses?.map(({ address }) => address);
}
