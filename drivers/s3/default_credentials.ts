/**
 * Keys from the environment and from the shared credentials file, as the tools of Amazon have them
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). Loaded where the options hold
 * no keys.
 *
 * @module
 */
import { builtin } from "../../runtime/mod.ts";
import type { S3Credentials } from "./options.ts";

/** A variable of the environment; `undefined` where there is none, or no leave to read it. */
function variable(name: string): string | undefined {
  try {
    const { process } = globalThis as { process?: { env?: Record<string, string> } };
    return process?.env?.[name] || undefined;
  } catch {
    return undefined;
  }
}

/** The keys that surround the process, unless a profile is named: then those of the profile. */
export async function defaultCredentials(
  profile: string | undefined,
): Promise<S3Credentials | undefined> {
  const accessKey = variable("AWS_ACCESS_KEY_ID");
  const secretKey = variable("AWS_SECRET_ACCESS_KEY");
  if (profile === undefined && accessKey && secretKey) {
    return { accessKey, secretKey, sessionToken: variable("AWS_SESSION_TOKEN") };
  }
  // At the edge there is neither a home nor a file.
  const home = variable("HOME") ?? variable("USERPROFILE");
  const path = variable("AWS_SHARED_CREDENTIALS_FILE") ?? (home && `${home}/.aws/credentials`);
  const files = builtin("node:fs/promises");
  if (path === undefined || files === undefined) return undefined;
  const text = await files.readFile(path, "utf8").catch(() => "");
  return keysOf(text, profile ?? variable("AWS_PROFILE") ?? "default");
}

/**
 * The keys of a profile. Not by an INI library: these take `;` and `#` in a secret for a comment.
 */
function keysOf(text: string, profile: string): S3Credentials | undefined {
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[\s*(.*?)\s*\]/.exec(line);
    if (heading) section = heading[1]!;
    const pair = /^\s*([^#;=\s]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (pair && section === profile) values.set(pair[1]!.toLowerCase(), pair[2]!);
  }
  const accessKey = values.get("aws_access_key_id");
  const secretKey = values.get("aws_secret_access_key");
  if (!accessKey || !secretKey) return undefined;
  return { accessKey, secretKey, sessionToken: values.get("aws_session_token") };
}
