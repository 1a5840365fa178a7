/**
 * One at a time: who shows an image claims its id before.
 *
 * `If-None-Match: *` alone does not keep two uploads of one id apart: Swift looks when a request
 * begins, and radosgw does not look at all. So each puts a claim of its own name beside the segments,
 * and then looks whether it is alone. Of two, at least one sees the other, since both put theirs
 * before they look; who sees another one waits, and keeps its claim only if it comes first by name.
 * Claims expire soon, should their owners die; living owners renew them until their work is done.
 * Where a cluster's listings lag behind, so does this.
 *
 * @module
 */
import { RemoteServiceUnavailable } from "../../errors/mod.ts";
import { Backoff } from "../../transport/backoff.ts";
import { cleaningUp } from "../shared/cleanup.ts";
import { encodeHex } from "../../streams/encoding.ts";
import type { SwiftClient } from "./client.ts";
import { SEGMENTS } from "./names.ts";
import type { SwiftLocation } from "./location.ts";

/** How long a claim holds that is not renewed, in seconds. */
const LIFE = 45;

/** How often a claim is renewed, in milliseconds. */
const RENEWAL = 15_000;

/** How long to wait for others, in milliseconds. */
const PATIENCE = 120_000;

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
  const prefix = `${SEGMENTS}claims/${encodeHex(new Uint8Array(digest))}/`;
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
        await client.ask({ method: "PUT", container, object: mine, headers, body: [], signal });
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
          // The claim may have ended meanwhile, and others may have looked then.
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
      const request = { method: "DELETE", container, object: mine, accept: [200, 204, 404] };
      await cleaningUp(async (signal) => {
        await client.ask({ ...request, signal });
      }).catch(() => {});
    }
    await wait(backoff, until, signal);
  }
}

/** The claims of others, and when each ends at the latest. */
async function othersOf(
  client: SwiftClient,
  container: string,
  prefix: string,
  mine: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const others = new Map<string, string>();
  for await (const { name: object } of client.list(container, { prefix, signal })) {
    if (object === undefined || object === mine) continue;
    // A listing still shows what has expired.
    const request = { method: "HEAD", container, object, signal };
    const { status, headers } = await client.ask({ ...request, accept: [200, 204, 404] });
    if (status === 404) continue;
    const ends = Number(headers.get("x-delete-at")) * 1000;
    others.set(object, ends > 0 ? new Date(ends).toISOString().slice(0, 19) + "Z" : "");
  }
  return others;
}

async function wait(
  backoff: Backoff,
  until: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await backoff.wait(undefined, signal)) return;
  const when = until ? `, or died: its claim ends at ${until}` : "";
  throw new RemoteServiceUnavailable(`another upload of the image is being completed${when}`);
}
