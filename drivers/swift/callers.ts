/**
 * The accounts of callers: where the images of a tenant are, by what the configuration, the caller or
 * Keystone says.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import type { Transport } from "../../transport/mod.ts";
import type { StoreContext } from "../../store/types.ts";
import { endpointOf, filledEndpoint } from "./catalog.ts";
import { Keystone, keystoneUrl } from "./keystone.ts";
import type { SwiftSettings } from "./options.ts";

/** The callers of a multi-tenant store. */
export class Callers {
  readonly #options: SwiftSettings;
  readonly #transport: Transport;
  /** The last token that Keystone was asked about. */
  #asked: { id: string; url: Promise<string> } | undefined;

  /** Asks nobody yet. */
  constructor(options: SwiftSettings, transport: Transport) {
    this.#options = options;
    this.#transport = transport;
  }

  /**
   * URL of a caller's account: the configured endpoint, else what the caller's service catalog says,
   * else what Keystone says of the token. Throws `BadStoreConfiguration` where nobody knows, and what
   * Keystone's refusal is.
   */
  async accountUrl(context: StoreContext): Promise<string> {
    const { endpoint } = this.#options;
    const { token, tenant, serviceCatalog, authUrl } = context;
    const known = endpoint === undefined ? undefined : filledEndpoint(endpoint, tenant);
    if (known !== undefined) return known;
    if (serviceCatalog !== undefined) return endpointOf(serviceCatalog, this.#options);
    const address = this.#addressOf(authUrl);
    if (token === undefined || address === undefined) {
      const missing = token === undefined ? "token" : "service catalog, or the authAddress to ask";
      throw new BadStoreConfiguration(`a multi-tenant store needs the caller's ${missing}`);
    }
    const id = `${address} ${token}`;
    if (this.#asked?.id !== id) {
      const url = this.#ask(address, token);
      this.#asked = { id, url };
      url.catch(() => this.#asked = undefined);
    }
    return await this.#asked.url;
  }

  /** The Keystone that a token is shown to: its own, which must be the store's. */
  #addressOf(authUrl: string | undefined): string | undefined {
    const { authAddress } = this.#options;
    if (authUrl === undefined || authAddress === undefined) return authUrl ?? authAddress;
    if (keystoneUrl(authUrl) === keystoneUrl(authAddress)) return authAddress;
    throw new BadStoreConfiguration("the caller's token is of another Keystone than the store's");
  }

  async #ask(address: string, token: string): Promise<string> {
    const keystone = new Keystone(this.#transport, address, true);
    const { catalog, project } = await keystone.inspect(token);
    const { endpoint } = this.#options;
    const known = endpoint === undefined ? undefined : filledEndpoint(endpoint, project);
    return known ?? endpointOf(catalog, this.#options);
  }
}
