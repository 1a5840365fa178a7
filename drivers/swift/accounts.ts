/**
 * Which account a request goes to, and as which user: by location, by caller, by configuration.
 *
 * @module
 */
import { BadStoreConfiguration, BadStoreUri, StoreError } from "../../errors/mod.ts";
import type { Transport } from "../../transport/mod.ts";
import type { OperationOptions, StoreContext } from "../../store/types.ts";
import { Callers } from "./callers.ts";
import { endpointOf, filledEndpoint } from "./catalog.ts";
import { SwiftClient } from "./client.ts";
import { Keystone } from "./keystone.ts";
import type { SwiftLocation } from "./location.ts";
import type { SwiftSettings } from "./options.ts";
import { type Credentials, loadCredentials, optionsCredentials, pick } from "./credentials.ts";
import { raceAbort } from "../../streams/abort.ts";
import { type Access, fixedSession, LoginSession, type Session } from "./session.ts";

/** What the credentials of a location do not have, so that the options have it. */
const DOMAINS = [
  "userDomainId",
  "userDomainName",
  "projectDomainId",
  "projectDomainName",
] as const;

/** A client whose trust, if it has one, must be ended. */
export interface LongClient {
  /** The client. */
  client: SwiftClient;
  /** Ends the trust. */
  dispose(): Promise<void>;
}

/** The accounts of one store. */
export class Accounts {
  readonly #options: SwiftSettings;
  readonly #transport: Transport;
  readonly #callers: Callers;
  readonly #sessions = new Map<string, LoginSession>();
  #references: ReadonlyMap<string, Credentials>;
  #loaded: boolean;

  /**
   * Creates the accounts of a store. Nobody logs in yet.
   *
   * @param options The options of the store.
   * @param transport Sends the requests of logins.
   * @throws {BadStoreConfiguration} If the options exclude each other, or name no account.
   */
  constructor(options: SwiftSettings, transport: Transport) {
    this.#options = options;
    this.#transport = transport;
    this.#callers = new Callers(options, transport);
    const { configFile, defaultSwiftReference, multiTenant } = options;
    if (multiTenant && configFile !== undefined) {
      throw new BadStoreConfiguration("multiTenant and configFile exclude each other");
    }
    const reference = configFile === undefined ? optionsCredentials(options) : undefined;
    this.#references = new Map(reference ? [[defaultSwiftReference, reference]] : []);
    this.#loaded = configFile === undefined;
  }

  /** Reads the file of accounts, if there is one. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    this.#references = await loadCredentials(this.#options);
    this.#loaded = true;
  }

  /** Forgets all logins. */
  close(): void {
    this.#sessions.clear();
  }

  /** The account that takes new images, if there is one. */
  get default(): Credentials | undefined {
    return this.#references.get(this.#options.defaultSwiftReference);
  }

  /**
   * Returns the account that takes new images.
   *
   * @returns Its credentials.
   * @throws {BadStoreConfiguration} If there is none.
   */
  requireDefault(): Credentials {
    const { defaultSwiftReference, configFile, multiTenant } = this.#options;
    const reference = this.default;
    if (reference !== undefined) return reference;
    const who = multiTenant ? "there is no caller's token, and " : "";
    throw new BadStoreConfiguration(
      configFile === undefined
        ? `${who}no account is configured: authAddress, user and key`
        : `the file of accounts has no section [${defaultSwiftReference}]`,
    );
  }

