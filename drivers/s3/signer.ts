/**
 * Signature Version 4 of requests and of URLs
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html).
 *
 * @module
 */
import { AwsV4Signer } from "aws4fetch";
import type { S3Credentials } from "./options.ts";

/** What is signed. */
export interface Signable {
  /** The method. */
  method: string;
  /** The URL, percent-encoded as signatures have it. */
  url: URL;
  /** The headers. */
  headers: Headers;
}

/** What a signature is made with: keys, region and time. */
export interface SigningContext {
  /** The keys. */
  credentials: S3Credentials;
  /** The region. */
  region: string;
  /** The service. Default: `s3`. */
  service?: string | undefined;
  /** The time, in milliseconds since 1970. */
  time: number;
  /** The keys derived from these, of each day; they take four digests. */
  cache: Map<string, ArrayBuffer>;
}

/** Headers that a runtime or a proxy may change or drop on the way. */
const UNSIGNED = ["accept-encoding", "accept", "user-agent"];

/**
 * Signs a request. The body is signed if `x-amz-content-sha256` has its digest.
 *
 * @param request The request.
 * @param context The keys, region and time.
 * @returns The headers of the request, with the signature.
 */
export async function signRequest(
  { method, url, headers }: Signable,
  context: SigningContext,
): Promise<Headers> {
  const signed = new Headers(headers);
  for (const name of UNSIGNED) signed.delete(name);
  const signer = createSigner({ method, url, headers: signed }, context);
  if (/[^\0-\x7f]/.test(signer.canonicalHeaders)) {
    signer.canonicalHeaders = formatCanonicalHeaders(signer);
  }
  const result = await signer.sign();
  for (const name of UNSIGNED) {
    const value = headers.get(name);
    if (value !== null) result.headers.set(name, value);
  }
  return result.headers;
}

/**
 * Signs a URL.
 *
 * @param request The request that it allows. Whoever uses the URL must send the headers too.
 * @param context The keys, region and time.
 * @param seconds For how long, in seconds.
 * @returns The URL.
 */
export async function signUrl(
  { method, url, headers }: Signable,
  context: SigningContext,
  seconds: number,
): Promise<URL> {
  const expiring = new URL(url);
  expiring.searchParams.set("X-Amz-Expires", `${seconds}`);
  return (await createSigner({ method, url: expiring, headers }, context, true).sign()).url;
}

function createSigner(
  { method, url, headers }: Signable,
  { credentials, region, service = "s3", time, cache }: SigningContext,
  signQuery = false,
): AwsV4Signer {
  return new AwsV4Signer({
    method,
    url: url.href,
    headers,
    accessKeyId: credentials.accessKey,
    secretAccessKey: credentials.secretKey,
    ...(credentials.sessionToken ? { sessionToken: credentials.sessionToken } : {}),
    service,
    region,
    cache,
    datetime: new Date(time).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    allHeaders: true,
    signQuery,
  });
}

/**
 * Formats the canonical headers of a request whose headers are bytes of UTF-8, each of which is a character
 * to a runtime (https://fetch.spec.whatwg.org/#concept-header-value). A signature is over the bytes.
 */
function formatCanonicalHeaders({ signableHeaders, headers, url }: AwsV4Signer): string {
  return signableHeaders.map((name) => {
    const value = name === "host" ? url.host : headers.get(name) ?? "";
    const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0));
    return `${name}:${new TextDecoder().decode(bytes).replace(/[ \t]+/g, " ")}`;
  }).join("\n");
}
