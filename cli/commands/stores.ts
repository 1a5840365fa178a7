/**
 * `vitrine stores`: the configured stores, and what each can do.
 *
 * @module
 */
import type { StoreStatus } from "../../config/mod.ts";
import { type Arguments, type Command, type Session, UsageError } from "../command.ts";
import { type CheckResult, type CheckResults, CHECKS, checkStore } from "./store_check.ts";

/** `vitrine stores`. */
export const stores: Command = {
  operands: "[STORE...]",
  count: [0, Infinity],
  description:
    "With --check, every store is tried: it lists, and adds, reads and deletes an image of its own. " +
    "A second write of the same id must be refused.",
  options: [{ name: "check", help: "try what the credentials of each store permit" }],
  candidates: "store",
  examples: ["vitrine stores", "vitrine stores --check cloud"],
  async run(session, args) {
    const { out, json, fail } = session;
    const states = await statesOf(session, args);
    if (args.has("check")) return await checkAll(session, states);
    if (json) await out.json(states.map(stateToJson));
    else {
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

async function statesOf(session: Session, { operands }: Arguments): Promise<StoreStatus[]> {
  const { stores } = await session.vfs();
  for (const name of operands) {
    if (!stores.names.includes(name)) {
      throw new UsageError(`no store is named "${name}"; there are: ${stores.names.join(", ")}`);
    }
  }
  const states = await stores.status();
  return operands.length === 0 ? states : states.filter(({ name }) => operands.includes(name));
}

function stateToJson({ error, addFailure, ...rest }: StoreStatus): Record<string, unknown> {
  return { ...rest, error: error?.message, addFailure: addFailure?.message };
}

async function checkAll(session: Session, states: readonly StoreStatus[]): Promise<void> {
  const { out, json, fail } = session;
  const { stores } = await session.vfs();
  const rows: string[][] = [];
  const checked: Record<string, unknown>[] = [];
  for (const state of states) {
    let results: CheckResults | undefined;
    if (state.error === undefined) {
      const store = stores.getStoreFromStoreIdentifier(state.name);
      results = await checkStore(store, session.options);
    }
    const texts = CHECKS.map((check) => {
      const result = results?.[check];
      return result instanceof Error ? "no" : result === "ok" ? "yes" : "-";
    });
    rows.push([state.name, ...texts]);
    const errors = results === undefined
      ? [state.error]
      : CHECKS.map((check) => results[check]).filter((result) => result instanceof Error);
    for (const error of new Set(errors)) fail(error);
    const checks = results &&
      Object.fromEntries(CHECKS.map((check) => [check, textOf(results[check])]));
    checked.push({ ...stateToJson(state), checks });
  }
  if (json) await out.json(checked);
  else await out.table([["NAME", ...CHECKS.map((check) => check.toUpperCase())], ...rows]);
}

function textOf(result: CheckResult): string {
  return result instanceof Error ? result.message : result;
}
