/**
 * Tokens: one login however many callers wait for it, a new one before or when a token ends.
 *
 * @module
 */
import { raceAbort } from "../../streams/abort.ts";

/** What a login gives. */
export interface Access {
  /** The token; none for anonymous requests. */
  readonly token: string | undefined;
  /** URL of the account. */
  readonly accountUrl: string;
  /** When the token ends, in milliseconds since 1970, where known. */
  readonly expires?: number | undefined;
}

/** What gives the access for requests, and a new one when it is refused. */
export interface Session {
  /**
   * Returns the access to use now. Logs in first if there is none, or if it ends soon.
   *
   * @param signal Ends the wait for the login, not the login itself.
   * @returns A URL and a token.
   */
  access(signal?: AbortSignal): Promise<Access>;
  /**
   * Replaces an access that the server refused.
   *
   * @param refused What was sent with the refused request.
   * @param signal Ends the wait for the login, not the login itself.
   * @returns Whether there is another access to try.
   */
  renew(refused: Access, signal?: AbortSignal): Promise<boolean>;
}

/**
 * Returns a session with an access that cannot be renewed: a caller's own token, or none.
 *
 * @param access The access.
 * @returns The session.
 */
export function fixedSession(access: Access): Session {
  return { access: () => Promise.resolve(access), renew: () => Promise.resolve(false) };
}

/**
 * A session that logs in.
 *
 * @example Two callers, one login
 * ```ts
 * import { LoginSession } from "./session.ts";
 * import { assertEquals } from "@std/assert";
 *
 * let logins = 0;
 * const session = new LoginSession(() => {
 *   return Promise.resolve({ token: `${++logins}`, accountUrl: "https://swift.example.org/v1/a" });
 * }, 60_000);
 * const [one, other] = await Promise.all([session.access(), session.access()]);
 * assertEquals([one.token, other.token], ["1", "1"]);
 * await Promise.all([session.renew(one), session.renew(other)]);
 * assertEquals((await session.access()).token, "2");
 * ```
 */
export class LoginSession implements Session {
  readonly #login: () => Promise<Access>;
  readonly #margin: number;
  #current: Access | undefined;
  #pending: Promise<Access> | undefined;

  /**
   * Creates a session. Nobody logs in yet.
   *
   * @param login Logs in.
   * @param margin How long before a token ends the next one is requested, in milliseconds.
   */
  constructor(login: () => Promise<Access>, margin: number) {
    this.#login = login;
    this.#margin = margin;
  }

  /**
   * Returns the access to use now, after a login if need be.
   *
   * @param signal Ends the wait, not the login.
   * @returns The access.
   */
  async access(signal?: AbortSignal): Promise<Access> {
    const current = this.#current;
    const ends = current?.expires !== undefined && current.expires - Date.now() <= this.#margin;
    return current && !ends ? current : await raceAbort(this.#renewed(), signal);
  }

  /**
   * Logs in again, if nobody did since that access was returned.
   *
   * @param refused The access that the server refused.
   * @param signal Ends the wait, not the login.
   * @returns `true`: there is another access.
   */
  async renew(refused: Access, signal?: AbortSignal): Promise<boolean> {
    if (this.#current === refused || this.#current === undefined) {
      await raceAbort(this.#renewed(), signal);
    }
    return true;
  }

  #renewed(): Promise<Access> {
    // No caller's signal ends a login that others wait for.
    return this.#pending ??= this.#login().then((access) => this.#current = access)
      .finally(() => this.#pending = undefined);
  }
}
