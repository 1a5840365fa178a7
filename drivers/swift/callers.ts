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
  /** The last token that was looked up in Keystone. */
  #lookup: { id: string; url: Promise<string> } | undefined;

  /**
   * Creates the callers of a store. Nothing is sent yet.
   *
   * @param options The options of the store.
   * @param transport Sends the requests to Keystone.
   */
  constructor(options: SwiftSettings, transport: Transport) {
    this.#options = options;
    this.#transport = transport;
  }

  /**
   * Returns the URL of a caller's account: the configured endpoint, else that of the caller's service
   * catalog, else that of the catalog that Keystone has for the token.
   *
   * @param context The caller.
   * @returns The URL.
   * @throws {BadStoreConfiguration} If neither the caller nor the options have it.
   * @throws {NotAuthenticated} If Keystone refuses the token.
   */
  async accountUrl(context: StoreContext): Promise<string> {
    const { endpoint } = this.#options;
    const { token, tenant, serviceCatalog, authUrl } = context;
    const known = endpoint === undefined ? undefined : filledEndpoint(endpoint, tenant);
    if (known !== undefined) return known;
    if (serviceCatalog !== undefined) return endpointOf(serviceCatalog, this.#options);
    const address = this.#addressOf(authUrl);
    if (token === undefined || address === undefined) {
      const missing = token === undefined ? "token" : "service catalog, or an authAddress";
      throw new BadStoreConfiguration(`a multi-tenant store needs the caller's ${missing}`);
    }
    const id = `${address} ${token}`;
    if (this.#lookup?.id !== id) {
      const url = this.#lookUp(address, token);
      this.#lookup = { id, url };
      url.catch(() => this.#lookup = undefined);
    }
    return await this.#lookup.url;
  }

  /** Returns the Keystone that a token is sent to: its own, which must be the store's. */
  #addressOf(authUrl: string | undefined): string | undefined {
    const { authAddress } = this.#options;
    if (authUrl === undefined || authAddress === undefined) return authUrl ?? authAddress;
    if (keystoneUrl(authUrl) === keystoneUrl(authAddress)) return authAddress;
    throw new BadStoreConfiguration("the caller's token is of another Keystone than the store's");
  }

  async #lookUp(address: string, token: string): Promise<string> {
    const keystone = new Keystone(this.#transport, address, true);
    const { catalog, project } = await keystone.inspect(token);
    const { endpoint } = this.#options;
    const known = endpoint === undefined ? undefined : filledEndpoint(endpoint, project);
    return known ?? endpointOf(catalog, this.#options);
  }
}