  /**
   * Returns whether a location names an account of the store.
   *
   * @param location The location.
   * @returns Whether the store is to handle it.
   */
  owns(location: SwiftLocation): boolean {
    const { multiTenant, endpoint } = this.#options;
    const isNamed = location.scheme === "swift+config";
    if (multiTenant) {
      return !isNamed && location.userinfo === undefined &&
        (endpoint === undefined || sameOrigin(endpoint, location.url));
    }
    if (isNamed) return !this.#loaded || this.#references.has(location.address);
    if (this.#loaded && this.#references.size === 0) return location.userinfo !== undefined;
    return this.#referenceAt(location) !== undefined;
  }

  /**
   * Returns whether a location is in the account that takes new images.
   *
   * @param location The location.
   * @returns Whether it is.
   */
  isDefault(location: SwiftLocation): boolean {
    if (this.#options.multiTenant) return this.owns(location);
    if (location.scheme === "swift+config") {
      return location.address === this.#options.defaultSwiftReference;
    }
    const { credentials } = location;
    const reference = this.default;
    return reference !== undefined && sameUrl(reference.authAddress, location.url) &&
      (credentials === undefined || credentials.user === reference.user);
  }

  /**
   * Returns the URL of the account that takes a caller's new images.
   *
   * @param options The caller, and an abort signal.
   * @returns The URL.
   */
  async accountUrl({ context, signal }: OperationOptions): Promise<string> {
    const { endpoint, multiTenant } = this.#options;
    if (context !== undefined && multiTenant) {
      return await raceAbort(this.#callers.accountUrl(context), signal);
    }
    const known = endpoint === undefined ? undefined : filledEndpoint(endpoint, undefined);
    return known ?? (await this.#defaultSession().access(signal)).accountUrl;
  }

  /**
   * Returns the client for a location, or for the account of a caller's new images.
   *
   * @param location The location, or `undefined` for new images.
   * @param options The caller, and an abort signal.
   * @returns The client.
   * @throws {BadStoreUri} If the location names an account that is not configured.
   */
  async client(
    location: SwiftLocation | undefined,
    options: OperationOptions,
  ): Promise<SwiftClient> {
    if (this.#options.multiTenant) return await this.#tenantClient(location, options);
    const { session, trusted } = location === undefined
      ? { session: this.#defaultSession(), trusted: true }
      : this.#sessionFor(location);
    return new SwiftClient(this.#transport, session, trusted);
  }

  /**
   * Returns a client that outlives the caller's token, by a Keystone trust for the store's own user.
   *
   * @param location The location.
   * @param options The caller, and an abort signal.
   * @returns The client, or `undefined` where there can be no trust.
   */
  async longClient(
    location: SwiftLocation,
    { context, signal }: OperationOptions,
  ): Promise<LongClient | undefined> {
    return await raceAbort(this.#longClient(location, context), signal, (late) => late?.dispose());
  }

  async #longClient(
    location: SwiftLocation,
    context: StoreContext | undefined,
  ): Promise<LongClient | undefined> {
    const { multiTenant, useTrusts, expireSoonInterval } = this.#options;
    const reference = this.default;
    const token = context?.token;
    if (!multiTenant || !useTrusts || !token || reference?.authVersion !== "3") return undefined;
    // Keystone gives no trusts to application credentials.
    if (reference.applicationCredentialId) return undefined;
    const keystone = new Keystone(this.#transport, reference.authAddress, true);
    try {
      const [trustor, trustee] = await Promise.all([
        keystone.inspect(token),
        keystone.login(reference),
      ]);
      const trust = await keystone.trust(trustor, trustee.user);
      const session = new LoginSession(async () => {
        const { token, expires } = await keystone.login(reference, trust);
        return { token, expires, accountUrl: location.url };
      }, expireSoonInterval * 1000);
      return {
        client: new SwiftClient(this.#transport, session, true),
        dispose: async () => keystone.revoke(trust, (await session.access()).token!),
      };
    } catch (error) {
      // As glance_store does: the caller's token is what there is.
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  async #tenantClient(
    location: SwiftLocation | undefined,
    { context, signal }: OperationOptions,
  ): Promise<SwiftClient> {
    const operator = context === undefined && this.default !== undefined;
    const token = context?.token;
    if (location === undefined || operator || token !== undefined) {
      const home = await this.accountUrl({ context, signal });
      const url = location?.url ?? home;
      if (!sameOrigin(home, url)) {
        throw new BadStoreUri("the location names another Swift than the service catalog does");
      }
      const session = operator
        ? elsewhere(this.#defaultSession(), url)
        : fixedSession({ token, accountUrl: url });
      return new SwiftClient(this.#transport, session, true);
    }
    const trusted = await this.#knows(location, signal);
    const session = fixedSession({ token: undefined, accountUrl: location.url });
    return new SwiftClient(this.#transport, session, trusted);
  }

  /** Whether a location that comes without a token is on the Swift of the configuration. */
  async #knows(location: SwiftLocation, signal: AbortSignal | undefined): Promise<boolean> {
    const { endpoint } = this.#options;
    if (endpoint !== undefined) return sameOrigin(endpoint, location.url);
    if (this.default === undefined) return false;
    const { accountUrl } = await this.#defaultSession().access(signal);
    return sameOrigin(accountUrl, location.url);
  }

  #defaultSession(): LoginSession {
    return this.#session(this.requireDefault(), true);
  }

  #sessionFor(location: SwiftLocation): { session: LoginSession; trusted: boolean } {
    if (location.scheme === "swift+config") {
      const { address } = location;
      const isDefault = address === this.#options.defaultSwiftReference;
      const reference = isDefault ? this.requireDefault() : this.#references.get(address);
      if (reference === undefined) {
        throw new BadStoreUri(`the account "${address}" is not configured`);
      }
      return { session: this.#session(reference, true), trusted: true };
    }
    const known = this.#referenceAt(location);
    const { credentials } = location;
    const same = credentials === undefined || credentials.user === known?.user;
    if (known && same) return { session: this.#session(known, true), trusted: true };
    const reference = {
      ...pick(known ?? this.#options, DOMAINS),
      authVersion: (known ?? this.#options).authVersion,
      authAddress: location.url,
      ...credentials!,
    };
    const trusted = known !== undefined;
    return { session: this.#session(reference, trusted), trusted };
  }

  /** The account with the login of a location, and if there are several, with its user. */
  #referenceAt({ url, credentials }: SwiftLocation): Credentials | undefined {
    const here = [...this.#references.values()].filter(({ authAddress }) =>
      sameUrl(authAddress, url)
    );
    return here.find(({ user }) => user === credentials?.user) ?? here[0];
  }

  #session(reference: Credentials, trusted: boolean): LoginSession {
    const id = JSON.stringify(reference);
    let session = this.#sessions.get(id);
    if (session === undefined) {
      const { expireSoonInterval } = this.#options;
      session = new LoginSession(() => this.#login(reference, trusted), expireSoonInterval * 1000);
      this.#sessions.set(id, session);
    }
    return session;
  }

  async #login(reference: Credentials, trusted: boolean): Promise<Access> {
    const { endpoint } = this.#options;
    if (reference.authVersion === "1") {
      const { loginV1 } = await import("./auth_v1.ts");
      const access = await loginV1(this.#transport, reference, trusted);
      return { ...access, accountUrl: endpoint ?? access.accountUrl };
    }
    const keystone = new Keystone(this.#transport, reference.authAddress, trusted);
    const { token, expires, catalog, project } = reference.authVersion === "2"
      ? await keystone.loginV2(reference)
      : await keystone.login(reference);
    const known = endpoint === undefined ? undefined : filledEndpoint(endpoint, project);
    return { token, expires, accountUrl: known ?? endpointOf(catalog, this.#options) };
  }
}

/** Returns a session whose requests go to another account of the same Swift. */
function elsewhere(session: Session, accountUrl: string): Session {
  const given = new WeakMap<Access, Access>();
  return {
    async access(signal) {
      const access = await session.access(signal);
      const moved = { ...access, accountUrl };
      given.set(moved, access);
      return moved;
    },
    renew: (refused, signal) => session.renew(given.get(refused) ?? refused, signal),
  };
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}

function sameUrl(a: string, b: string): boolean {
  const plain = (url: string) => new URL(url).href.replace(/\/+$/, "");
  return URL.canParse(a) && URL.canParse(b) && plain(a) === plain(b);
}
