/**
 * Temporary URLs (https://docs.openstack.org/swift/latest/api/temporary_url_middleware.html).
 *
 * @module
 */
// Small: one signature, of Swift's middleware tempurl.
import { encodeHex } from "../../streams/encoding.ts";

/** What a temporary URL allows. */
export interface TempUrl {
  /** URL of the object. */
  url: URL;
  /** The method. */
  method: string;
  /** When it ends, in seconds since 1970. */
  expires: number;
  /** The account's or container's key. */
  key: string;
  /** The digest. */
  digest: "sha1" | "sha256" | "sha512";
}

/**
 * Signs the URL of an object.
 *
 * @param request The URL, and what it allows.
 * @returns The URL with its signature.
 */
export async function tempUrl({ url, method, expires, key, digest }: TempUrl): Promise<URL> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const hash = digest.replace("sha", "SHA-");
  const hmac = await crypto.subtle.importKey("raw", encode(key), { name: "HMAC", hash }, false, [
    "sign",
  ]);
  // What is signed is the path as the server sees it, not as the URL writes it.
  const text = `${method}\n${expires}\n${decodeURIComponent(url.pathname)}`;
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", hmac, encode(text)));
  const signed = new URL(url);
  signed.searchParams.set("temp_url_sig", encodeHex(signature));
  signed.searchParams.set("temp_url_expires", `${expires}`);
  return signed;
}
