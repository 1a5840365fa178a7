/**
 * The profiles of the shared files `~/.aws/credentials` and `~/.aws/config`
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
 *
 * @module
 */
import { readEnvironment, readText } from "./environment.ts";

/** The settings of a profile, by their names in lower case. */
export interface Profile {
  /** The access key. */
  aws_access_key_id?: string;
  /** The secret key. */
  aws_secret_access_key?: string;
  /** The session token of temporary keys. */
  aws_session_token?: string;
  /** The role to assume. */
  role_arn?: string;
  /** The name of the session of the role. */
  role_session_name?: string;
  /** What the owner of the role wants to hear. */
  external_id?: string;
  /** The profile whose keys assume the role. */
  source_profile?: string;
  /** Where the keys that assume the role are: `Environment`, `EcsContainer`, `Ec2InstanceMetadata`. */
  credential_source?: string;
  /** Path of the file with the token of a web identity. */
  web_identity_token_file?: string;
  /** The program that prints keys. */
  credential_process?: string;
  /** The region. */
  region?: string;
}

/**
 * Reads all profiles. What the credentials file says of a profile counts more than the configuration.
 *
 * @returns The profiles by name; none if there are no files, or they cannot be read.
 */
export async function readProfiles(): Promise<Map<string, Profile>> {
  const home = readEnvironment("HOME") ?? readEnvironment("USERPROFILE");
  const path = (variable: string, file: string) =>
    readEnvironment(variable) ?? (home && `${home}/.aws/${file}`);
  const files = [
    path("AWS_CONFIG_FILE", "config"),
    path("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
  ];
  const profiles = new Map<string, Profile>();
  for (const file of files) {
    // At the edge there is neither a home nor a file.
    const text = file === undefined ? undefined : await readText(file);
    if (text !== undefined) addProfiles(text, profiles);
  }
  return profiles;
}

/** Not by an INI library: these take `;` and `#` in a secret for a comment. */
function addProfiles(text: string, profiles: Map<string, Profile>): void {
  let values: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[\s*(?:profile\s+)?(.*?)\s*\]/.exec(line);
    if (heading) {
      const name = heading[1]!.replace(/^"(.*)"$/, "$1");
      values = { ...profiles.get(name) };
      profiles.set(name, values);
    }
    const pair = /^([^#;=\s\[]+)\s*=\s*(.*?)\s*$/.exec(line.trimStart());
    if (pair) values[pair[1]!.toLowerCase()] = pair[2]!;
  }
}
