/**
 * Logging in at Keystone, v3 and v2.0, and trusts.
 *
 * @module
 */
import {
  AuthBadRequest,
  AuthorizationFailure,
  AuthUrlNotFound,
  BadAuthStrategy,
  NotAuthenticated,
  type StoreError,
} from "../../errors/mod.ts";
import type { HttpResponse, Transport } from "../../transport/mod.ts";
import { projectOf, type Reference, userOf } from "./credentials.ts";

/** What Keystone says of a token. */
export interface KeystoneToken {
  /** The token. */
  token: string;
  /** When it ends, in milliseconds since 1970. */
  expires: number;
  /** The service catalog. */
  catalog: readonly unknown[];
  /** Id of whom it is. */
  user: string;
  /** Id of the project that it is for. */
  project: string | undefined;
  /** Names of the roles that it carries. */
  roles: readonly string[];
}

/** A trust: who may act for whom (https://docs.openstack.org/api-ref/identity/v3-ext/#os-trust-api). */
export interface Trust {
  /** Its id. */
  id: string;
}

/** A trust ends by itself after a day, in milliseconds: whoever made it may be gone. */
const TRUST_LIFE = 86_400_000;

/** A JSON object of Keystone's. */
// deno-lint-ignore no-explicit-any -- the fields are Keystone's
type Json = any;

