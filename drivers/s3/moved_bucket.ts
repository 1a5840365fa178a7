/**
 * Where a bucket is, by what a server says of it.
 *
 * @module
 */
import { encodeKey, type Endpoint } from "./endpoint.ts";

/**
 * Returns the base of a bucket's URLs by the target of a redirect.
 *
 * @param endpoint Where requests were sent.
 * @param target The URL of an object, or a host with or without the bucket.
 * @param key The key of the object; empty for the bucket itself.
 * @returns The base, or `undefined` if it is the same place, or one that may not be used: HTTPS is not given
 * up.
 */
export function baseByTarget(endpoint: Endpoint, target: string, key: string): URL | undefined {
  const { base, bucket, secure } = endpoint;
  const isUrl = /^https?:\/\//i.test(target);
  const text = isUrl ? target : `${base.protocol}//${target}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (secure && url.protocol !== "https:") return undefined;
  const suffix = `/${encodeKey(key)}`;
  const path = isUrl && decode(url.pathname).endsWith(decode(suffix))
    ? url.pathname.slice(0, -suffix.length)
    : isUrl
    ? undefined
    : url.hostname.startsWith(`${bucket}.`)
    ? ""
    : `/${encodeURIComponent(bucket)}`;
  if (path === undefined) return undefined;
  const moved = new URL(`${url.origin}${path}/`);
  return moved.href === base.href ? undefined : moved;
}

/**
 * Returns the base of a bucket's URLs in another region of Amazon's.
 *
 * @param endpoint Where requests were sent.
 * @param named The region that the host of the endpoint names.
 * @param region The region of the bucket.
 * @returns The base, or `undefined` if it is the same place, or the region is none.
 */
export function baseByRegion(
  { base }: Endpoint,
  named: string,
  region: string,
): URL | undefined {
  if (named === region || !/^[a-z0-9-]+$/.test(region)) return undefined;
  const hostname = base.hostname.replace(`${named}.`, `${region}.`);
  return new URL(base.href.replace(base.hostname, hostname));
}

/** Servers encode more, or less, than this driver does. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
