/**
 * Temporary keys of a role, by Amazon's Security Token Service
 * (https://docs.aws.amazon.com/STS/latest/APIReference/).
 *
 * @module
 */
import { encodeReserved } from "../../location/percent_encoding.ts";
import { encodeHex, parseIsoDate } from "../../streams/encoding.ts";
import { missingKeys, readEnvironment, readText, requestText } from "./environment.ts";
import type { S3Credentials } from "./options.ts";
import { signRequest } from "./signer.ts";
import { parseXml } from "./xml.ts";

/** A role that is assumed. */
export interface Role {
  /** The name of the role. */
  roleArn: string;
  /** The name of the session. Default: `vitrine`. */
  sessionName?: string | undefined;
  /** What the owner of the role wants to hear. */
  externalId?: string | undefined;
  /** The region whose service is used. Default: that of the environment. */
  region?: string | undefined;
}

/**
 * Assumes a role with the token of a web identity, as Kubernetes hands it out. The request is not signed.
 *
 * @param role The role, and the path of the file with the token, which is read anew each time.
 * @returns The keys.
 * @throws {MissingCredentialError} If the token cannot be read, or the service refuses.
 */
export async function assumeRoleWithWebIdentity(
  role: Role & { tokenFile: string },
): Promise<S3Credentials> {
  try {
    const token = await readText(role.tokenFile);
    if (token === undefined) throw new Error(`the token file ${role.tokenFile} cannot be read`);
    return await request("AssumeRoleWithWebIdentity", role, { WebIdentityToken: token.trim() });
  } catch (error) {
    throw missingKeys("the web identity", error);
  }
}

/**
 * Assumes a role with other keys.
 *
 * @param role The role.
 * @param keys The keys that may assume it.
 * @returns The keys of the role.
 * @throws {MissingCredentialError} If the service refuses.
 */
export async function assumeRole(role: Role, keys: S3Credentials): Promise<S3Credentials> {
  try {
    const more: Record<string, string> = role.externalId ? { ExternalId: role.externalId } : {};
    return await request("AssumeRole", role, more, keys);
  } catch (error) {
    throw missingKeys("the role", error);
  }
}

async function request(
  action: string,
  { roleArn, sessionName = "vitrine", region: named }: Role,
  more: Record<string, string>,
  keys?: S3Credentials,
): Promise<S3Credentials> {
  const region = named ?? readEnvironment("AWS_REGION") ?? readEnvironment("AWS_DEFAULT_REGION");
  const host = region === undefined
    ? "sts.amazonaws.com"
    : `sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const url = new URL(readEnvironment("AWS_ENDPOINT_URL_STS") ?? `https://${host}/`);
  const form = {
    Action: action,
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...more,
  };
  const body = new TextEncoder().encode(
    Object.entries(form).map(([name, value]) => `${name}=${encodeReserved(value)}`).join("&"),
  );
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  const text = await requestText({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body,
    prepare: async (prepared) => {
      if (keys === undefined) return;
      prepared.headers.set("x-amz-content-sha256", encodeHex(digest));
      prepared.headers = await signRequest(prepared, {
        credentials: keys,
        region: region ?? "us-east-1",
        service: "sts",
        time: Date.now(),
        cache: new Map(),
      });
    },
  });
  const root = parseXml(text);
  const found = root.all(`${action}Result`)[0]?.all("Credentials")[0];
  const [accessKey, secretKey] = [found?.text("AccessKeyId"), found?.text("SecretAccessKey")];
  if (!accessKey || !secretKey) throw new Error(`the response <${root.name}> has no keys`);
  return {
    accessKey,
    secretKey,
    sessionToken: found!.text("SessionToken") || undefined,
    expiration: parseIsoDate(found!.text("Expiration")),
  };
}
