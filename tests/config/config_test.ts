/**
 * Configuration: the file, the environment laid over it, and stores made of it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  BadStoreConfiguration,
  type Config,
  DriverLoadFailure,
  loadConfig,
  openStores,
  registerDriver,
} from "@vitrine/vitrine";
import { loadGlanceConf } from "@vitrine/vitrine/glance";
import { MemoryStore } from "@vitrine/vitrine/memory";

const env = {};

/** A store that shows the options it was made with. */
class Shown extends MemoryStore {
  static override readonly OPTIONS = {
    ...MemoryStore.OPTIONS,
    accessKey: { type: "string", default: "" },
    secretKey: { type: "string", secret: true, default: "" },
    dirs: { type: "list", default: [] },
  } as const;
  get shown(): unknown {
    return this.options;
  }
}
registerDriver("shown", () => Promise.resolve(Shown));

async function withFile(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "vitrine.json");
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function optionsOf(stores: Awaited<ReturnType<typeof openStores>>, name: string): unknown {
  return (stores.getStoreFromStoreIdentifier(name) as Shown).shown;
}

Deno.test("openStores: creates the stores of a file", async () => {
  const text = JSON.stringify({
    default: "local",
    stores: {
      local: { driver: "shown", description: "Mine.", weight: 10, capacity: 5 },
      tasks: { driver: "memory", reserved: true },
    },
    mounts: { "/images": "/local" },
  });
  await withFile(text, async (path) => {
    const config = await loadConfig({ path, env });
    assertEquals(config?.mounts, { "/images": "/local" });
    const stores = await openStores(config!, { env });
    const [local, tasks] = await stores.status();
    assertEquals([local!.driver, local!.description, local!.weight, local!.default], [
      "shown",
      "Mine.",
      10,
      true,
    ]);
    assertEquals([tasks!.reserved, tasks!.default], [true, false]);
    assertEquals(optionsOf(stores, "local"), {
      capacity: 5,
      accessKey: "",
      secretKey: "",
      dirs: [],
    });
  });
});

Deno.test("loadConfig: reads the file of VITRINE_CONFIG, which must exist", async () => {
  await withFile('{"stores":{"a":{"driver":"memory"}}}', async (path) => {
    const config = await loadConfig({ env: { VITRINE_CONFIG: path } });
    assertEquals(Object.keys(config!.stores), ["a"]);
    for (
      const options of [{ path: `${path}.no`, env }, { env: { VITRINE_CONFIG: `${path}.no` } }]
    ) {
      const error = await assertRejects(() => loadConfig(options), BadStoreConfiguration);
      assertEquals(error.message, `${path}.no: cannot be read: ENOENT`);
    }
  });
});

Deno.test("loadConfig: finds vitrine.json in the working directory, or nothing", async () => {
  const load = `const { loadConfig } = await import(${
    JSON.stringify(import.meta.resolve("../../mod.ts"))
  });
    console.log(JSON.stringify(await loadConfig({ env: {} }) ?? null));`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  async function run(cwd: string): Promise<unknown> {
    const script = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(script, load);
      const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--config", config, `--allow-read=vitrine.json`, script],
        cwd,
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout));
    } finally {
      await Deno.remove(script);
    }
  }
  await withFile('{"stores":{"found":{"driver":"memory"}}}', async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    assertEquals(Object.keys((await run(folder) as Config).stores), ["found"]);
    await Deno.remove(path);
    assertEquals(await run(folder), null);
  });
});

Deno.test("loadConfig: lays the environment over the file", async () => {
  const text = JSON.stringify({
    default: "Local",
    stores: {
      Local: { driver: "shown", capacity: 5, accessKey: "old" },
      other: { driver: "shown" },
    },
  });
  await withFile(text, async (path) => {
    const config = await loadConfig({
      path,
      env: {
        VITRINE_STORE_LOCAL_ACCESS_KEY: "new",
        VITRINE_STORE_LOCAL_CAPACITY: "77",
        VITRINE_STORE_EXTRA_DRIVER: "shown",
        VITRINE_STORE_EXTRA_DIRS: "a, b",
        VITRINE_STORE_EXTRA_WEIGHT: "4",
        VITRINE_STORE_OTHER_CAPACITY: "",
        VITRINE_DEFAULT_STORE: "OTHER",
        HOME: "/nowhere",
      },
    });
    const stores = await openStores(config!, { env });
    assertEquals(stores.names, ["Local", "other", "extra"]);
    assertEquals(stores.default, "other");
    assertEquals(stores.getStoreWeight("extra"), 4);
    const rest = { accessKey: "", secretKey: "", dirs: [] };
    assertEquals(optionsOf(stores, "Local"), { ...rest, capacity: 77, accessKey: "new" });
    assertEquals(optionsOf(stores, "other"), rest);
    assertEquals(optionsOf(stores, "extra"), { ...rest, dirs: ["a", "b"] });
  });
});