/** A Keystone's URL without the version of its API. */
export function keystoneUrl(address: string): string {
  return address.replace(/(\/v(3|2\.0))?\/*$/, "");
}

/**
 * A Keystone at one address.
 *
 * Its methods throw `AuthorizationFailure` where it refuses, `AuthBadRequest`, `AuthUrlNotFound`,
 * `BadAuthStrategy` where it does not answer as Keystone does, and what the transport throws.
 */
export class Keystone {
  readonly #transport: Transport;
  readonly #address: string;
  readonly #trusted: boolean;

  /**
   * Opens nothing. The address may end with the API's version; it is `trusted` unless a location URI
   * brought it.
   */
  constructor(transport: Transport, address: string, trusted: boolean) {
    this.#transport = transport;
    this.#address = keystoneUrl(address);
    this.#trusted = trusted;
  }

  /**
   * Logs in by v3: with a token, an application credential or a password; for a project, or for a
   * trust (https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management).
   */
  async login(reference: Reference, trust?: Trust): Promise<KeystoneToken> {
    const { authToken, applicationCredentialId, applicationCredentialSecret } = reference;
    const { userDomainId, userDomainName, projectDomainId, projectDomainName } = reference;
    const name = projectOf(reference);
    const project = reference.projectId !== undefined
      ? { id: reference.projectId }
      : name && { name, domain: domain(projectDomainId, projectDomainName) };
    let identity: Json;
    if (applicationCredentialId) {
      const credential = { id: applicationCredentialId, secret: applicationCredentialSecret };
      identity = { methods: ["application_credential"], application_credential: credential };
    } else if (authToken) {
      identity = { methods: ["token"], token: { id: authToken } };
    } else {
      const user = {
        name: userOf(reference),
        domain: domain(userDomainId, userDomainName),
        password: reference.key,
      };
      identity = { methods: ["password"], password: { user } };
    }
    const scope = trust ? { "OS-TRUST:trust": { id: trust.id } } : project && { project };
    // An application credential is for its own project and takes no scope.
    const scoped = applicationCredentialId ? {} : { scope };
    const response = await this.#post("/v3/auth/tokens", { auth: { identity, ...scoped } });
    const token = response.headers.get("x-subject-token");
    const body = await json(response);
    if (!token || !body.token) throw notKeystone();
    const { expires_at, catalog = [], user, project: granted, roles = [] } = body.token;
    return {
      token,
      expires: Date.parse(expires_at),
      catalog,
      user: user?.id,
      project: granted?.id,
      roles: roles.map((role: Json) => role.name),
    };
  }

  /** Logs in by v2.0, with a password (https://docs.openstack.org/api-ref/identity/v2/). */
  async loginV2(reference: Reference): Promise<KeystoneToken> {
    const { projectId: tenantId } = reference;
    const tenant = tenantId === undefined ? { tenantName: projectOf(reference) } : { tenantId };
    const passwordCredentials = { username: userOf(reference), password: reference.key };
    const response = await this.#post("/v2.0/tokens", { auth: { passwordCredentials, ...tenant } });
    const { access } = await json(response);
    if (!access?.token?.id) throw notKeystone();
    return {
      token: access.token.id,
      expires: Date.parse(access.token.expires),
      catalog: access.serviceCatalog ?? [],
      user: access.user?.id,
      project: access.token.tenant?.id,
      roles: (access.user?.roles ?? []).map((role: Json) => role.name),
    };
  }

  /** Lets `trustee` act for the token's user in the token's project, with the token's roles. */
  async trust(trustor: KeystoneToken, trustee: string): Promise<Trust> {
    const response = await this.#post("/v3/OS-TRUST/trusts", {
      trust: {
        trustor_user_id: trustor.user,
        trustee_user_id: trustee,
        project_id: trustor.project,
        impersonation: true,
        roles: trustor.roles.map((name) => ({ name })),
        // Keystone wants microseconds.
        expires_at: new Date(Date.now() + TRUST_LIFE).toISOString().replace(/Z$/, "000Z"),
      },
    }, trustor.token);
    const { trust } = await json(response);
    if (!trust?.id) throw notKeystone();
    return { id: trust.id };
  }

  /** Ends a trust, by a token of the trustor or of the trust. */
  async revoke(trust: Trust, token: string): Promise<void> {
    const response = await this.#transport.send({
      method: "DELETE",
      url: `${this.#address}/v3/OS-TRUST/trusts/${trust.id}`,
      trusted: this.#trusted,
      prepare: ({ headers }) => headers.set("x-auth-token", token),
      accept: [204, 404],
      fail: refusal,
    });
    await response.release();
  }

  /** What Keystone says of a caller's token. */
  async inspect(token: string): Promise<KeystoneToken> {
    const response = await this.#transport.send({
      url: `${this.#address}/v3/auth/tokens`,
      trusted: this.#trusted,
      prepare: ({ headers }) => {
        headers.set("x-auth-token", token);
        headers.set("x-subject-token", token);
      },
      redirect: "refuse",
      fail: (response) =>
        [401, 404].includes(response.status)
          ? new NotAuthenticated(`Keystone refuses the token (${response.status})`)
          : refusal(response),
    });
    const { token: body } = await json(response);
    if (!body) throw notKeystone();
    return {
      token,
      expires: Date.parse(body.expires_at),
      catalog: body.catalog ?? [],
      user: body.user?.id,
      project: body.project?.id,
      roles: (body.roles ?? []).map((role: Json) => role.name),
    };
  }

  #post(path: string, body: Json, token?: string): Promise<HttpResponse> {
    return this.#transport.send({
      method: "POST",
      url: this.#address + path,
      trusted: this.#trusted,
      redirect: "refuse",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: new TextEncoder().encode(JSON.stringify(body)),
      prepare: ({ headers }) => {
        if (token) headers.set("x-auth-token", token);
      },
      // A token is not spoilt by another one.
      retry: token === undefined ? "always" : "safe",
      accept: [200, 201, 203],
      fail: refusal,
    });
  }
}

/** The error of an answer of the login. */
export function refusal({ status }: HttpResponse): StoreError {
  switch (status) {
    case 400:
      return new AuthBadRequest("the login was refused as malformed (400)");
    case 401:
    case 403:
      return new AuthorizationFailure(`the login was refused (${status})`);
    case 404:
    case 405:
      return new AuthUrlNotFound(`there is no login at the authAddress (${status})`);
    default:
      return new BadAuthStrategy(`the login was answered with ${status}`, {
        retryable: status >= 500 || status === 429,
      });
  }
}

function notKeystone(): BadAuthStrategy {
  return new BadAuthStrategy("the login gave no token of Keystone's: check authVersion");
}

async function json(response: HttpResponse): Promise<Json> {
  try {
    return JSON.parse(await response.text(4_194_304));
  } catch (cause) {
    throw new BadAuthStrategy("the login was answered with something else than JSON", { cause });
  }
}

function domain(id: string | undefined, name: string | undefined): Json {
  return id === undefined && name !== undefined ? { name } : { id: id ?? "default" };
}
