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
import { maskUri } from "../../location/mod.ts";
import { parseHttpDate, parseIsoDate } from "../../streams/encoding.ts";
import type { HttpRequest, HttpResponse, Transport } from "../../transport/mod.ts";
import { type Credentials, projectOf, userOf } from "./credentials.ts";

/** What Keystone knows of a token. */
export interface KeystoneToken {
  /** The token. */
  token: string;
  /** When it ends by our own clock, in milliseconds since 1970, where it is known. */
  expires: number | undefined;
  /** The service catalog. */
  catalog: readonly unknown[];
  /** Id of the user whose token it is. */
  user: string;
  /** Id of the project that it is for. */
  project: string | undefined;
  /** Names of the roles that it carries. */
  roles: readonly string[];
}

/** A trust, by which one user may act for another (https://docs.openstack.org/api-ref/identity/v3-ext/#os-trust-api). */
export interface Trust {
  /** Its id. */
  id: string;
}

/** The statuses of redirects, after which keystoneauth sends the same request again. */
const REDIRECTS = [301, 302, 303, 305, 307, 308];

/** How many redirects are followed. */
const MAX_REDIRECTS = 5;

/** How long a trust lasts at most, in milliseconds: the process that made it may have died. */
const TRUST_LIFE = 86_400_000;

/** A JSON object of Keystone's. */
// deno-lint-ignore no-explicit-any -- the fields are Keystone's
type Json = any;

/**
 * Returns the URL of a Keystone without the version of its API.
 *
 * @param address The URL as it is configured.
 * @returns The URL without `/v3` or `/v2.0`, and without a trailing slash.
 */
export function keystoneUrl(address: string): string {
  return address.replace(/(\/v(3|2\.0))?\/*$/, "");
}

/**
 * A Keystone at one address.
 *
 * Its methods throw `AuthorizationFailure` if it refuses, `AuthBadRequest`, `AuthUrlNotFound`,
 * `BadAuthStrategy` if it does not respond as Keystone does, and what the transport throws.
 */
export class Keystone {
  readonly #transport: Transport;
  readonly #address: string;
  readonly #trusted: boolean;
  /** Keystone's time minus our own, in milliseconds, by its last response. */
  #clockOffset = 0;

  /**
   * Creates the client of a Keystone. Nothing is sent yet.
   *
   * @param transport Sends the requests.
   * @param address The URL, with or without the version of the API.
   * @param trusted Whether the address comes from the configuration, not from a location URI.
   */
  constructor(transport: Transport, address: string, trusted: boolean) {
    this.#transport = transport;
    this.#address = keystoneUrl(address);
    this.#trusted = trusted;
  }

  /**
   * Logs in by v3: with a token, an application credential or a password; for a project, or for a
   * trust (https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management).
   *
   * @param credentials The user, or the token or application credential instead.
   * @param trust The trust to act by.
   * @returns The token.
   * @throws {AuthorizationFailure} If the login is refused, or the application credential is deleted.
   */
  async login(credentials: Credentials, trust?: Trust): Promise<KeystoneToken> {
    const { authToken, applicationCredentialId, applicationCredentialSecret } = credentials;
    const { userDomainId, userDomainName, projectDomainId, projectDomainName } = credentials;
    const name = projectOf(credentials);
    const project = credentials.projectId !== undefined
      ? { id: credentials.projectId }
      : name && { name, domain: domain(projectDomainId, projectDomainName) };
    let identity: Json;
    if (applicationCredentialId) {
      const credential = { id: applicationCredentialId, secret: applicationCredentialSecret };
      identity = { methods: ["application_credential"], application_credential: credential };
    } else if (authToken) {
      identity = { methods: ["token"], token: { id: authToken } };
    } else {
      const user = {
        name: userOf(credentials),
        domain: domain(userDomainId, userDomainName),
        password: credentials.key,
      };
      identity = { methods: ["password"], password: { user } };
    }
    const scope = trust ? { "OS-TRUST:trust": { id: trust.id } } : project && { project };
    // An application credential is for its own project and takes no scope.
    const scoped = applicationCredentialId ? {} : { scope };
    const response = await this.#post("/v3/auth/tokens", { auth: { identity, ...scoped } });
    const token = response.headers.get("x-subject-token");
    const { token: body } = await json(response);
    if (!token || typeof body !== "object" || body === null) throw notKeystone();
    return this.#tokenOf(token, body);
  }

  /**
   * Logs in by v2.0, with a password (https://docs.openstack.org/api-ref/identity/v2/).
   *
   * @param credentials The user, or the token or application credential instead.
   * @returns The token.
   */
  async loginV2(credentials: Credentials): Promise<KeystoneToken> {
    const { projectId: tenantId } = credentials;
    const tenant = tenantId === undefined ? { tenantName: projectOf(credentials) } : { tenantId };
    const passwordCredentials = { username: userOf(credentials), password: credentials.key };
    const response = await this.#post("/v2.0/tokens", { auth: { passwordCredentials, ...tenant } });
    const { access } = await json(response);
    if (!access?.token?.id) throw notKeystone();
    const { token, serviceCatalog: catalog, user } = access;
    return this.#tokenOf(token.id, {
      expires_at: token.expires,
      catalog,
      user,
      project: token.tenant,
      roles: user?.roles,
    });
  }

  #tokenOf(token: string, { expires_at, catalog, user, project, roles }: Json): KeystoneToken {
    const expires = parseIsoDate(expires_at)?.getTime();
    return {
      token,
      expires: expires && expires - this.#clockOffset,
      catalog: Array.isArray(catalog) ? catalog : [],
      user: user?.id,
      project: project?.id,
      roles: Array.isArray(roles) ? roles.map((role: Json) => role?.name) : [],
    };
  }

  /**
   * Creates a trust: another user may act for the token's user in the token's project, with the token's
   * roles.
   *
   * @param trustor The token.
   * @param trustee The id of the other user.
   * @returns The trust.
   */
  async trust(trustor: KeystoneToken, trustee: string): Promise<Trust> {
    const response = await this.#post("/v3/OS-TRUST/trusts", {
      trust: {
        trustor_user_id: trustor.user,
        trustee_user_id: trustee,
        project_id: trustor.project,
        impersonation: true,
        roles: trustor.roles.map((name) => ({ name })),
        // Keystone wants microseconds.
        expires_at: new Date(Date.now() + this.#clockOffset + TRUST_LIFE).toISOString().replace(
          /Z$/,
          "000Z",
        ),
      },
    }, trustor.token);
    const { trust } = await json(response);
    if (!trust?.id) throw notKeystone();
    return { id: trust.id };
  }

  /**
   * Ends a trust.
   *
   * @param trust The trust.
   * @param token A token of the trustor, or one that was logged in for by the trust.
   */
  async revoke(trust: Trust, token: string): Promise<void> {
    const response = await this.#send({
      method: "DELETE",
      url: `${this.#address}/v3/OS-TRUST/trusts/${trust.id}`,
      prepare: ({ headers }) => headers.set("x-auth-token", token),
      accept: [204, 404],
      fail: refusal,
    });
    await response.release();
  }

  /**
   * Returns what Keystone knows of a caller's token.
   *
   * @param token The token.
   * @returns Its user, project, roles and catalog.
   * @throws {NotAuthenticated} If Keystone refuses the token.
   */
  async inspect(token: string): Promise<KeystoneToken> {
    const response = await this.#send({
      url: `${this.#address}/v3/auth/tokens`,
      prepare: ({ headers }) => {
        headers.set("x-auth-token", token);
        headers.set("x-subject-token", token);
      },
      fail: (response) =>
        [401, 404].includes(response.status)
          ? new NotAuthenticated(`Keystone refuses the token (${response.status})`)
          : refusal(response),
    });
    const { token: body } = await json(response);
    if (typeof body !== "object" || body === null) throw notKeystone();
    return this.#tokenOf(token, body);
  }

  #post(path: string, body: Json, token?: string): Promise<HttpResponse> {
    return this.#send({
      method: "POST",
      url: this.#address + path,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: new TextEncoder().encode(JSON.stringify(body)),
      prepare: ({ headers }) => {
        if (token) headers.set("x-auth-token", token);
      },
      // A second token does no harm.
      retry: token === undefined ? "always" : "safe",
      accept: [200, 201, 203],
      fail: refusal,
    });
  }

  /** Sends a request, and again where a redirect on the same host leads to. */
  async #send(request: HttpRequest): Promise<HttpResponse> {
    const { accept = [200, 201, 203, 204] } = request;
    let url = new URL(request.url);
    for (let hops = 0;; hops++) {
      const response = await this.#transport.send({
        ...request,
        url,
        trusted: this.#trusted,
        redirect: "refuse",
        accept: [...accept, ...REDIRECTS],
      });
      const date = parseHttpDate(response.headers.get("date"));
      if (date !== undefined) this.#clockOffset = date.getTime() - Date.now();
      if (!REDIRECTS.includes(response.status)) return response;
      await response.release();
      url = redirectOf(url, response.headers.get("location"));
      if (hops === MAX_REDIRECTS) throw new BadAuthStrategy("the login has too many redirects");
    }
  }
}

