/**
 * One at a time: who shows an image claims its id before.
 *
 * `If-None-Match: *` alone does not keep two uploads of one id apart: Swift looks when a request
 * begins, and radosgw does not look at all. So each puts a claim of its own name beside the segments,
 * and then looks whether it is alone. Of two, at least one sees the other, since both put theirs
 * before they look; who sees another one waits, and keeps its claim only if it comes first by name.
 * Claims expire, should their owners die. Where a cluster's listings lag behind, so does this.
 *
 * @module
 */
import { RemoteServiceUnavailable } from "../../errors/mod.ts";
import { Backoff } from "../../transport/retry.ts";
import { cleaningUp } from "../cleaning_up.ts";
import type { SwiftClient } from "./client.ts";
import { SEGMENTS } from "./names.ts";
import type { SwiftLocation } from "./location.ts";

/** How long a claim holds whose owner died, in seconds. */
const LIFE = 600;

/** How long to wait for others, in milliseconds. */
const PATIENCE = 60_000;

/** Who claims what. */
export interface Claim {
  /** The image. */
  location: SwiftLocation;
  /** The upload's id. */
  id: string;
  /** Puts an empty object into the image's container. */
  put(object: string, headers: Record<string, string>): Promise<unknown>;
  /** Ends the wait. */
  signal: AbortSignal | undefined;
}

/**
 * Calls `work` while nobody else is in their own for the same image. Throws
 * `RemoteServiceUnavailable` where others take too long.
 */
export async function exclusively<T>(
  client: SwiftClient,
  { location, id, put, signal }: Claim,
  work: () => Promise<T>,
): Promise<T> {
  const { container, object } = location;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(object));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"));
  const prefix = `${SEGMENTS}claims/${hex.join("")}/`;
  const mine = prefix + id;
  const backoff = new Backoff({ retries: 1000, retryTimeout: PATIENCE, maxDelay: 1000 });
  for (;;) {
    try {
      await put(mine, { "x-delete-after": `${LIFE}` });
      for (let first = mine; first === mine;) {
        const claims = [mine, ...await othersOf(client, container, prefix, mine, signal)].sort();
        if (claims.length === 1) return await work();
        first = claims[0]!;
        if (first === mine) await wait(backoff, signal);
      }
    } finally {
      const request = { method: "DELETE", container, object: mine, accept: [200, 204, 404] };
      await cleaningUp(async (signal) => {
        await client.ask({ ...request, signal });
      }).catch(() => {});
    }
    await wait(backoff, signal);
  }
}

async function othersOf(
  client: SwiftClient,
  container: string,
  prefix: string,
  mine: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const others: string[] = [];
  for await (const { name: object } of client.list(container, { prefix, signal })) {
    if (object === undefined || object === mine) continue;
    // A listing still shows what has expired.
    const request = { method: "HEAD", container, object, signal };
    const { status } = await client.ask({ ...request, accept: [200, 204, 404] });
    if (status !== 404) others.push(object);
  }
  return others;
}

async function wait(backoff: Backoff, signal: AbortSignal | undefined): Promise<void> {
  if (await backoff.wait(undefined, signal)) return;
  throw new RemoteServiceUnavailable("another upload of the image is being completed");
}
