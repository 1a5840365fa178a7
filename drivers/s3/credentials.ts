/**
 * The keys that requests are signed with, and where they come from.
 *
 * @module
 */
import { MissingCredentialError } from "../../errors/mod.ts";
import type { S3Credentials, S3Settings } from "./options.ts";

/** Temporary keys are renewed this long before they expire, in milliseconds. */
const MARGIN = 60_000;

/**
 * The keys of a store: those of the options, else what the `credentials` function returns, else what the
 * environment offers. They are looked for when they are first needed, and renewed before they expire.
 */
export class Credentials {
  readonly #options: S3Settings;
  #held: Promise<S3Credentials> | undefined;

  /**
   * Creates the keys of a store. Nothing is read yet.
   *
   * @param options The options of the store.
   */
  constructor(options: S3Settings) {
    this.#options = options;
  }

  /**
   * Returns the keys as they are now.
   *
   * @returns The keys, or `undefined` if requests are not signed.
   * @throws {MissingCredentialError} If there are none anywhere.
   */
  async get(): Promise<S3Credentials | undefined> {
    if (this.#options.anonymous) return undefined;
    const held = this.#held ??= this.#find();
    let keys: S3Credentials;
    try {
      keys = await held;
    } catch (error) {
      if (this.#held === held) this.#held = undefined;
      throw error;
    }
    const { expiration } = keys;
    if (expiration === undefined || expiration.getTime() - MARGIN > Date.now()) return keys;
    // Of many requests that find the keys expiring, one renews them.
    const renewed = this.#held === held ? this.#held = this.#find() : this.#held!;
    try {
      return await renewed;
    } catch (error) {
      // As long as the keys are good, a source that is away for a moment does no harm.
      const isGood = expiration.getTime() > Date.now();
      if (this.#held === renewed) this.#held = isGood ? held : undefined;
      if (isGood) return keys;
      throw error;
    }
  }

  /**
   * Forgets keys that a server refused.
   *
   * @returns Whether there may be other ones.
   */
  refresh(): boolean {
    this.#held = undefined;
    return this.#options.accessKey === undefined && !this.#options.anonymous;
  }

  async #find(): Promise<S3Credentials> {
    const { accessKey, secretKey, sessionToken, credentials, profile } = this.#options;
    if (accessKey && secretKey) return { accessKey, secretKey, sessionToken };
    if (credentials) return await credentials();
    const { defaultCredentials } = await import("./default_credentials.ts");
    const keys = await defaultCredentials(profile);
    if (keys) return keys;
    throw new MissingCredentialError(
      'no keys: set "accessKey" and "secretKey", "credentials", AWS_ACCESS_KEY_ID and ' +
        'AWS_SECRET_ACCESS_KEY, or "anonymous"',
    );
  }
}
