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
  type DriverStat,
  type ImageReader,
  type ImageWriter,
  type OptionDefinitions,
  RemoteServiceUnavailable,
  SizeMismatch,
  Store,
  type StoreLocationClass,
  validateOptions,
} from "@vitrine/vitrine";
import { MemoryLocation } from "@vitrine/vitrine/memory";

const SECRET = "tr0ub4dor&3";

class Broken extends Store<MemoryLocation, { key: string }> {
  static override readonly OPTIONS: OptionDefinitions = {
    key: { type: "string", required: true, secret: true, help: "The key." },
  };
  static override readonly SCHEMES: readonly string[] = ["memory"];
  static override readonly CAPABILITIES: number = BitMasks.RW_RANDOM;
  static override readonly LOCATION: StoreLocationClass<MemoryLocation> = MemoryLocation;

  announced: number | undefined = 10;
  sent = 10;
  failure: unknown;
  aborted: unknown[] = [];
  closed = 0;

  protected override locate(imageId: string): MemoryLocation {
    return new MemoryLocation(this.name, imageId);
  }
  protected override imageIdAt(location: MemoryLocation): string {
    return location.path;
  }
  protected override openRead(_: MemoryLocation, _range: ByteRange): Promise<ImageReader> {
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
  protected override statImage(): Promise<DriverStat> {
    return Promise.resolve({ size: this.announced });
  }
  protected override openWrite(imageId: string): Promise<ImageWriter<MemoryLocation>> {
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

function broken(): Broken {
  return new Broken("broken", { key: SECRET });
}

Deno.test("a backend that sends less or more than it announced never looks whole", async () => {
  for (const [sent, Refusal] of [[9, RemoteServiceUnavailable], [11, SizeMismatch]] as const) {
    const store = broken();
    store.sent = sent;
    const { stream } = await store.get("a");
    await assertRejects(() => new Response(stream).arrayBuffer(), Refusal, "broken: get a: ");
    assertEquals(store.closed, 1);
  }
});

Deno.test("a driver's own error becomes one line with a cause and without a secret", async () => {
  const store = broken();
  store.failure = new TypeError(`refused key ${SECRET}\nfor https://me:${SECRET}@host/?sig=abc`);
  const error = await assertRejects(() => store.get("a/b"), BackendException);
  assertEquals(
    error.message,
    "broken: get a/b: refused key *** for https://***@host/?sig=***",
  );
  const shown = Deno.inspect(error, { depth: 9 });
  assert(!shown.includes(SECRET), shown);
  assert(error.cause === store.failure);
});

Deno.test("a commit that fails is aborted, and its own error is told", async () => {
  const store = broken();
  store.failure = new Error("no commit today");
  await assertRejects(() => store.add("a", new Uint8Array(3)), BackendException, "no commit today");
  assertEquals(store.aborted, [store.failure]);
});

Deno.test("an option is judged by name, value and what is allowed", () => {
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
    [{ dirs: [1] }, '"dirs" is [1]'],
    [{ meta: { a: 1 } }, '"meta" is {"a":1}'],
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
