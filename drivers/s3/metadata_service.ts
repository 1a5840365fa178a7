/**
 * Keys of a container (ECS, EKS Pod Identity) and of a machine (IMDSv2 of EC2), from the services beside
 * them (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html,
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html).
 *
 * @module
 */
import { parseIsoDate } from "../../streams/encoding.ts";
import {
  hasEnvironment,
  missingKeys,
  readEnvironment,
  readText,
  requestText,
} from "./environment.ts";
import type { S3Credentials } from "./options.ts";

/** The service of containers, for relative URIs. */
const CONTAINER = "http://169.254.170.2";
/** The service of machines. */
const MACHINE = "http://169.254.169.254";
/** For how long the token of a machine's service is, in seconds: 6 hours. */
const TOKEN_SECONDS = "21600";
/** Hosts that plain HTTP may carry keys from: the own machine's, and those of ECS and EKS. */
const LOCAL = /^(localhost|127\.[\d.]+|\[::1\]|169\.254\.170\.(2|23)|\[fd00:ec2::23\])$/;

/**
 * Returns the keys of the container that the process runs in.
 *
 * @returns The keys, or `undefined` outside of a container.
 * @throws {MissingCredentialError} If the service has none.
 */
export async function containerCredentials(): Promise<S3Credentials | undefined> {
  const relative = readEnvironment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = readEnvironment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative === undefined && full === undefined) return undefined;
  try {
    const url = new URL(relative === undefined ? full! : CONTAINER + relative);
    if (url.protocol !== "https:" && !LOCAL.test(url.hostname)) {
      throw new Error(`the host ${url.hostname} is not of this machine, and does not use https`);
    }
    const file = readEnvironment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const token = file === undefined
      ? readEnvironment("AWS_CONTAINER_AUTHORIZATION_TOKEN")
      : (await readText(file))?.trim();
    if (file !== undefined && token === undefined) throw new Error(`${file} cannot be read`);
    const headers = new Headers(token === undefined ? {} : { authorization: token });
    return parseKeys(await requestText({ url, headers }));
  } catch (error) {
    throw missingKeys("the container's service", error);
  }
}

/**
 * Returns the keys of the machine that the process runs on.
 *
 * @returns The keys, or `undefined` where there is no such service, or it has none.
 */
export async function machineCredentials(): Promise<S3Credentials | undefined> {
  const isDisabled = readEnvironment("AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true";
  if (isDisabled || !hasEnvironment()) return undefined;
  const base = readEnvironment("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? MACHINE;
  try {
    const seconds = { "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS };
    const url = (path: string) => new URL(`latest/${path}`, base.replace(/\/*$/, "/"));
    const token = await requestText(
      { method: "PUT", url: url("api/token"), headers: seconds },
      0,
    );
    const headers = { "x-aws-ec2-metadata-token": token.trim() };
    const path = "meta-data/iam/security-credentials/";
    const role = (await requestText({ url: url(path), headers }, 0)).trim().split("\n")[0]!;
    return parseKeys(await requestText({ url: url(path + encodeURIComponent(role)), headers }, 0));
  } catch {
    // Most machines are not of Amazon.
    return undefined;
  }
}

function parseKeys(text: string): S3Credentials {
  let document: Record<string, unknown> | null;
  try {
    document = JSON.parse(text);
  } catch {
    document = null;
  }
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = document ?? {};
  if (typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string") {
    throw new Error("the response has no keys");
  }
  return {
    accessKey: AccessKeyId,
    secretKey: SecretAccessKey,
    sessionToken: typeof Token === "string" ? Token : undefined,
    expiration: parseIsoDate(Expiration),
  };
}
