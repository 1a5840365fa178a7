/**
 * `vitrine manual`: the manual page.
 *
 * @module
 */
import { type Command, UsageError } from "../command.ts";
import { manualPage } from "../manual.ts";

/** `vitrine manual`. */
export const manual: Command = {
  operands: "",
  count: [0, 0],
  examples: ["vitrine manual > ~/.local/share/man/man1/vitrine.1"],
  async run({ out, json, commands }) {
    if (json) throw new UsageError("manual has no JSON form");
    await out.write(new TextEncoder().encode(manualPage(await commands())));
  },
};