Deno.test("openStores: refuses a default store of the environment that does not exist", async () => {
  await withFile('{"default":"a","stores":{"a":{"driver":"memory"}}}', async (path) => {
    const config = await loadConfig({ path, env: { VITRINE_DEFAULT_STORE: "b" } });
    await assertRejects(() => openStores(config!, { env }), BadStoreConfiguration, '"b"');
  });
});

Deno.test("loadConfig: makes a configuration of the environment alone", async () => {
  const variables = { VITRINE_STORE_LOCAL_DRIVER: "memory" };
  const other = { VITRINE_STORE_MORE_DRIVER: "memory", VITRINE_DEFAULT_STORE: "more" };
  const memory = { driver: "memory" };
  await withFile("", async (path) => {
    await Deno.remove(path);
    const here = Deno.cwd();
    Deno.chdir(path.slice(0, path.lastIndexOf("/")));
    try {
      assertEquals(await loadConfig({ env: variables }), {
        stores: { local: { driver: "memory" } },
        default: undefined,
      });
      const fallback = { default: "local", stores: { local: { driver: "file" } } };
      assertEquals((await loadConfig({ env: variables, fallback }))?.stores, {
        local: { driver: "memory" },
      });
      assertEquals(await loadConfig({ env: {}, fallback }), fallback);
      assertEquals(
        await loadConfig({ env: { VITRINE_STORE_LOCAL_DATADIR: "/x", ...other }, fallback }),
        { default: "more", stores: { local: { driver: "file", datadir: "/x" }, more: memory } },
      );
    } finally {
      Deno.chdir(here);
    }
  });
});

Deno.test("openStores: replaces ${env:NAME} in strings at any depth", async () => {
  const stores = await openStores({
    stores: {
      a: {
        driver: "shown",
        accessKey: "${env:WHO}-${env:WHO}",
        dirs: ["/${env:WHO}", "${WHO}"],
        capacity: 3,
      },
    },
  }, { env: { WHO: "me" } });
  assertEquals(optionsOf(stores, "a"), {
    capacity: 3,
    accessKey: "me-me",
    secretKey: "",
    dirs: ["/me", "${WHO}"],
  });
});

Deno.test("openStores: fails one store if a variable is missing, and names it", async () => {
  const stores = await openStores({
    stores: {
      bad: { driver: "shown", secretKey: "${env:NOT_THERE}" },
      good: { driver: "memory" },
    },
  }, { env });
  assertEquals(
    stores.failures.get("bad")?.message,
    'bad: option "secretKey": the environment has no NOT_THERE',
  );
  await stores.add("a", new Uint8Array(), { backend: "good" });
});

Deno.test("openStores: reports each wrong store in one line that names it", async () => {
  const stores = await openStores({
    stores: {
      nodriver: {},
      nosuch: { driver: "floppy" },
      option: { driver: "memory", kapacity: 3 },
      value: { driver: "memory", capacity: -1 },
      weight: { driver: "memory", weight: "heavy" },
      good: { driver: "memory" },
    },
  }, { env });
  const said = Object.fromEntries(
    [...stores.failures].map(([name, { message }]) => [name, message]),
  );
  assertEquals(said["nodriver"], 'nodriver: option "driver" is required: Name of the driver.');
  assert(said["nosuch"]!.startsWith('nosuch: unknown driver "floppy"; known are: '));
  assertEquals(said["option"], 'option: unknown option "kapacity"; known are: capacity, accept');
  assertEquals(said["value"], 'value: option "capacity" is -1, allowed is an integer from 0');
  assertEquals(said["weight"], 'weight: option "weight" is "heavy", allowed is an integer');
  assert(stores.failures.get("nosuch") instanceof DriverLoadFailure);
  assertEquals(stores.failures.size, 5);
});

for (
  const [text, said] of [
    ["[1]", "the configuration is not an object"],
    ['{"stroes":{}}', '"stroes" is not one of "default", "stores" and "mounts"'],
    ['{"default":1}', '"default" is not a string'],
    ['{"stores":[]}', '"stores" is not an object'],
    ['{"stores":{"a":"memory"}}', '"stores.a" is not an object'],
    ['{"mounts":{"/a":1}}', '"mounts./a" is not a string'],
  ] as const
) {
  Deno.test(`loadConfig: refuses ${text} with file and key`, async () => {
    await withFile(text, async (path) => {
      const error = await assertRejects(() => loadConfig({ path, env }), BadStoreConfiguration);
      assertEquals(error.message, `${path}: ${said}`);
    });
  });
}

Deno.test("loadConfig: refuses a file that is not JSON without quoting it", async () => {
  await withFile(
    '{\n  "stores": { "a": { "secretKey": "hunter2" "driver": "x" } }\n}',
    async (path) => {
      const error = await assertRejects(() => loadConfig({ path, env }), BadStoreConfiguration);
      assert(error.message.startsWith(`${path}: is not JSON`), error.message);
      assert(!Deno.inspect(error).includes("hunter2"));
      assert(error.message.includes("line 2"), error.message);
    },
  );
  await withFile('{"stores":', async (path) => {
    const error = await assertRejects(() => loadConfig({ path, env }), BadStoreConfiguration);
    const reason = "Unexpected end of JSON input, at line 1 column 11";
    assertEquals(error.message, `${path}: is not JSON: ${reason}`);
  });
});

