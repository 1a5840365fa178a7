/**
 * What must never happen: nothing is destroyed, created, hidden or printed that should not be.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BitMasks,
  ChecksumMismatch,
  Duplicate,
  ImageChanged,
  Invalid,
  InvalidImageId,
  NotFound,
  type SkippedEntry,
  type StoreClass,
} from "../mod.ts";
import { assertBytes, bytesOf, listed, MIB, pattern } from "./data.ts";
import { LIST, type Rule, type RuleContext, RW, WRITE } from "./suite.ts";

/** What the store shows, or with a `snapshot` of the test what the backend has. */
async function stateOf({ store, snapshot }: RuleContext): Promise<unknown> {
  if (snapshot) return await snapshot();
  if (!store.isCapable(LIST)) return undefined;
  const entries = await Array.fromAsync(store.list({ recursive: true }));
  return entries.map(({ path, size }) => `${path} ${size}`).sort();
}

/** The rules. */
export const safetyRules: readonly Rule[] = [
  {
    name: "reading creates nothing",
    async run(context) {
      const { store, id } = context;
      const before = await stateOf(context);
      await assertRejects(() => store.get(id("none")));
      await assertRejects(() => store.stat(id("none")));
      await assertRejects(() => store.open(id("none")));
      await store.locationOf(id("none"));
      if (store.isCapable(LIST)) {
        await Array.fromAsync(store.list({ directory: id("none"), recursive: true }));
      }
      await Array.fromAsync(store.gc({ dryRun: true }));
      if (store.isCapable(WRITE)) {
        await assertRejects(() => store.delete(id("none")), NotFound);
        await store.deleteMany([id("none")]);
        await assertRejects(() => store.copy(id("none"), id("copy")), NotFound);
        await assertRejects(() => store.rename(id("none"), id("renamed")), NotFound);
      }
      assertEquals(await stateOf(context), before);
    },
  },
  {
    name: "an option that the operation does not take is Invalid, and nothing happens",
    async run(context) {
      const { store, id } = context;
      const before = await stateOf(context);
      const none = id("none");
      const unknown = { colour: "blue" } as never;
      let isReleased = false;
      const source = new ReadableStream({ cancel: () => void (isReleased = true) });
      const operations: Record<string, () => Promise<unknown>> = {
        add: () => store.add(none, source, unknown),
        get: () => store.get(none, unknown),
        readable: () => new Response(store.readable(none, unknown)).arrayBuffer(),
        stat: () => store.stat(none, unknown),
        getSize: () => store.getSize(none, unknown),
        open: () => store.open(none, unknown),
        getRanges: () => store.getRanges(none, [{}], unknown),
        inspect: () => store.inspect(none, unknown),
        delete: () => store.delete(none, unknown),
        deleteMany: () => store.deleteMany([none], unknown),
        list: () => Array.fromAsync(store.list(unknown)),
        usage: () => store.usage(unknown),
        gc: () => Array.fromAsync(store.gc(unknown)),
        copy: () => store.copy(none, id("copy"), unknown),
        rename: () => store.rename(none, id("renamed"), unknown),
        getAcls: () => store.getAcls(none, unknown),
        setAcls: () => store.setAcls(none, {}, unknown),
        presign: () => store.presign(none, unknown),
        recordDigests: () => store.recordDigests(none, unknown),
        locationOf: () => store.locationOf(none, unknown),
      };
      for (const [name, run] of Object.entries(operations)) {
        const error = await assertRejects(run, Invalid, "colour", name);
        assert(error.message.includes("signal"), `${name} does not say what there is`);
      }
      // What another operation takes is as unknown.
      await assertRejects(() => store.stat(none, { offset: 1 } as never), Invalid, "offset");
      await assertRejects(
        () => store.get(none, { offset: 0, colour: undefined } as never),
        NotFound,
      );
      assert(isReleased, "the source of a refused add is released");
      assertEquals(await stateOf(context), before);
    },
  },
  {
    name: "a removal that cannot succeed changes nothing",
    needs: RW,
    async run(context) {
      const { store, id, flat, preventRemoval } = context;
      const bytes = pattern(MIB);
      await store.add(id("kept/image"), bytes);
      const signal = AbortSignal.abort(new Error("before it began"));
      await assertRejects(() => store.delete(id("kept/image"), { signal }));
      await assertRejects(() => store.deleteMany([id("kept/image")], { signal }));
      // A directory is no image, and removing it would remove the images in it.
      if (!flat) await assertRejects(() => store.delete(id("kept")), NotFound);
      const allow = await preventRemoval?.(id("kept/image"));
      if (allow) {
        try {
          await assertRejects(() => store.delete(id("kept/image")));
          await assertRejects(() => store.deleteMany([id("kept/image")]));
          assertBytes(await bytesOf(store, id("kept/image")), bytes);
          // Some backends rename without removing anything.
          const rename = store.rename(id("kept/image"), id("renamed"));
          if (await rename.then(() => true, () => false)) {
            assertBytes(await bytesOf(store, id("renamed")), bytes);
            await store.rename(id("renamed"), id("kept/image"));
          }
          await assertRejects(() => store.stat(id("renamed")), NotFound);
          assertBytes(await bytesOf(store, id("kept/image")), bytes);
        } finally {
          await allow();
        }
      }
      assertBytes(await bytesOf(store, id("kept/image")), bytes);
    },
  },
  {
    name: "a failed rename or copy keeps the source, and what has the new name",
    needs: RW,
    async run({ store, id }) {
      const [bytes, taken] = [pattern(MIB), pattern(MIB, 2)];
      await store.add(id("source"), bytes);
      await store.add(id("taken"), taken);
      const signal = AbortSignal.abort(new Error("before it began"));
      for (const operation of ["rename", "copy"] as const) {
        const call = store[operation].bind(store) as typeof store.copy;
        await assertRejects(() => call(id("source"), id("taken")), Duplicate);
        await assertRejects(() => call(id("source"), "../out"), InvalidImageId);
        await assertRejects(() => call(id("source"), id("new"), { signal }));
        assertBytes(await bytesOf(store, id("source")), bytes);
        assertBytes(await bytesOf(store, id("taken")), taken);
        await assertRejects(() => store.stat(id("new")), NotFound);
      }
    },
  },
  {
    name: "a handle reads the image that it opened, or fails, and nothing once it is closed",
    needs: RW | BitMasks.READ_RANDOM,
    async run({ store, id }) {
      const [bytes, other] = [pattern(MIB), pattern(MIB, 2)];
      await store.add(id("replaced"), bytes);
      const handle = await store.open(id("replaced"));
      const view = new Uint8Array(1000);
      assertEquals(await handle.read(view, 500), 1000);
      assertBytes(view, bytes.slice(500, 1500));
      await store.delete(id("replaced"));
      await store.add(id("replaced"), other);
      try {
        await handle.read(view, 5000);
        assertBytes(view, bytes.slice(5000, 6000));
      } catch (error) {
        const isKnown = error instanceof ImageChanged || error instanceof NotFound;
        assert(isKnown, `reading the image that was replaced: ${error}`);
      }
      await handle.close();
      await assertRejects(() => handle.read(view, 0));
      assertBytes(await bytesOf(store, id("replaced")), other);
    },
  },
  {
    name: "a listing reports what it passes over",
    needs: LIST,
    async run(context) {
      const { store, id, directory, flat, hideImage } = context;
      const skipped: string[] = [];
      const onSkipped = ({ path, reason }: SkippedEntry) => {
        assert(reason instanceof Error, "the reason is an error");
        skipped.push(path);
      };
      if (store.isCapable(WRITE)) await store.add(id("seen"), pattern(1));
      const list = () =>
        Array.fromAsync(
          store.list({ directory: flat ? "" : directory, recursive: true, onSkipped }),
        );
      await list();
      const before = skipped.splice(0).length;
      const show = await hideImage?.(directory);
      try {
        await list();
        assertEquals(skipped.length - before, show ? 1 : 0, `skipped: ${skipped.join()}`);
      } finally {
        await show?.();
      }
    },
  },
  {
    name: "what gc yields has a date, and is as old as it must be",
    needs: WRITE,
    async run(context) {
      const { store, id } = context;
      await store.add(id("whole"), pattern(MIB));
      const olderThan = 3_600_000;
      const leftovers = store.gc({ dryRun: true, olderThan, onSkipped: () => {} });
      for await (const { path, since } of leftovers) {
        const age = Date.now() - (since?.getTime() ?? NaN);
        assert(age >= olderThan, `${path} is since ${since}`);
        assert(path !== id("whole"), "a whole image is no leftover");
      }
      await Array.fromAsync(store.gc({ onSkipped: () => {} }));
      assertEquals(await store.getSize(id("whole")), MIB);
    },
  },
  {
    name: "success needs proof: what was added, copied and renamed is there, and is that",
    needs: RW,
    async run(context) {
      const { store, id } = context;
      const bytes = pattern(5 * MIB + 1);
      const { checksum, size, location } = await store.add(id("proved"), bytes);
      const wrong = { checksum: "0".repeat(32) };
      await assertRejects(
        () => store.add(id("wrong"), bytes, { expected: wrong }),
        ChecksumMismatch,
      );
      await assertRejects(() => store.stat(id("wrong")), NotFound);
      const { location: copied } = await store.copy(location, id("copied"));
      const renamed = await store.rename(copied, id("renamed"));
      for (const image of [location, renamed]) {
        const stat = await store.stat(image);
        assertEquals(stat.size ?? size, size);
        assertEquals(stat.checksum ?? checksum, checksum);
        assertBytes(await bytesOf(store, image), bytes);
      }
      await store.delete(renamed);
      await assertRejects(() => store.stat(renamed), NotFound);
      if (store.isCapable(LIST)) {
        assertEquals((await listed(context)).map(({ path }) => path), [id("proved")]);
      }
    },
  },
  {
    name: "secrets are masked in every printed form",
    async run({ store, id }) {
      const { OPTIONS } = store.constructor as unknown as StoreClass;
      const options = store["options"] as Record<string, unknown>;
      const secrets = Object.entries(OPTIONS)
        .filter(([, { secret }]) => secret)
        .map(([name]) => options[name])
        .filter((value): value is string => typeof value === "string" && value.length > 3);
      const location = await store.locationOf(id("none"));
      const error = await store.get(id("none")).catch((error) => error);
      const printed = [store, location, error].flatMap((value) => [
        JSON.stringify(value) ?? "",
        String(value),
        Deno.inspect(value, { depth: 10, showHidden: true }),
      ]);
      for (const secret of secrets) {
        for (const text of printed) assert(!text.includes(secret), "a secret is printed");
      }
      const json = JSON.stringify(store);
      assert(json.includes(JSON.stringify(store.name)), `the store prints as ${json}`);
      for (const [name, { secret }] of Object.entries(OPTIONS)) {
        if (!secret || options[name] === undefined) continue;
        const shown = JSON.parse(json).options?.[name];
        assert(shown === undefined || shown === "***" || shown === "", `${name} is printed`);
      }
    },
  },
];
