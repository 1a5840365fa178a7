/**
 * Reads with preconditions.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Invalid, InvalidRange, NotModified, PreconditionFailed, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { failedCondition } from "../../store/conditions.ts";
import type { Conditions } from "../../store/types.ts";
import { replaceMethods } from "./replace_methods.ts";

const DATE = new Date("2026-05-01T12:00:00.900Z");
const EARLIER = new Date("2026-05-01T11:59:59Z");

Deno.test("failedCondition: follows RFC 9110, section 13.2.2", () => {
  const current = { etag: '"a"', modified: DATE };
  const cases: [Conditions, keyof Conditions | undefined][] = [
    [{}, undefined],
    [{ ifMatch: '"a"' }, undefined],
    [{ ifMatch: '"b", "a"' }, undefined],
    [{ ifMatch: "*" }, undefined],
    [{ ifMatch: '"b"' }, "ifMatch"],
    [{ ifMatch: 'W/"a"' }, "ifMatch"],
    [{ ifNoneMatch: '"b"' }, undefined],
    [{ ifNoneMatch: 'W/"a"' }, "ifNoneMatch"],
    [{ ifNoneMatch: "*" }, "ifNoneMatch"],
    [{ ifUnmodifiedSince: DATE }, undefined],
    [{ ifUnmodifiedSince: EARLIER }, "ifUnmodifiedSince"],
    [{ ifModifiedSince: EARLIER }, undefined],
    // HTTP has no fractions of seconds.
    [{ ifModifiedSince: new Date("2026-05-01T12:00:00Z") }, "ifModifiedSince"],
    // Entity tags come before dates, and what must match before what must not.
    [{ ifMatch: '"a"', ifUnmodifiedSince: EARLIER }, undefined],
    [{ ifNoneMatch: '"b"', ifModifiedSince: DATE }, undefined],
    [{ ifMatch: '"b"', ifNoneMatch: '"a"' }, "ifMatch"],
  ];
  for (const [conditions, expected] of cases) {
    assertEquals(failedCondition(conditions, current), expected, JSON.stringify(conditions));
  }
  assertEquals(failedCondition({ ifMatch: "*" }, undefined), "ifMatch");
  assertEquals(failedCondition({ ifMatch: '"a"' }, { etag: 'W/"a"' }), "ifMatch");
  assertEquals(failedCondition({ ifNoneMatch: "*" }, undefined), undefined);
});

/** A store of one image, whose driver counts the readers that are open. */
class CountingStore extends MemoryStore {
  readers = 0;

  constructor(known: { etag?: string | undefined; modified?: Date | undefined } = {}) {
    super("memory");
    replaceMethods(this.driver, (driver) => ({
      openRead: async (...args) => {
        const reader = await driver.openRead(...args);
        this.readers++;
        return { ...reader, ...known, close: (reason) => (this.readers--, reader.close(reason)) };
      },
      statImage: async (...args) => ({ ...await driver.statImage(...args), modified: undefined }),
    }));
  }
}

Deno.test("Store.get: releases the image where a precondition does not hold", async () => {
  const store = new CountingStore();
  await store.add("disk.raw", new Uint8Array(10));
  const { etag } = await store.stat("disk.raw");
  await assertRejects(() => store.get("disk.raw", { ifMatch: '"other"' }), PreconditionFailed);
  await assertRejects(() => store.get("disk.raw", { ifNoneMatch: etag }), NotModified);
  assertEquals(store.readers, 0);
  const { stream } = await store.get("disk.raw", { ifMatch: etag });
  assertEquals((await new Response(stream).bytes()).length, 10);
});

Deno.test("Store.get: compares with what stat says where opening says nothing", async () => {
  const store = new CountingStore({ etag: undefined, modified: undefined });
  await store.add("disk.raw", new Uint8Array(10));
  const { etag } = await store.stat("disk.raw");
  await assertRejects(() => store.get("disk.raw", { ifNoneMatch: etag }), NotModified);
  const error = await assertRejects(
    () => store.get("disk.raw", { ifModifiedSince: DATE }),
    Invalid,
  );
  assertEquals(
    error.message,
    "memory: get disk.raw: ifModifiedSince: the store does not know when the image was changed",
  );
});

Deno.test("Store.get: a precondition comes before a range outside of the image", async () => {
  const store = new MemoryStore("memory");
  await store.add("disk.raw", new Uint8Array(10));
  const { etag } = await store.stat("disk.raw");
  const range = { offset: 11, length: 5 };
  await assertRejects(
    () => store.get("disk.raw", { ...range, ifMatch: '"longer"' }),
    PreconditionFailed,
  );
  await assertRejects(() => store.get("disk.raw", { ...range, ifMatch: etag }), InvalidRange);
});

Deno.test("Store.stat: refuses a malformed precondition", async () => {
  const store = new MemoryStore("memory");
  await store.add("disk.raw", new Uint8Array(10));
  const malformed = [
    { ifMatch: "no-quotes" },
    { ifNoneMatch: "" },
    { ifNoneMatch: null },
    { ifModifiedSince: "2026-05-01" },
    { ifUnmodifiedSince: new Date(NaN) },
  ];
  for (const conditions of malformed) {
    await assertRejects(() => store.stat("disk.raw", conditions as never), Invalid);
  }
});

Deno.test("Vfs.stat: refuses preconditions for a directory", async () => {
  const vfs = new Vfs({ memory: new MemoryStore("memory") });
  await vfs.writeFile("/memory/iso/debian.iso", new Uint8Array(1));
  for (const path of ["/", "/memory", "/memory/iso"]) {
    await assertRejects(() => vfs.stat(path, { ifMatch: "*" }), Invalid, "directory");
  }
  const { etag } = await vfs.stat("/memory/iso/debian.iso");
  assert(etag);
  const error = await assertRejects(
    () => vfs.stat("/memory/iso/debian.iso", { ifNoneMatch: etag }),
    NotModified,
  );
  assertEquals(error.path, "/memory/iso/debian.iso");
});
