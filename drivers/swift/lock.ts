/**
 * A lock per image id: of several uploads or renames of one id, one at a time completes.
 *
 * `If-None-Match: *` alone does not keep two uploads of one id apart: Swift compares when a request
 * begins, and radosgw does not compare at all. So each upload puts a lock object of its own name beside
 * the segments, and then lists them. Of two uploads, at least one sees the other's, since both put theirs
 * before they list. An upload that sees another one waits, and keeps its lock object only if its name
 * comes first. Lock objects expire soon, in case their owners die; living owners renew them until their
 * work is done. Where a cluster's listings lag behind, so does this.
 *
 * @module
 */
import { RemoteServiceUnavailable } from "../../errors/mod.ts";
import { Backoff } from "../../transport/backoff.ts";
import { cleaningUp } from "../shared/cleanup.ts";
import { encodeHex, parseCount } from "../../streams/encoding.ts";
import type { SwiftClient } from "./client.ts";
import { LOCKS } from "./object_names.ts";
import type { SwiftLocation } from "./location.ts";

/** How long a lock lasts that is not renewed, in seconds. */
const LIFE = 45;

/** How often a lock is renewed, in milliseconds. */
const RENEWAL = 15_000;

/** How long to wait for others, in milliseconds. */
const PATIENCE = 120_000;

/** What is locked, and by which upload. */
export interface LockRequest {
  /** The image. */
  location: SwiftLocation;
  /** The id of the upload. */
  id: string;
  /**
   * Puts an empty object into the image's container.
   *
   * @param object The object by name.
   * @param headers What is sent with it, its time of expiry for example.
   * @returns Anything, once the object is there.
   */
  put(object: string, headers: Record<string, string>): Promise<unknown>;
  /** Ends the wait. */
  signal: AbortSignal | undefined;
}

/**
 * Calls `work` while no other upload of the same image is in its own.
 *
 * @typeParam T What the work resolves to.
 * @param client The client of the account.
 * @param request What is locked.
 * @param work Called once, with the lock held.
 * @returns What `work` resolves to.
 * @throws {RemoteServiceUnavailable} If others hold the lock for more than two minutes.
 */
export async function withLock<T>(
  client: SwiftClient,
  { location, id, put, signal }: LockRequest,
  work: () => Promise<T>,
): Promise<T> {
  const { container, object } = location;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(object));
  const prefix = `${LOCKS}${encodeHex(new Uint8Array(digest))}/`;
  const mine = prefix + id;
  const backoff = new Backoff({ retries: 1000, retryTimeout: PATIENCE, maxDelay: 1000 });
  const headers = { "x-delete-after": `${LIFE}` };
  let until = "";
  for (;;) {
    let renewed = Date.now();
    let renewing: Promise<void> | undefined;
    let timer: ReturnType<typeof setInterval> | undefined;
    // Also while the add is aborted, and not by `put`: a container that was removed is not made anew.
    const renew = () =>
      cleaningUp(async (signal) => {
        const now = Date.now();
        await client.send({ method: "PUT", container, object: mine, headers, body: [], signal });
        renewed = now;
      });
    try {
      await put(mine, headers);
      timer = setInterval(() => {
        renewing ??= renew().catch(() => {}).finally(() => renewing = undefined);
      }, RENEWAL);
      for (let first = mine; first === mine;) {
        const others = await othersOf(client, container, prefix, mine, signal);
        if (others.size === 0) {
          if (Date.now() - renewed < 2 * RENEWAL) return await work();
          // The lock may have ended meanwhile, and others may have listed then.
          await renew();
          continue;
        }
        until = [...others.values()].sort().at(-1)!;
        first = [mine, ...others.keys()].sort()[0]!;
        if (first === mine) await wait(backoff, until, signal);
      }
    } finally {
      clearInterval(timer);
      // Or it would come back after it is deleted.
      await renewing;
      await cleaningUp(async (signal) => {
        await client.delete({ container, object: mine, signal });
      }).catch(() => {});
    }
    await wait(backoff, until, signal);
  }
}

/** Returns the lock objects of others, and when each ends at the latest. */
async function othersOf(
  client: SwiftClient,
  container: string,
  prefix: string,
  mine: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const others = new Map<string, string>();
  for await (const { name: object } of client.list(container, { prefix, signal })) {
    if (object === mine) continue;
    // A listing still shows what has expired.
    const request = { method: "HEAD", container, object, signal };
    const { status, headers } = await client.send({ ...request, accept: [200, 204, 404] });
    if (status === 404) continue;
    const ends = new Date((parseCount(headers.get("x-delete-at")) ?? NaN) * 1000);
    const isKnown = !Number.isNaN(ends.getTime());
    others.set(object, isKnown ? ends.toISOString().slice(0, 19) + "Z" : "");
  }
  return others;
}

async function wait(
  backoff: Backoff,
  until: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await backoff.wait(undefined, signal)) return;
  const when = until ? `, or died: its lock ends at ${until}` : "";
  throw new RemoteServiceUnavailable(`another upload or rename of the image is under way${when}`);
}
