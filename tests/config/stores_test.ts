/**
 * Stores: found by name and by URI, with the semantics of glance_store's multi_backend.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  addWithMultihash,
  BackendException,
  BadStoreConfiguration,
  BadStoreUri,
  checkLocationMetadata,
  Duplicate,
  getSizeFromUriAndBackend,
  NotFound,
  RemoteServiceUnavailable,
  setAclsForMultiStore,
  StorageFull,
  StoreAddDisabled,
  Stores,
  UnknownHashingAlgo,
  UnknownScheme,
  UnsupportedBackend,
} from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { MemoryDriver } from "../../drivers/memory/driver.ts";
import { replaceMethods } from "../store/replace_methods.ts";

const broken = () => new BadStoreConfiguration('option "x" is missing', { store: "broken" });

/** A store that another one's locations belong to as well. */
class Twin extends MemoryStore {
  override ownsLocation(): boolean {
    return true;
  }

  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, () => ({
      imageIdAt: (location: { path: string }): string => {
        return location.path;
      },
    }));
  }
}

function twoStores() {
  const fast = new MemoryStore("fast");
  const slow = new MemoryStore("slow");
  const stores = new Stores({
    fast: { store: fast, weight: 10, description: "Close by." },
    slow,
    broken: { store: broken(), reserved: true },
  }, { default: "slow" });
  return { stores, fast, slow };
}

Deno.test("Stores.add: adds to the default store, or to the one that is named", async () => {
  const { stores, fast, slow } = twoStores();
  const one = await stores.add("a", new Uint8Array(3));
  assertEquals([one.location.storeName, await slow.getSize("a")], ["slow", 3]);
  const other = await stores.add("a", new Uint8Array(4), { backend: "fast" });
  assertEquals([other.location.storeName, await fast.getSize("a")], ["fast", 4]);
  assertEquals(one.multihash.algo, "sha512");
  assertEquals(one.metadata, { store: "slow" });
});

Deno.test("addWithMultihash: takes the algorithm", async () => {
  const { stores } = twoStores();
  const { multihash } = await addWithMultihash(stores, "a", new Uint8Array(), "sha256");
  assertEquals(multihash, {
    algo: "sha256",
    value: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  });
  await assertRejects(
    () => addWithMultihash(stores, "b", new Uint8Array(), "rot13"),
    UnknownHashingAlgo,
  );
});

Deno.test("Stores.add: fails without a default store; the only ordinary store is the default", async () => {
  const stores = new Stores({ a: new MemoryStore("a"), b: new MemoryStore("b") });
  await assertRejects(() => stores.add("x", new Uint8Array()), UnsupportedBackend, "default");
  await assertRejects(() => stores.verifyStore(), UnsupportedBackend, "default");
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  await assertRejects(() => stores.add("x", stream, { backend: "c" }), UnsupportedBackend);
  assert(cancelled, "the data that nobody reads is let go of");
  const one = new Stores({
    a: new MemoryStore("a"),
    tasks: { store: new MemoryStore("tasks"), reserved: true },
  });
  assertEquals(one.default, "a");
  await one.verifyStore();
});

Deno.test("Stores: refuses a default store that does not exist or is reserved", () => {
  const a = { store: new MemoryStore("a"), reserved: true };
  assertThrows(() => new Stores({ a }, { default: "a" }), BadStoreConfiguration, '"a"');
  assertThrows(() => new Stores({}, { default: "b" }), BadStoreConfiguration, '"b"');
});

Deno.test("Stores: refuses a name that is no segment of a path or not the store's own", () => {
  for (const name of ["", "a/b", "..", "a\0b"]) {
    const stores = () => new Stores({ [name]: new MemoryStore(name) });
    assertThrows(stores, BadStoreConfiguration, "name of a store");
  }
  assertThrows(() => new Stores({ a: new MemoryStore("b") }), BadStoreConfiguration, '"b"');
});

Deno.test("Stores.get, delete: search all stores by URI, or only the named one", async () => {
  const { stores, fast } = twoStores();
  await stores.add("a", new Blob(["hello"]), { backend: "fast" });
  const { stream } = await stores.get("memory://fast/a", { offset: 1, length: 2 });
  assertEquals(await new Response(stream).text(), "el");
  await assertRejects(() => stores.get("memory://fast/a", { backend: "slow" }), BadStoreUri);
  await assertRejects(
    () => stores.delete("memory://fast/a", { backend: "none" }),
    UnsupportedBackend,
    "fast, slow, broken",
  );
  await stores.delete("memory://fast/a");
  await assertRejects(() => fast.stat("a"), NotFound);
});

