/**
 * `vitrine df`: how much space the stores take, and how much is free.
 *
 * @module
 */
import type { StoreUsage } from "../../store/mod.ts";
import type { Command } from "../command.ts";
import { formatSize } from "../text.ts";

/** `vitrine df`. */
export const df: Command = {
  operands: "[STORE...]",
  count: [0, Infinity],
  description:
    "Taken is what is in use where the images are: the container or pool, or the file systems of the " +
    "datadirs, others' data included. What a backend does not say is shown as ?.",
  candidates: "store",
  examples: ["vitrine df", "vitrine df local --json"],
  async run(session, { operands }) {
    const { out, json, fail } = session;
    const { stores } = await session.vfs();
    const rows: string[][] = [];
    const all: ({ store: string } & StoreUsage)[] = [];
    for (const name of operands.length > 0 ? operands : stores.names) {
      try {
        const usage = await stores.getStoreFromStoreIdentifier(name).usage(session.options);
        const { used, free, images } = usage;
        all.push({ store: name, used, free, images });
        rows.push([name, formatSize(used), formatSize(free), `${images ?? "?"}`]);
      } catch (error) {
        fail(error);
      }
    }
    if (json) await out.json(all);
    else await out.table([["STORE", "USED", "FREE", "IMAGES"], ...rows], [1, 2, 3]);
  },
};
