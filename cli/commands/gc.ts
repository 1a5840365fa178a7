/**
 * `vitrine gc`: what adds of killed processes left in the stores.
 *
 * @module
 */
import { type Command, Misuse } from "../command.ts";
import { formatSize, formatTime } from "../output.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** `36h` in milliseconds. */
function readAge(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (!count || !unit) throw new Misuse("--older-than is a number and s, m, h or d: 36h");
  return Number(count) * UNITS[unit]!;
}

/** `vitrine gc`. */
export const gc: Command = {
  usage: "gc [--older-than AGE] [--dry-run] [STORE...]",
  summary: "remove uploads, segments and files that adds of killed processes left behind",
  options: [
    "--older-than AGE  pass over what is younger: 36h, 2d; a day unless given",
    "-n, --dry-run     tell only what would be removed",
  ],
  flags: ["dry-run"],
  strings: ["older-than"],
  alias: { n: "dry-run" },
  operands: [0, Infinity],
  async run({ vfs, out, json, fail, signal, context }, args) {
    const { stores } = await vfs();
    const olderThan = readAge(args.value("older-than") ?? "1d");
    const dryRun = args.has("dry-run");
    const removed: Record<string, unknown>[] = [];
    for (const name of args.operands.length > 0 ? args.operands : stores.names) {
      try {
        const store = stores.getStoreFromStoreIdentifier(name);
        for await (const leftover of store.gc({ olderThan, dryRun, signal, context })) {
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