Deno.test("Stores.get, delete: go on if a store does not have the image", async () => {
  const here = new Twin("here");
  const there = new Twin("there");
  const stores = new Stores({ here, there });
  await there.add("a", new Blob(["there"]));
  const { stream } = await stores.get("memory://any/a");
  assertEquals(await new Response(stream).text(), "there");
  await stores.delete("memory://any/a");
  const error = await assertRejects(() => stores.delete("memory://any/a"), NotFound);
  assertEquals(error.message, "no store has memory://any/a");
});

/** Two stores that own the same locations; the second has the higher weight. */
function twoWeights(light: Twin, heavy: Twin) {
  return new Stores({ light: { store: light, weight: 1 }, heavy: { store: heavy, weight: 5 } });
}

async function textOf(stores: Stores): Promise<string> {
  return await new Response((await stores.get("memory://any/a")).stream).text();
}

Deno.test("Stores.get: reads from the store with the highest weight", async () => {
  const [light, heavy] = [new Twin("light"), new Twin("heavy")];
  const stores = twoWeights(light, heavy);
  await light.add("a", new Blob(["light"]));
  assertEquals(await textOf(stores), "light");
  await heavy.add("a", new Blob(["heavy"]));
  assertEquals(await textOf(stores), "heavy");
  assertEquals(stores.getLocationFromUri("memory://any/a").storeName, "heavy");
  assertEquals(stores.names, ["light", "heavy"]);
});

/** A store that is down. */
class Down extends Twin {
  override configure(): Promise<void> {
    return Promise.reject(new RemoteServiceUnavailable("connection refused"));
  }
  override get(): Promise<never> {
    return Promise.reject(new RemoteServiceUnavailable("connection refused"));
  }
  override delete(): Promise<never> {
    return Promise.reject(new RemoteServiceUnavailable("connection refused"));
  }
}

Deno.test("Stores.get: reads from the next store when one cannot be reached", async () => {
  const light = new Twin("light");
  const stores = twoWeights(light, new Down("heavy"));
  await assertRejects(() => textOf(stores), RemoteServiceUnavailable, "refused");
  await light.add("a", new Blob(["light"]));
  assertEquals(await textOf(stores), "light");
});

Deno.test("Stores.delete: deletes nothing while the first store cannot be reached", async () => {
  const light = new Twin("light");
  await light.add("a", new Blob(["light"]));
  const stores = twoWeights(light, new Down("heavy"));
  await assertRejects(() => stores.delete("memory://any/a"), RemoteServiceUnavailable, "refused");
  assertEquals(await light.getSize("a"), 5);
});

Deno.test("Stores.get: throws NotFound, which names the stores that cannot be used", async () => {
  const { stores } = twoStores();
  for (const uri of ["memory://fast/b", "s3://key:secret@host/bucket/b"]) {
    const error = await assertRejects(() => stores.get(uri), NotFound, "broken cannot be used");
    assert(!error.message.includes("secret"));
  }
});

Deno.test("Stores.delete: ends the search with an error that is not NotFound", async () => {
  const here = new (class extends Twin {
    override delete(): Promise<never> {
      return Promise.reject(new StorageFull("no room for the log"));
    }
  })("here");
  const there = new Twin("there");
  await there.add("a", new Uint8Array());
  await assertRejects(() => new Stores({ here, there }).delete("memory://any/a"), StorageFull);
  assertEquals(await there.getSize("a"), 0);
});

Deno.test("Stores: returns sizes, weights, schemes and locations", async () => {
  const { stores } = twoStores();
  await stores.add("a", new Uint8Array(7), { backend: "fast" });
  assertEquals(await getSizeFromUriAndBackend(stores, "memory://fast/a", "fast"), 7);
  assertEquals([stores.getStoreWeight("fast"), stores.getStoreWeight("slow")], [10, 0]);
  assertThrows(() => stores.getStoreWeight("none"), UnsupportedBackend);
  assertEquals(stores.getKnownSchemesForMultiStore(), ["memory"]);
  const location = stores.getLocationFromUri("memory://fast/a");
  assertEquals([location.storeName, location.imageId], ["fast", "a"]);
  assertThrows(() => stores.getLocationFromUri("memory://other/a"), BadStoreUri);
  assertThrows(() => stores.getLocationFromUri("rbd://a"), UnknownScheme);
});

