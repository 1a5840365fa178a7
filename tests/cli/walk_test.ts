/**
 * Listings of commands report what they pass over.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type ListEntry, type ListOptions, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import type { Session } from "../../cli/command.ts";
import { below } from "../../cli/walk.ts";

/** A store with a name that no path can have. */
class Odd extends MemoryStore {
  override async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
    options.onSkipped?.({ path: "a\\b", reason: new Error("it has a backslash") });
    yield* super.list(options);
  }
}

Deno.test("below: reports what a listing passes over, and lists the rest", async () => {
  const odd = new Odd("odd");
  await using vfs = new Vfs({ odd });
  await vfs.writeTextFile("/odd/good.iso", "hello");
  const reports: string[] = [];
  const session = {
    fail: (error: unknown) => reports.push((error as Error).message),
  } as unknown as Session;
  const entries = await Array.fromAsync(below(vfs, "/", true, session), ({ path }) => path);
  assertEquals(entries, ["/odd", "/odd/good.iso"]);
  assertEquals(reports, ["/odd/a\\b: passed over: it has a backslash"]);
});
