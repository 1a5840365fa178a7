/**
 * How much space the containers of a store take, by the headers of Swift's quotas
 * (https://docs.openstack.org/swift/latest/middleware.html).
 *
 * @module
 */
import type { StoreUsage } from "../../store/types.ts";
import { parseCount } from "../../streams/encoding.ts";
import { poolMap } from "../../streams/pool_map.ts";
import type { SwiftClient } from "./client.ts";

/**
 * Reads how many bytes containers hold, and how many more the quotas of the account and of a single
 * container let in. The number of images is not known: segments are objects as well.
 *
 * @param client The client of the account.
 * @param containers The containers.
 * @param options How many are looked at at once, and what ends the work.
 * @returns What the server says. `free` is not set without a quota.
 */
export async function readUsage(
  client: SwiftClient,
  containers: AsyncIterable<string>,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal | undefined },
): Promise<StoreUsage> {
  const head = async (container: string | undefined) => {
    const request = { method: "HEAD", container, signal };
    const { status, headers } = await client.send({ ...request, accept: [200, 204, 403, 404] });
    const count = (name: string) => parseCount(headers.get(name));
    const kind = container === undefined ? "account" : "container";
    const used = status === 404 ? 0 : count(`x-${kind}-bytes-used`);
    const quota = count(`x-${kind}-meta-quota-bytes`);
    return { used, free: quota === undefined ? undefined : Math.max(0, quota - (used ?? 0)) };
  };
  const names: string[] = [];
  for await (const name of containers) names.push(name);
  const [account, ...found] = await poolMap([undefined, ...names], concurrency, head);
  const used = found.reduce<number | undefined>(
    (sum, { used }) => sum === undefined || used === undefined ? undefined : sum + used,
    0,
  );
  const quotas = [account!.free, found.length === 1 ? found[0]!.free : undefined]
    .filter((free) => free !== undefined);
  return { used, free: quotas.length > 0 ? Math.min(...quotas) : undefined };
}
