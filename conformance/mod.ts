/**
 * The contract of a store as a suite of tests, for every driver: ours and other people's.
 *
 * @module
 */
import type { Store } from "../mod.ts";
import { addRules } from "./add_rules.ts";
import { formatRules } from "./format_rules.ts";
import { getRules } from "./get_rules.ts";
import { holeRules } from "./hole_rules.ts";
import { propertyRules } from "./property_rules.ts";
import { safetyRules } from "./safety_rules.ts";
import { type BackendHooks, type ConformanceOptions, runRules } from "./suite.ts";
import { treeRules } from "./tree_rules.ts";

export type { BackendHooks, ConformanceOptions };

/**
 * Registers the suite with `Deno.test`. Each rule works under ids of its own, so that the store may
 * hold other images; it must be writable by nobody else meanwhile. Rules that the store's
 * capabilities exclude are skipped by name.
 *
 * @param name The name of the test: the driver's, and what is special about the store.
 * @param makeStore Creates the store under test. It is configured and closed by the suite.
 * @param options What is known of the backend: no directories, rules that it cannot keep.
 *
 * @example Testing a driver
 * ```ts
 * import { storeConformance } from "@vitrine/vitrine/conformance";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 *
 * function suite() {
 *   storeConformance("memory", () => new MemoryStore("scratch"));
 * }
 * ```
 */
export function storeConformance(
  name: string,
  makeStore: () => Promise<Store> | Store,
  options: ConformanceOptions = {},
): void {
  runRules(name, makeStore, [
    ...addRules,
    ...formatRules,
    ...getRules,
    ...holeRules,
    ...propertyRules,
    ...treeRules,
    ...safetyRules,
  ], options);
}
