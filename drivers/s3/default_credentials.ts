/**
 * Keys as clouds hand them out, in the order of Amazon's SDKs: the environment, a web identity, a profile
 * of the shared files, a container, the machine
 * (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html). Loaded if the options
 * hold no keys.
 *
 * @module
 */
import { MissingCredentialError } from "../../errors/mod.ts";
import { builtin } from "../../runtime/mod.ts";
import { parseIsoDate } from "../../streams/encoding.ts";
import { readEnvironment } from "./environment.ts";
import type { S3Credentials } from "./options.ts";
import { type Profile, readProfiles } from "./profiles.ts";
import { containerCredentials, machineCredentials } from "./metadata_service.ts";
import { assumeRole, assumeRoleWithWebIdentity } from "./token_service.ts";

/**
 * Finds the keys that surround the process.
 *
 * @param profile The profile whose keys are wanted. Default: whatever comes first.
 * @returns The keys, or `undefined` if there are none.
 * @throws {MissingCredentialError} If a source is configured and has no keys.
 */
export async function defaultCredentials(
  profile: string | undefined,
): Promise<S3Credentials | undefined> {
  if (profile !== undefined) return await profileCredentials(profile);
  const accessKey = readEnvironment("AWS_ACCESS_KEY_ID");
  const secretKey = readEnvironment("AWS_SECRET_ACCESS_KEY");
  if (accessKey && secretKey) {
    return { accessKey, secretKey, sessionToken: readEnvironment("AWS_SESSION_TOKEN") };
  }
  const tokenFile = readEnvironment("AWS_WEB_IDENTITY_TOKEN_FILE");
  const roleArn = readEnvironment("AWS_ROLE_ARN");
  if (tokenFile && roleArn) {
    const sessionName = readEnvironment("AWS_ROLE_SESSION_NAME");
    return await assumeRoleWithWebIdentity({ tokenFile, roleArn, sessionName });
  }
  return await profileCredentials(readEnvironment("AWS_PROFILE") ?? "default") ??
    await containerCredentials() ?? await machineCredentials();
}

/** Returns the keys of a profile of the shared files, `undefined` if there is no such profile. */
async function profileCredentials(
  name: string,
): Promise<S3Credentials | undefined> {
  const profiles = await readProfiles();
  const seen = new Set<string>();

  async function resolve(name: string): Promise<S3Credentials | undefined> {
    const profile = profiles.get(name);
    if (profile === undefined) return undefined;
    const { role_arn: roleArn, source_profile: source, role_session_name: sessionName } = profile;
    // A profile that is its own source holds the keys itself.
    if (roleArn === undefined || seen.has(name)) return await ownCredentials(profile);
    seen.add(name);
    const { web_identity_token_file: tokenFile } = profile;
    const { region } = profile;
    if (tokenFile) {
      return await assumeRoleWithWebIdentity({ tokenFile, roleArn, sessionName, region });
    }
    const keys = source === undefined
      ? await sourceCredentials(profile.credential_source)
      : await resolve(source);
    if (keys === undefined) {
      throw new MissingCredentialError(
        `the profile ${name} has a role_arn, and no keys to assume the role with`,
      );
    }
    const externalId = profile.external_id;
    return await assumeRole({ roleArn, sessionName, externalId, region }, keys);
  }

  return await resolve(name);
}

/** Returns the keys that a role of a profile is assumed with (`credential_source`). */
async function sourceCredentials(
  source: string | undefined,
): Promise<S3Credentials | undefined> {
  switch (source) {
    case "Environment": {
      const accessKey = readEnvironment("AWS_ACCESS_KEY_ID");
      const secretKey = readEnvironment("AWS_SECRET_ACCESS_KEY");
      if (!accessKey || !secretKey) return undefined;
      return { accessKey, secretKey, sessionToken: readEnvironment("AWS_SESSION_TOKEN") };
    }
    case "EcsContainer":
      return await containerCredentials();
    case "Ec2InstanceMetadata":
      return await machineCredentials();
  }
  return undefined;
}

/** Returns the keys that a profile holds itself, or those that its program prints. */
async function ownCredentials(profile: Profile): Promise<S3Credentials | undefined> {
  const { aws_access_key_id: accessKey, aws_secret_access_key: secretKey } = profile;
  if (accessKey && secretKey) {
    return { accessKey, secretKey, sessionToken: profile.aws_session_token };
  }
  const { credential_process: command } = profile;
  return command ? await runProgram(command) : undefined;
}

/**
 * Runs the program of a profile
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html).
 */
async function runProgram(command: string): Promise<S3Credentials> {
  const processes = builtin("node:child_process");
  if (processes === undefined) {
    throw new MissingCredentialError("the profile's credential_process cannot be run here");
  }
  const [program, ...args] = [...command.matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain!);
  const output = await new Promise<string>((resolve, reject) => {
    processes.execFile(program!, args, { timeout: 60_000 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
  }).catch(({ code }) => {
    // Its own words may hold secrets.
    throw new MissingCredentialError(`the profile's credential_process failed (${code})`);
  });
  let printed: Record<string, unknown> | null;
  try {
    printed = JSON.parse(output);
  } catch {
    printed = null;
  }
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = printed ?? {};
  if (typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string") {
    throw new MissingCredentialError("the profile's credential_process printed no keys");
  }
  return {
    accessKey: AccessKeyId,
    secretKey: SecretAccessKey,
    sessionToken: typeof SessionToken === "string" ? SessionToken : undefined,
    expiration: parseIsoDate(Expiration),
  };
}
