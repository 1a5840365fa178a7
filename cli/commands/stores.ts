/**
 * `vitrine stores`: the configured stores, and what each can do.
 *
 * @module
 */
import type { Command } from "../command.ts";

/** The command. */
export const stores: Command = {
  usage: "stores",
  summary: "list the configured stores and what each can do",
  operands: [0, 0],
  async run({ vfs, out, json, fail }) {
    const status = await (await vfs()).stores.status();
    if (json) {
      await out.json(status.map(({ error, addFailure, ...rest }) => ({
        ...rest,
        error: error?.message,
        addFailure: addFailure?.message,
      })));
    } else {
      await out.table([
        ["NAME", "DRIVER", "STATE", "WEIGHT", "CAPABILITIES", "DESCRIPTION"],
        ...status.map((store) => [
          store.default ? `${store.name} *` : store.name,
          store.driver ?? "-",
          store.error ? "absent" : store.addFailure ? "read-only" : "ready",
          `${store.weight}`,
          store.capabilities.join(",") || "-",
          store.description,
        ]),
      ], [3]);
    }
    for (const { error, addFailure } of status) {
      const why = error ?? addFailure;
      if (why) fail(why);
    }
  },
};
