/**
 * Vitrine's options and names, held to the lists that glance_store itself gives.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as vitrine from "../../mod.ts";
import { serviceTest } from "../services/mod.ts";
import { counterpartOf, COUNTERPARTS } from "./names.ts";
import {
  DOCUMENT,
  glanceLists,
  tables,
  unknownNames,
  unknownOptions,
  withTables,
} from "./tables.ts";

serviceTest(
  "glance tables: every option of glance_store is honoured, or named as not applicable",
  "glance_store",
  async (endpoints) => {
    const lists = await glanceLists(endpoints.glance_store.python);
    assert(lists.options.swift!.length > 20);
    assertEquals(await unknownOptions(lists), []);
  },
);

serviceTest(
  "glance tables: every public name of glance_store has a counterpart that is there, or a reason",
  "glance_store",
  async (endpoints) => {
    const lists = await glanceLists(endpoints.glance_store.python);
    assert(lists.names.multi_backend!.length > 10);
    assertEquals(unknownNames(lists), []);
    for (const [module, names] of Object.entries(lists.names)) {
      for (const name of names) {
        const { name: here } = counterpartOf(module, name)!;
        assert(here === undefined || exists(here), `${module}.${name}: there is no ${here}`);
      }
    }
  },
);

Deno.test("COUNTERPARTS: has a reason for each name of glance_store without a counterpart", () => {
  for (const [name, { name: here, note }] of Object.entries(COUNTERPARTS)) {
    assert(here ?? note, name);
  }
});

serviceTest("docs/glance.md: holds the tables as they are", "glance_store", async (endpoints) => {
  const made = await tables(await glanceLists(endpoints.glance_store.python));
  const document = await Deno.readTextFile(DOCUMENT);
  // `deno run -A tests/glance/tables.ts` writes them.
  assertEquals(unaligned(document), unaligned(withTables(document, made)));
});

/** Text without what the formatter does to tables. */
function unaligned(text: string): string {
  return text.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---");
}

/** Whether the package exports that name, or a class with that member. */
function exists(name: string): boolean {
  const [parent, member] = name.split(".") as [string, string | undefined];
  const found = (vitrine as Record<string, unknown>)[parent];
  if (found === undefined || member === undefined) return found !== undefined;
  const { prototype } = found as { prototype?: object };
  if (member in (found as object) || (prototype && member in prototype)) return true;
  // What instances have of their own.
  return typeof found === "function" && member in new (found as new () => object)();
}
