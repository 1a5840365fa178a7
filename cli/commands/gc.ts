/**
 * `vitrine gc`: removes what killed processes left in the stores.
 *
 * @module
 */
import type { SkippedEntry } from "../../store/mod.ts";
import { type Command, DRY_RUN, parseDuration } from "../command.ts";
import { formatSize, formatTime } from "../text.ts";

/** `vitrine gc`. */
export const gc: Command = {
  operands: "[STORE...]",
  count: [0, Infinity],
  description:
    "What a run with --resume has sent before it failed is among it, once it is old enough: no later run " +
    "can go on from there then.",
  options: [
    {
      name: "older-than",
      value: "AGE",
      help: "skip what is younger: 36h, 2d. Default: 1d",
    },
    DRY_RUN,
  ],
  candidates: "store",
  examples: ["vitrine gc --dry-run", "vitrine gc --older-than 36h cloud"],
  async run(session, args) {
    const { out, json, fail } = session;
    const olderThan = parseDuration("older-than", args.value("older-than") ?? "1d");
    const dryRun = args.has("dry-run");
    const { stores } = await session.vfs();
    const removed: Record<string, unknown>[] = [];
    for (const name of args.operands.length > 0 ? args.operands : stores.names) {
      try {
        const store = stores.getStoreFromStoreIdentifier(name);
        const onSkipped = ({ path, reason }: SkippedEntry) =>
          fail(new Error(`${name}: gc ${path}: ${reason.message}`, { cause: reason }));
        const options = { olderThan, dryRun, onSkipped, ...session.options };
        for await (const leftover of store.gc(options)) {
          const { path, kind, since, size } = leftover;
          removed.push({ store: name, path, kind, since, size });
          if (json) continue;
          const what = `${kind} ${path} (${formatSize(size)}, ${formatTime(since)})`;
          await out.line(`${name}: ${dryRun ? "would remove" : "removed"} ${what}`);
        }
      } catch (error) {
        fail(error);
      }
    }
    if (json) await out.json(removed);
  },
};
