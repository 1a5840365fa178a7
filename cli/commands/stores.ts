/**
 * `vitrine stores`: the configured stores, and what each can do.
 *
 * @module
 */
import type { Command } from "../command.ts";

/** `vitrine stores`. */
export const stores: Command = {
  operands: "",
  count: [0, 0],
  summary: "list the configured stores and what each can do",
  async run({ vfs, out, json, fail }) {
    const states = await (await vfs()).stores.status();
    if (json) {
      await out.json(states.map(({ error, addFailure, ...rest }) => ({
        ...rest,
        error: error?.message,
        addFailure: addFailure?.message,
      })));
    } else {
      await out.table([
        ["NAME", "DRIVER", "STATE", "WEIGHT", "CAPABILITIES", "DESCRIPTION"],
        ...states.map((store) => [
          store.default ? `${store.name} *` : store.name,
          store.driver ?? "-",
          store.error ? "absent" : store.addFailure ? "read-only" : "ready",
          `${store.weight}`,
          store.capabilities.join(",") || "-",
          store.description,
        ]),
      ], [3]);
    }
    for (const { error, addFailure } of states) {
      const reason = error ?? addFailure;
      if (reason) fail(reason);
    }
  },
};
