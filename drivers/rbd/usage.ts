/**
 * How much space a pool takes, as the monitors know it from `ceph-mgr`.
 *
 * @module
 */
import type { StoreUsage } from "../../store/types.ts";
import type { PoolClient } from "./client.ts";

/** What `ceph df detail --format json` says of a pool, as far as it is used. Any of it may be missing. */
interface PoolReport {
  name?: string;
  stats?: { stored?: number; max_avail?: number; quota_bytes?: number };
}

/**
 * Reads how many bytes a pool holds, how many more fit in, and how many images it lists.
 *
 * @param client The pool.
 * @param pool The name of the pool, or `POOL/NAMESPACE`.
 * @returns What is known. The images are those that the pool lists, unfinished ones included.
 */
export async function readUsage(client: PoolClient, pool: string): Promise<StoreUsage> {
  const [images, report, dataPool] = await Promise.all([
    client.names(),
    client.command(JSON.stringify({ prefix: "df", detail: "detail", format: "json" })),
    client.configured("rbd_default_data_pool"),
  ]);
  const pools = [pool.split("/")[0]!, ...dataPool ? [dataPool] : []];
  return { ...spaceOf(report && parseReport(report), pools), images: images.length };
}

function parseReport(report: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(report));
  } catch {
    return undefined;
  }
}

/**
 * Returns the space of the pools that hold the images of a store.
 *
 * @param document The document that `ceph df detail` prints as JSON, or `undefined`.
 * @param pools The names of the pools. The last one holds the data.
 * @returns The bytes that are stored in all of them, without copies, and those that still fit into the last
 * one. A pool that is not in the document, as without `ceph-mgr`, is not known.
 */
export function spaceOf(document: unknown, pools: readonly string[]): StoreUsage {
  const reports = (document as { pools?: PoolReport[] } | undefined)?.pools ?? [];
  const found = pools.map((pool) => reports.find(({ name }) => name === pool)?.stats ?? {});
  const used = found.reduce((sum, { stored = NaN }) => sum + stored, 0);
  const { stored = NaN, max_avail: available = NaN, quota_bytes: quota = 0 } = found.at(-1)!;
  // A quota of 0 is none.
  return { used, free: quota > 0 ? Math.max(0, Math.min(available, quota - stored)) : available };
}
