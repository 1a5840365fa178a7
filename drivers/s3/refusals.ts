/**
 * What is learned from a refusal, so that the same request may succeed: the server's clock, the bucket's
 * region, that keys have ended. Loaded with the first one.
 *
 * @module
 */
import type { S3Client } from "./client.ts";
import type { Credentials } from "./credentials.ts";
import type { S3Fault } from "./fault.ts";

/** Clocks that differ by less are not the reason of a refusal, in milliseconds. */
const SKEW = 300_000;

/**
 * Learns what a request was refused for, the `first` time or again; whether the same one may succeed
 * now.
 */
export async function putRight(
  { code, status, region, serverTime }: S3Fault,
  { method, first }: { method: string; first: boolean },
  client: S3Client,
  credentials: Credentials,
): Promise<boolean> {
  if (serverTime !== undefined && (code === "RequestTimeTooSkewed" || status === 403)) {
    // The answer to a HEAD has no code, but it has the server's time.
    const wrong = code === "RequestTimeTooSkewed" || method === "HEAD";
    if (wrong && Math.abs(serverTime - client.now()) > SKEW) {
      client.clock = serverTime - Date.now();
      return true;
    }
  }
  const { endpoint } = client;
  if (region !== undefined && region !== endpoint.region && [301, 400].includes(status)) {
    endpoint.region = region;
    return true;
  }
  // Nor has it a code where the keys have ended; it may just be forbidden, so they are renewed once.
  const ended = code === "" && method === "HEAD" && first && [400, 403].includes(status)
    ? Boolean((await credentials.get())?.sessionToken)
    : /^(ExpiredToken|InvalidToken|TokenRefreshRequired)$/.test(code);
  return ended && credentials.refresh();
}
