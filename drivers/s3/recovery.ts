/**
 * Recovery from refusals: what is learned from a response, so that the same request may succeed. That is
 * the server's clock, the region of the bucket, or that the keys have expired.
 *
 * @module
 */
import { StoreError } from "../../errors/mod.ts";
import type { Credentials } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { S3Fault } from "./fault.ts";
import { baseByRegion, baseByTarget } from "./moved_bucket.ts";

/** Clocks that differ by less are not the reason of a refusal, in milliseconds. */
const SKEW = 300_000;

/** What a client knows of its server, and may learn. */
export interface Learned {
  /** How far the server's clock is ahead, in milliseconds. */
  clock: number;
  /** Where requests are sent, with the region that they are signed for. */
  readonly endpoint: { region: string };
}

/**
 * Learns why a request was refused.
 *
 * @param fault What the server responded.
 * @param request The method of the request, and whether this is its first refusal.
 * @param learned What is known of the server; it is changed.
 * @param credentials The keys; they are renewed if they have expired.
 * @returns Whether the same request may succeed now.
 */
export async function recover(
  { code, status, region, serverTime }: S3Fault,
  { method, first }: { method: string; first: boolean },
  learned: Learned,
  credentials: Credentials,
): Promise<boolean> {
  if (serverTime !== undefined && (code === "RequestTimeTooSkewed" || status === 403)) {
    // The response to a HEAD has no code, but it has the server's time.
    const wrong = code === "RequestTimeTooSkewed" || method === "HEAD";
    if (wrong && Math.abs(serverTime - Date.now() - learned.clock) > SKEW) {
      learned.clock = serverTime - Date.now();
      return true;
    }
  }
  const { endpoint } = learned;
  if (region !== undefined && region !== endpoint.region && [301, 400].includes(status)) {
    endpoint.region = region;
    return true;
  }
  // Nor has it a code where the keys have expired; it may just be forbidden, so they are renewed once.
  const expired = code === "" && method === "HEAD" && first && [400, 403].includes(status)
    ? Boolean((await credentials.get())?.sessionToken)
    : /^(ExpiredToken|InvalidToken|TokenRefreshRequired)$/.test(code);
  return expired && credentials.refresh();
}

/**
 * Learns from a redirect where the bucket is.
 *
 * @param error What a request failed with.
 * @param endpoint Where requests are sent; it is changed.
 * @param key The key that the request was about; empty for the bucket itself.
 * @returns Whether the same request may succeed there.
 */
export function moveElsewhere(error: unknown, endpoint: Endpoint, key: string): boolean {
  if (!(error instanceof StoreError && error.cause instanceof S3Fault)) return false;
  const { status, target, region } = error.cause;
  if (![301, 302, 307, 308].includes(status)) return false;
  const named = endpoint.regionInHost;
  const base = target === undefined ? undefined : baseByTarget(endpoint, target, key);
  const moved = base ??
    (region !== undefined && named !== undefined
      ? baseByRegion(endpoint, named, region)
      : undefined);
  if (moved) endpoint.moveTo(moved);
  return moved !== undefined;
}
