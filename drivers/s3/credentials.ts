/**
 * The keys that requests are signed with, and where they come from.
 *
 * @module
 */
import { MissingCredentialError } from "../../errors/mod.ts";
import type { S3Credentials, S3Settings } from "./options.ts";

/** Temporary keys are replaced this long before they end, in milliseconds. */
const MARGIN = 60_000;

/**
 * The keys of a store: those of the options, else what the `credentials` function gives, else those
 * of the environment, else those of the shared credentials file. Looked for when first needed.
 */
export class Credentials {
  readonly #options: S3Settings;
  #held: Promise<S3Credentials> | undefined;

  /** Takes the options. */
  constructor(options: S3Settings) {
    this.#options = options;
  }

  /** The keys as they are now; `undefined` where requests are not signed. */
  async get(): Promise<S3Credentials | undefined> {
    if (this.#options.anonymous) return undefined;
    this.#held ??= this.#find();
    try {
      const keys = await this.#held;
      if (!keys.expiration || keys.expiration.getTime() - MARGIN > Date.now()) return keys;
    } catch (error) {
      this.#held = undefined;
      throw error;
    }
    this.#held = this.#find();
    return await this.#held;
  }

  /** Forgets keys that a server refused. Resolves to whether other ones may be had. */
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
