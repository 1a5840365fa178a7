/**
 * The portable half of a store, seen through a driver that does everything wrong on demand.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  BackendException,
  BadStoreConfiguration,
  BitMasks,
  type ByteRange,
  ChecksumMismatch,
  type Driver,
  type DriverClass,
  type DriverStat,
  Forbidden,
  type ImageReader,
  type ImageWriter,
  Invalid,
  type OptionDefinitions,
  RemoteServiceUnavailable,
  SizeMismatch,
  StorageFull,
  Store,
  type StoreLocationClass,
  validateOptions,
} from "@vitrine/vitrine";
import { MemoryLocation, MemoryStore } from "@vitrine/vitrine/memory";
import { until } from "../until.ts";
import { replaceMethods } from "./replace_methods.ts";

const SECRET = "tr0ub4dor&3";

class BrokenDriver implements Driver<MemoryLocation> {
  announced: number | undefined = 10;
  sent = 10;
  failure: unknown;
  aborted: unknown[] = [];
  closed = 0;

  locate(imageId: string): MemoryLocation {
    return new MemoryLocation("broken", imageId);
  }
  imageIdAt(location: MemoryLocation): string {
    return location.path;
  }
  openRead(_: MemoryLocation, _range: ByteRange): Promise<ImageReader> {
    if (this.failure) throw this.failure;
    let left = this.sent;
    return Promise.resolve({
      size: this.announced,
      read: (view) => {
        const count = Math.min(left, view.length);
        left -= count;
        return Promise.resolve(view.subarray(0, count));
      },
      close: () => (this.closed++, Promise.resolve()),
    });
  }
  statImage(): Promise<DriverStat> {
    return Promise.resolve({ size: this.announced });
  }
  openWrite(imageId: string): Promise<ImageWriter<MemoryLocation>> {
    return Promise.resolve({
      location: this.locate(imageId),
      write: () => Promise.resolve(),
      commit: () => Promise.reject(this.failure),
      abort: (reason) => {
        this.aborted.push(reason);
        return Promise.reject(new Error("cleaning up failed as well"));
      },
    });
  }
}

class Broken extends Store<MemoryLocation, { key: string }> {
  static override readonly OPTIONS: OptionDefinitions = {
    key: { type: "string", required: true, secret: true, help: "The key." },
  };
  static override readonly SCHEMES: readonly string[] = ["memory"];
  static override readonly CAPABILITIES: number = BitMasks.RW_RANDOM;
  static override readonly LOCATION: StoreLocationClass<MemoryLocation> = MemoryLocation;

  static override readonly DRIVER: DriverClass = BrokenDriver;

  get faults(): BrokenDriver {
    return this.driver as BrokenDriver;
  }
}

function broken(): Broken {
  return new Broken("broken", { key: SECRET });
}

Deno.test("Store.get: a backend that sends less or more than it announced never looks whole", async () => {
  for (const [sent, Refusal] of [[9, RemoteServiceUnavailable], [11, SizeMismatch]] as const) {
    const store = broken();
    store.faults.sent = sent;
    const { stream } = await store.get("a");
    await assertRejects(() => new Response(stream).arrayBuffer(), Refusal, "broken: get a: ");
    assertEquals(store.faults.closed, 1);
  }
});

Deno.test("Store: a driver's own error becomes one line with a cause and without a secret", async () => {
  const store = broken();
  store.faults.failure = new TypeError(
    `refused key ${SECRET}\nfor https://me:${SECRET}@host/?sig=abc`,
  );
  const error = await assertRejects(() => store.get("a/b"), BackendException);
  assertEquals(
    error.message,
    "broken: get a/b: refused key *** for https://***@host/?sig=***",
  );
  const shown = Deno.inspect(error, { depth: 9 });
  assert(!shown.includes(SECRET), shown);
  assert(error.cause === store.faults.failure);
});

Deno.test("StoreError.message: a value of a server that is long is cut", () => {
  const error = new BackendException(`the ETag is ${"a".repeat(1_000_000)}`);
  error.at({ store: "remote", operation: "stat", path: "a.img" });
  assertEquals(error.message, `remote: stat a.img: the ETag is ${"a".repeat(988)}...`);
});

Deno.test("Store.add: a commit that fails is aborted, and its own error is thrown", async () => {
  const store = broken();
  store.faults.failure = new Error("no commit today");
  await assertRejects(() => store.add("a", new Uint8Array(3)), BackendException, "no commit today");
  assertEquals(store.faults.aborted, [store.faults.failure]);
});

Deno.test("validateOptions: an option is judged by name, value and what is allowed", () => {
  const OPTIONS: OptionDefinitions = {
    depth: { type: "integer", min: 1, max: 9, default: 4 },
    format: { type: "string", choices: ["auto", "path"] },
    on: { type: "boolean" },
    dirs: { type: "list" },
    meta: { type: "dict" },
    key: { type: "string", secret: true },
    size: { type: "number" },
  };
  const read = (values: Record<string, unknown>) => validateOptions(OPTIONS, values, "s");
  assertEquals(read({}), { depth: 4 });
  assertEquals(
    read({ depth: "8", on: "yes", dirs: "a, b", meta: "x:1,y:2:3", size: "1.5", format: "path" }),
    { depth: 8, format: "path", on: true, dirs: ["a", "b"], meta: { x: "1", y: "2:3" }, size: 1.5 },
  );
  const wrong: [Record<string, unknown>, string][] = [
    [{ depth: 10 }, '"depth" is 10, allowed is an integer from 1 to 9'],
    [{ depth: "many" }, '"depth" is "many"'],
    [{ depth: 1.5 }, '"depth" is 1.5'],
    [{ format: "virtual" }, 'allowed is "auto" or "path"'],
    [{ on: "perhaps" }, '"on" is "perhaps", allowed is a boolean'],
    [{ format: 3 }, 'allowed is "auto" or "path"'],
    // Lists and records can hold secrets anywhere.
    [{ dirs: [1] }, '"dirs" is a list, allowed is a list of texts'],
    [{ meta: { a: 1 } }, '"meta" is an object, allowed is a dict of texts'],
    [{ key: 123456 }, '"key" is ***'],
    [{ depht: 1 }, 'unknown option "depht"; known are: depth, format'],
  ];
  for (const [values, message] of wrong) {
    try {
      read(values);
      assert(false, `${JSON.stringify(values)} was taken`);
    } catch (error) {
      assert(error instanceof BadStoreConfiguration, String(error));
      assertStringIncludes(error.message, message);
      assert(error.message.startsWith("s: "));
    }
  }
  try {
    new Broken("b", {});
    assert(false);
  } catch (error) {
    assertStringIncludes(String(error), 'option "key" is required');
  }
});

Deno.test("StoreError: errors that are each other's cause are still reported", async () => {
  const store = new Broken("s", { key: SECRET });
  const failure = new Error(`no ${SECRET}`);
  failure.cause = failure;
  store.faults.failure = failure;
  const error = await assertRejects(() => store.get("a"), BackendException);
  assertEquals(error.message, "s: get a: no ***");
});

Deno.test("Store.get: a digest that is empty or null verifies nothing, and says so", async () => {
  const store = new MemoryStore("m");
  await store.add("a", new Uint8Array(3));
  const nulls = { checksum: null, multihash: null } as never;
  await assertRejects(() => store.get("a", { verify: nulls }), Invalid);
  await assertRejects(() => store.get("a", { verify: { checksum: "" } }), Invalid);
  const algo = "sha512";
  const { stream } = await store.get("a", { verify: { multihash: { algo, value: "" } } });
  await assertRejects(() => new Response(stream).bytes(), ChecksumMismatch);
  const expected = { checksum: "" };
  await assertRejects(() => store.add("b", new Uint8Array(3), { expected }), ChecksumMismatch);
});

Deno.test("Store.add: data that is refused is released, and the error names the image", async () => {
  const store = new MemoryStore("m");
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const error = await assertRejects(() => store.add("a", new Response(body, { status: 404 })));
  assertEquals((error as Error).message, "m: add a: the response to store has status 404");
  assert(cancelled);
});

Deno.test("Store.add: a sink that failed is reported at once, though the source says nothing", async () => {
  const store = new MemoryStore("m", { capacity: 1000 });
  const silent = async function* () {
    yield new Uint8Array(4 * 1024 * 1024);
    await new Promise(() => {});
  };
  await assertRejects(() => store.add("a", silent()), StorageFull);
});

Deno.test("Store.rename: takes no room, keeps the owner, and leaves no copy where it is refused", async () => {
  const store = new MemoryStore("m", { capacity: 10 });
  const [alice, bob] = ["alice", "bob"].map((tenant) => ({ context: { tenant } }));
  await store.add("a", new Uint8Array(6), alice);
  await store.setAcls("a", { readTenants: ["bob"] }, alice);
  await assertRejects(() => store.rename("a", "b", bob), Forbidden);
  assertEquals((await Array.fromAsync(store.list())).map(({ path }) => path), ["a"]);
  await store.rename("a", "c");
  assertEquals(await store.getSize("c", alice), 6);
  assertEquals((await store.getAcls("c", alice)).readTenants, ["bob"]);
});

Deno.test("Store.close: a store that opens slowly holds up no abort, and is closed when it is open", async () => {
  const events: string[] = [];
  let opened = () => {};
  class Slow extends Broken {
    constructor(name: string, options: { key: string }) {
      super(name, options);
      replaceMethods(this.driver, () => ({
        configureGet: async (): Promise<void> => {
          events.push("opening");
          await new Promise<void>((resolve) => opened = resolve);
          events.push("open");
        },
        release: (): Promise<void> => {
          events.push("released");
          return Promise.resolve();
        },
      }));
    }
  }
  const store = new Slow("s", { key: SECRET });
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = [store.get("a", { signal }), Array.fromAsync(store.list({ signal }))];
  const patient = store.get("a");
  controller.abort();
  for (const call of aborted) await assertRejects(() => call, DOMException);
  await store.close();
  const next = store.get("a");
  assertEquals(events, ["opening"]);
  opened();
  await patient;
  await until("the store to be opened anew", () => Promise.resolve(events.length === 4));
  assertEquals(events, ["opening", "open", "released", "opening"]);
  opened();
  await next;
  await store.close();
  assertEquals(events.slice(4), ["open", "released"]);
});