Deno.test("setAclsForMultiStore: sets ACLs, and skips a store without any", async () => {
  const { stores, fast } = twoStores();
  await stores.add("a", new Uint8Array(), { backend: "fast" });
  const acls = { readTenants: ["bob"] };
  assertEquals(await setAclsForMultiStore(stores, "memory://fast/a", "fast", acls), true);
  assertEquals((await fast.getAcls("a")).readTenants, ["bob"]);
  class Plain extends MemoryStore {
    static override readonly CAPABILITIES = 255;
  }
  const plain = new Stores({ plain: new Plain("plain") });
  await plain.add("a", new Uint8Array());
  assertEquals(await setAclsForMultiStore(plain, "memory://plain/a", "plain", acls), false);
});

Deno.test("Stores: reports a store that could not be created, and the others work", async () => {
  const { stores } = twoStores();
  assertEquals(stores.names, ["fast", "slow", "broken"]);
  assertEquals([...stores.failures.keys()], ["broken"]);
  assertThrows(
    () => stores.getStoreFromStoreIdentifier("broken"),
    BadStoreConfiguration,
    'broken: option "x" is missing',
  );
  assertStrictEquals(stores.getStoreFromStoreIdentifier("slow").name, "slow");
  await stores.close();
});

Deno.test("Stores.status: opens each store and returns its state", async () => {
  class Offline extends MemoryStore {
    constructor(name: string) {
      super(name);
      replaceMethods(this.driver, () => ({
        configureGet: (): Promise<void> => {
          return Promise.reject(new Error("no route"));
        },
      }));
    }
  }
  class ReadOnly extends MemoryStore {
    constructor(name: string) {
      super(name);
      replaceMethods(this.driver, () => ({
        configureAdd: (): Promise<void> => {
          return Promise.reject(new BadStoreConfiguration("no bucket"));
        },
      }));
    }
  }
  const stores = new Stores(
    {
      a: { store: new MemoryStore("a"), driver: "memory", weight: 3, description: "Mine." },
      offline: new Offline("offline"),
      readonly: new ReadOnly("readonly"),
      broken: { store: broken() },
    },
    { default: "a" },
  );
  const [a, offline, readonly, failed] = await stores.status();
  assertEquals([a!.name, a!.driver, a!.weight, a!.description, a!.default], [
    "a",
    "memory",
    3,
    "Mine.",
    true,
  ]);
  assertEquals(a!.schemes, ["memory"]);
  assert(a!.capabilities.includes("write"));
  assertEquals(offline!.error?.message, "offline: configure: no route");
  assertEquals(readonly!.error, undefined);
  assertEquals(readonly!.addFailure?.message, "readonly: configureAdd: no bucket");
  assert(!readonly!.capabilities.includes("write"));
  assertEquals(failed!.error?.message, 'broken: option "x" is missing');
  await assertRejects(
    () => stores.add("x", new Uint8Array(), { backend: "readonly" }),
    StoreAddDisabled,
    "no bucket",
  );
  await stores.add("x", new Uint8Array());
  await assertRejects(() => stores.add("x", new Uint8Array()), Duplicate);
});

Deno.test("Stores.close: closes all stores, also if one fails", async () => {
  const closed: string[] = [];
  class Noisy extends MemoryStore {
    constructor(name: string) {
      super(name);
      replaceMethods(this.driver, () => ({
        release: (): Promise<void> => {
          closed.push(this.name);
          return this.name === "a" ? Promise.reject(new Error("stuck")) : Promise.resolve();
        },
      }));
    }
  }
  const stores = new Stores({ a: new Noisy("a"), b: new Noisy("b") });
  await stores.status();
  await assertRejects(() => stores.close(), Error, "stuck");
  assertEquals(closed, ["a", "b"]);
});

Deno.test("Stores.add: refuses metadata other than records, lists and strings", async () => {
  checkLocationMetadata({ a: { b: ["c", { d: "e" }] } });
  for (const bad of [{ a: 1 }, { a: [true] }, { a: { b: null } }, { a: undefined }]) {
    assertThrows(() => checkLocationMetadata(bad), BackendException, '"a');
  }
  class OddDriver extends MemoryDriver {
    override openWrite(...args: Parameters<MemoryDriver["openWrite"]>) {
      return super.openWrite(...args).then((writer) => {
        const commit = writer.commit.bind(writer);
        writer.commit = async (image) => ({ ...await commit(image), ports: [80] });
        return writer;
      });
    }
  }
  class Odd extends MemoryStore {
    static override readonly DRIVER = OddDriver;
  }
  const stores = new Stores({ odd: new Odd("odd") });
  await assertRejects(() => stores.add("a", new Uint8Array()), BackendException, "ports.0");
});