/** Returns where a redirect leads. A password is sent to no other host, and not in plain text. */
function redirectOf(from: URL, location: string | null): URL {
  const to = location !== null && URL.canParse(location, from)
    ? new URL(location, from)
    : undefined;
  const isSafe = to?.protocol === "https:" ||
    (to?.protocol === "http:" && to.protocol === from.protocol);
  if (to !== undefined && isSafe && to.hostname === from.hostname) return to;
  const where = to === undefined ? "nowhere" : maskUri(`${to.origin}${to.pathname}`);
  throw new BadAuthStrategy(
    `the login is redirected to ${where}: if that is Keystone, configure it as authAddress`,
  );
}

/**
 * Returns the error of a login that is not accepted.
 *
 * @param response The response.
 * @returns `AuthorizationFailure` for a wrong user or password, `AuthUrlNotFound` if there is no login
 * at the address, and so on.
 */
export async function refusal(response: HttpResponse): Promise<StoreError> {
  const { status } = response;
  switch (status) {
    case 400:
      return new AuthBadRequest("the login was refused as malformed (400)");
    case 401:
    case 403:
      return new AuthorizationFailure(`the login was refused (${status})`);
    case 404:
    case 405:
      // Keystone says that with the same status.
      if (/application credential/i.test(await response.text().catch(() => ""))) {
        return new AuthorizationFailure(
          `the application credential does not exist, or has been deleted (${status})`,
        );
      }
      return new AuthUrlNotFound(`there is no login at the authAddress (${status})`);
    default:
      return new BadAuthStrategy(`the response to the login has the status ${status}`, {
        retryable: status >= 500 || status === 429,
      });
  }
}

function notKeystone(): BadAuthStrategy {
  return new BadAuthStrategy("the login gave no token of Keystone's: check authVersion");
}

/** Reads a document that is a JSON object. */
async function json(response: HttpResponse): Promise<Json> {
  let document: unknown;
  try {
    document = JSON.parse(await response.text(4_194_304));
  } catch (cause) {
    throw new BadAuthStrategy("the response to the login is no JSON", { cause });
  }
  return typeof document === "object" && document !== null ? document : {};
}

function domain(id: string | undefined, name: string | undefined): Json {
  return id === undefined && name !== undefined ? { name } : { id: id ?? "default" };
}
