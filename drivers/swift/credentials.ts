/**
 * The accounts of a store, which glance_store calls references: where to log in, and as which user.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import type { SwiftOptions, SwiftSettings } from "./options.ts";

/** Where to log in, and as which user. */
export interface Credentials extends
  Readonly<
    Pick<
      SwiftOptions,
      | "user"
      | "key"
      | "applicationCredentialId"
      | "applicationCredentialSecret"
      | "authToken"
      | "projectName"
      | "projectId"
      | "userDomainId"
      | "userDomainName"
      | "projectDomainId"
      | "projectDomainName"
    >
  > {
  /** URL of the login. */
  readonly authAddress: string;
  /** How to log in. */
  readonly authVersion: "1" | "2" | "3";
}

/** What glance_store's file of accounts calls them. */
const NAMES = {
  auth_address: "authAddress",
  auth_version: "authVersion",
  user: "user",
  key: "key",
  application_credential_id: "applicationCredentialId",
  application_credential_secret: "applicationCredentialSecret",
  project_name: "projectName",
  project_id: "projectId",
  user_domain_id: "userDomainId",
  user_domain_name: "userDomainName",
  project_domain_id: "projectDomainId",
  project_domain_name: "projectDomainName",
} as const;

/**
 * Returns the account that the options describe.
 *
 * @param options The options of the store.
 * @returns The account, or `undefined` if they describe none.
 * @throws {BadStoreConfiguration} If something is missing.
 */
export function optionsCredentials(options: SwiftSettings): Credentials | undefined {
  const { authAddress, defaultSwiftReference, multiTenant, user, key } = options;
  const { applicationCredentialId, applicationCredentialSecret, authToken } = options;
  if (authAddress === undefined) return undefined;
  const given = [user, key, applicationCredentialId, applicationCredentialSecret, authToken];
  // Of a store that acts for its callers alone, the address is where their tokens are from.
  if (multiTenant && given.every((one) => one === undefined)) {
    checkAddress(authAddress, defaultSwiftReference);
    return undefined;
  }
  return checked({
    authAddress,
    ...pick(options, Object.values(NAMES)),
    ...pick(options, ["authToken"]),
  }, defaultSwiftReference);
}

/**
 * Reads glance_store's file of accounts.
 *
 * @param options The options of the store, with the path of the file.
 * @returns The accounts by name.
 * @throws {BadStoreConfiguration} If the file cannot be read, or something is missing.
 */
export async function loadCredentials(options: SwiftSettings): Promise<Map<string, Credentials>> {
  const { readConfigFile } = await import("./config_file.ts");
  const sections = await readConfigFile(options.configFile!);
  return new Map(
    Object.entries(sections).map(([name, values]) => {
      const known = Object.entries(NAMES).map(([theirs, ours]) => [ours, values[theirs]]);
      const given = Object.fromEntries(known.filter(([, value]) => !isUnset(value)));
      return [name, checked({ authVersion: options.authVersion, ...given }, name)];
    }),
  );
}

/** Returns whether a value of the file is none: empty, or what Puppet's modules write for a default. */
function isUnset(value: string | undefined): boolean {
  return !value || value === "<SERVICE DEFAULT>";
}

/**
 * Returns the fields of those names that have a value.
 *
 * @typeParam T The type of the object.
 * @typeParam K The names of the fields.
 * @param from The object.
 * @param keys The names of the fields.
 * @returns An object with these fields alone.
 */
export function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(
    keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]),
  ) as Partial<Pick<T, K>>;
}

function checkAddress(authAddress: string | undefined, name: string): void {
  if (authAddress && URL.canParse(authAddress) && /^https?:/.test(authAddress)) return;
  throw new BadStoreConfiguration(
    `account "${name}" has no authAddress that is an http or https URL`,
  );
}

function checked(values: Partial<Credentials>, name: string): Credentials {
  const fail = (why: string) => {
    throw new BadStoreConfiguration(`account "${name}" ${why}`);
  };
  const { authAddress, authVersion, user, key, authToken } = values;
  const { applicationCredentialId, applicationCredentialSecret } = values;
  checkAddress(authAddress, name);
  if (!["1", "2", "3"].includes(authVersion!)) fail("has an authVersion that is not 1, 2 or 3");
  if (!applicationCredentialId !== !applicationCredentialSecret) {
    fail("has one of applicationCredentialId and applicationCredentialSecret without the other");
  }
  const credential = applicationCredentialId || authToken;
  if (!credential && !(user && key)) {
    fail("has neither user and key nor an application credential");
  }
  if (credential && authVersion !== "3") fail("can log in without a password in Keystone v3 alone");
  if (!credential && authVersion !== "1" && !projectOf(values) && !values.projectId) {
    fail("has a user without a project: write it as project:user");
  }
  return values as Credentials;
}

/**
 * Returns the name of the project: the part of the user before the last colon, or the option.
 *
 * @param credentials The account.
 * @returns The name, or `undefined` if there is none.
 */
export function projectOf({ user, projectName }: Partial<Credentials>): string | undefined {
  const colon = user?.lastIndexOf(":") ?? -1;
  return colon < 0 ? projectName : user!.slice(0, colon);
}

/**
 * Returns the name of the user without the project.
 *
 * @param credentials The account.
 * @returns The name.
 */
export function userOf({ user = "" }: Partial<Credentials>): string {
  return user.slice(user.lastIndexOf(":") + 1);
}