for (
  const [text, reason] of [
    ['{\n  "a": hunter2\n}', "Unexpected token 'h', at line 2 column 8"],
    ['{\n  "a": 1,\n}', "Expected double-quoted property name, at line 3 column 1"],
    ["{'a': 1}", "Expected property name or '}', at line 1 column 2"],
    ["// x\n{}", "Unexpected token '/', at line 1 column 1"],
    ["", "Unexpected end of JSON input, at line 1 column 1"],
  ] as const
) {
  Deno.test(`loadConfig: says why and where ${JSON.stringify(text)} is not JSON`, async () => {
    await withFile(text, async (path) => {
      const error = await assertRejects(() => loadConfig({ path, env }), BadStoreConfiguration);
      assertEquals(error.message, `${path}: is not JSON: ${reason}`);
    });
  });
}

Deno.test("loadConfig: accepts a byte order mark, of UTF-16 too", async () => {
  const text = '\ufeff{"stores":{"a":{"driver":"memory","description":"größer"}}}';
  const units = Uint16Array.from(text, (character) => character.charCodeAt(0));
  const little = new Uint8Array(units.buffer);
  const big = new Uint8Array(units.map((unit) => unit >> 8 | unit << 8).buffer);
  for (const bytes of [new TextEncoder().encode(text), little, big]) {
    await withFile("", async (path) => {
      await Deno.writeFile(path, bytes);
      const { stores } = (await loadConfig({ path, env }))!;
      assertEquals(stores.a, { driver: "memory", description: "größer" });
    });
  }
});

Deno.test("loadGlanceConf: accepts a byte order mark", async () => {
  const text = "\ufeff[DEFAULT]\r\nenabled_backends = a:file\r\n[a]\r\nstore_description = b\r\n";
  await withFile(text, async (path) => {
    const { stores } = await loadGlanceConf({ files: [path] });
    assertEquals(stores.a!.description, "b");
  });
});

Deno.test("openStores: expands ~ in paths, and in nothing else", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(home, "images"));
    const stores = await openStores({
      stores: {
        mine: { driver: "file", datadir: "~/images" },
        other: { driver: "file", datadir: "~root/images" },
        tilde: { driver: "shown", accessKey: "~/key" },
        several: { driver: "file", datadirs: "/srv/a:1, ~/images:2" },
        listed: { driver: "file", datadirs: ["~/images:2"] },
      },
    }, { env: { HOME: home } });
    const { location } = await stores.add("a.img", new Uint8Array(3), { backend: "mine" });
    assertEquals(location.uri(), `file://${home}/images/a.img`);
    for (const [name, uri] of [["several", "b.img"], ["listed", "c.img"]] as const) {
      const store = stores.getStoreFromStoreIdentifier(name);
      assertEquals((await store.locationOf(uri)).uri(), `file://${home}/images/${uri}`);
    }
    assertEquals(
      stores.failures.get("other")?.message,
      'other: option "datadir" is "~root/images": only ~/ can be expanded',
    );
    assertEquals((optionsOf(stores, "tilde") as { accessKey: string }).accessKey, "~/key");
    const homeless = await openStores({
      stores: { mine: { driver: "file", datadir: "~/images" } },
    }, { env });
    assert(homeless.failures.get("mine")?.message.includes("HOME is not set"));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("openStores: refuses stores whose directories lie inside each other", async () => {
  const file = (datadir: string) => ({ driver: "file", datadir });
  const stores = await openStores({
    stores: {
      outer: file("/srv/images"),
      inner: { driver: "file", datadirs: ["/mnt/other:5", "/srv/./images/team/:1"] },
      beside: file("/srv/images-2"),
      relative: file("./srv"),
      deeper: file(`${Deno.cwd()}/srv/x/../y`),
      elsewhere: { driver: "memory" },
    },
  }, { env });
  assertEquals([...stores.failures.keys()], ["outer", "inner", "relative", "deeper"]);
  assertEquals(
    stores.failures.get("inner")!.message,
    'inner: the directory /srv/images/team lies inside /srv/images of the store "outer"',
  );
  assertEquals(
    stores.failures.get("outer")!.message,
    'outer: the directory /srv/images holds /srv/images/team of the store "inner"',
  );
});

Deno.test("openStores: shows no secret of a value that is refused", async () => {
  const secret = "hunter2";
  const stores = await openStores({
    stores: {
      proxy: { driver: "http", proxyInformation: { http: 3, https: `http://u:${secret}@p` } },
      list: { driver: "memory", capacity: [secret] },
      host: { driver: "memory", capacity: `http://u:${secret}@h` },
      plain: { driver: "memory", capacity: `u:${secret}@proxy:3128` },
    },
  }, { env });
  assertEquals(stores.failures.size, 4);
  for (const error of stores.failures.values()) {
    assert(!Deno.inspect(error).includes(secret), error.message);
  }
});
