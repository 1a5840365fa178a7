/**
 * Capabilities: glance_store's values and meaning, and how a store acts on them.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BitMasks, contains, StoreAddDisabled, StoreCapability } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { replaceMethods } from "../store/replace_methods.ts";

Deno.test("BitMasks: the bits up to 255 have glance_store's values", () => {
  const { NONE, ALL, DRIVER_REUSABLE, ...masks } = BitMasks;
  assertEquals([NONE, ALL, DRIVER_REUSABLE], [0, 255, 64]);
  assertEquals(
    Object.fromEntries(Object.entries(masks).filter(([, bit]) => bit < 256)),
    {
      READ_ACCESS: 1,
      READ_OFFSET: 3,
      READ_CHUNK: 5,
      READ_RANDOM: 7,
      WRITE_ACCESS: 8,
      WRITE_OFFSET: 24,
      WRITE_CHUNK: 40,
      WRITE_RANDOM: 56,
      RW_ACCESS: 9,
      RW_OFFSET: 27,
      RW_CHUNK: 45,
      RW_RANDOM: 63,
    },
  );
  for (const [name, bit] of Object.entries(masks)) {
    if (bit > 255) assertEquals(bit & (bit - 1), 0, `${name} is one bit`);
  }
});

Deno.test("StoreCapability.isCapable: requires every bit, and taking write access takes the writing of parts", () => {
  const capability = new StoreCapability(BitMasks.RW_RANDOM);
  assert(capability.isCapable(BitMasks.READ_OFFSET, BitMasks.WRITE_CHUNK));
  assert(!capability.isCapable(BitMasks.READ_OFFSET, BitMasks.LIST));
  capability.unsetCapabilities(BitMasks.WRITE_ACCESS);
  assert(!capability.isCapable(BitMasks.WRITE_OFFSET));
  assert(capability.isCapable(BitMasks.READ_RANDOM));
  capability.setCapabilities(BitMasks.WRITE_ACCESS, BitMasks.LIST);
  assert(contains(capability.capabilities, BitMasks.WRITE_RANDOM | BitMasks.LIST));
});

Deno.test("StoreCapability.describe: gives the abilities in words", () => {
  assertEquals(new StoreCapability().describe(), []);
  assertEquals(new StoreCapability(BitMasks.READ_RANDOM | BitMasks.ACL_READ).describe(), [
    "read",
    "read-offset",
    "read-chunk",
    "acl-read",
  ]);
});

class Moody extends MemoryStore {
  refreshed = 0;
  recovers = false;
  override updateCapabilities(): void {
    this.refreshed++;
    if (this.recovers) this.setCapabilities(BitMasks.WRITE_ACCESS);
  }

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, () => ({
      configureAdd: (): Promise<void> => {
        return Promise.reject(new Error("the disk is not there"));
      },
    }));
  }
}

Deno.test("Store.configure: a store whose configureAdd fails keeps reading, and add says why", async () => {
  const store = new Moody("moody");
  await store.configure();
  assert(store.isCapable(BitMasks.READ_ACCESS));
  const error = await assertRejects(() => store.add("a", new Uint8Array()), StoreAddDisabled);
  assertStringIncludes(error.message, "the disk is not there");
  assertStringIncludes(store.addFailure!.message, "the disk is not there");
});

Deno.test("StoreCapability.updateCapabilities: a failed check refreshes the capabilities once, then counts", async () => {
  const store = new Moody("moody");
  await store.configure();
  assertEquals(store.refreshed, 1);
  await assertRejects(() => store.add("a", new Uint8Array()), StoreAddDisabled);
  assertEquals(store.refreshed, 2);
  store.recovers = true;
  await store.add("a", new Uint8Array(1));
  assertEquals(await store.getSize("a"), 1);
});
