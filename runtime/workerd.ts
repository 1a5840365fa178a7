/**
 * Whether this is Cloudflare's workerd, whose streams and sockets want other treatment.
 *
 * @module
 */

/** By the name that workerd gives itself (https://developers.cloudflare.com/workers/runtime-apis/web-standards). */
export function isWorkerd(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}
