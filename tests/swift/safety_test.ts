/**
 * What the Swift store never does: delete what it was not requested to, believe what was not proved, or
 * pass over something silently.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BackendException,
  Duplicate,
  ImageChanged,
  NotFound,
  type SkippedEntry,
} from "../../mod.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { Vfs } from "@vitrine/vitrine/vfs";
import { assertBytes, bytesOf, pattern } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { type Passing, proxy } from "./proxy.ts";
import { type Account, account, container, emptied, swift } from "./servers.ts";

const BYTES = pattern(2_500_000);
const SEGMENTED: SwiftOptions = { largeObjectSize: 1, largeObjectChunkSize: 1 };

/** What a test works with: a store in a container of its own, and its account without the driver. */
interface Given {
  store: SwiftStore;
  options: SwiftOptions & { container: string };
  at: Account;
}

/** Registers a test with a store of several segments an image. */
function onSwift(
  name: string,
  body: (given: Given) => Promise<void>,
  { meddle, ...more }: SwiftOptions & { meddle?: (passing: Passing) => Promise<Response> } = {},
): void {
  serviceTest(name, "swift", async () => {
    await using through = meddle && await proxy(meddle);
    const options = {
      ...swift!,
      ...through?.options,
      ...SEGMENTED,
      container: container(),
      ...more,
    };
    await using store = new SwiftStore("images", options);
    try {
      await body({ store, options, at: await account(swift!) });
    } finally {
      await emptied({ ...swift!, container: options.container });
    }
  });
}

/** Collects what `gc` removes and what it cannot judge. */
async function collect(store: SwiftStore): Promise<{ removed: string[]; skipped: SkippedEntry[] }> {
  const skipped: SkippedEntry[] = [];
  const onSkipped = (one: SkippedEntry) => void skipped.push(one);
  const removed = await Array.fromAsync(store.gc({ olderThan: 0, onSkipped }));
  return { removed: removed.map(({ path }) => path), skipped };
}

for (const largeObjectType of ["slo", "dlo"] as const) {
  onSwift(
    `SwiftStore.delete: deletes a symlink and leaves its target (${largeObjectType})`,
    async ({ store, options: { container }, at }) => {
      await store.add("debian.qcow2", BYTES);
      const link = { "x-symlink-target": `${container}/debian.qcow2`, "content-length": "0" };
      assertEquals((await at.send("PUT", `/${container}/latest.qcow2`, link, "")).status, 201);
      await assertRejects(() => store.add("latest.qcow2", BYTES), Duplicate);
      assertBytes(await bytesOf(store, "latest.qcow2"), BYTES);
      await store.delete("latest.qcow2");
      await assertRejects(() => store.stat("latest.qcow2"), NotFound);
      assertBytes(await bytesOf(store, "debian.qcow2"), BYTES);
    },
    { largeObjectType },
  );

  onSwift(
    `SwiftStore.delete: deletes an image that has lost a segment, which reading names (${largeObjectType})`,
    async ({ store, options, at }) => {
      await store.add("broken.qcow2", BYTES);
      const names = await at.names(options.container);
      const lost = names.find((name) => name.endsWith("00000002"))!;
      await at.send("DELETE", `/${options.container}/${lost}`);
      for (const readConcurrency of [1, 4]) {
        await using reader = new SwiftStore("reader", { ...options, readConcurrency, retries: 1 });
        const error = await assertRejects(() => bytesOf(reader, "broken.qcow2"), BackendException);
        const segment = `segment ${options.container}/${lost} is missing`;
        assert(error.message.includes(segment), error.message);
      }
      const vfs = new Vfs({ images: store });
      await vfs.remove("/images/broken.qcow2");
      assertEquals(await at.names(options.container), []);
    },
    { largeObjectType },
  );
}

onSwift(
  "SwiftStore.add: writes a dynamic manifest where the server has no static ones",
  async ({ store, options, at }) => {
    await store.add("a.qcow2", BYTES);
    assertBytes(await bytesOf(store, "a.qcow2"), BYTES);
    const { headers } = await at.send("HEAD", `/${options.container}/a.qcow2`);
    assert(headers.has("x-object-manifest"));
    assertEquals((await at.names(options.container)).length, 4);
    await store.rename("a.qcow2", "b.qcow2");
    await store.delete("b.qcow2");
    assertEquals(await at.names(options.container), []);
  },
  { meddle: ({ search, pass }) => pass(search.replace("multipart-manifest=put", "")) },
);

onSwift(
  "SwiftStore.gc: keeps the segments that a manifest in another container refers to",
  async ({ store, options, at }) => {
    const archive = `${options.container}-archive`;
    await at.send("PUT", `/${archive}`);
    try {
      await store.add("m.qcow2", BYTES);
      const source = `/${options.container}/m.qcow2`;
      const copy = await at.send("PUT", `/${archive}/m.qcow2?multipart-manifest=put`, {
        "x-fresh-metadata": "true",
      }, JSON.stringify(manifest(await at.send("GET", `${source}?multipart-manifest=get`))));
      assertEquals(copy.status, 201);
      await at.send("DELETE", source);
      const dead = `.segments/${crypto.randomUUID()}`;
      await at.send("PUT", `/${options.container}/${dead}/00000001`, {}, "dead");
      const { removed } = await collect(store);
      assertEquals(removed, [`${options.container}/${dead}`]);
      const { text } = await at.send("GET", `/${archive}/m.qcow2`);
      assertEquals(text.length > 0, true);
      assertEquals((await at.send("HEAD", `/${archive}/m.qcow2`)).status, 200);
    } finally {
      await at.send("DELETE", `/${archive}/m.qcow2?multipart-manifest=delete`);
      await at.send("DELETE", `/${archive}`);
    }
  },
);

/** The entries of a manifest that was read, as a new manifest has them. */
function manifest({ text }: { text: string }): unknown[] {
  return JSON.parse(text).map((
    { name, bytes, hash }: { name: string; bytes: number; hash: string },
  ) => ({ path: name, size_bytes: bytes, etag: hash }));
}

onSwift(
  "SwiftStore.gc: reports what it cannot judge, and removes the rest",
  async ({ store, options: { container }, at }) => {
    await store.add("whole.qcow2", BYTES);
    const expiring = { "x-delete-at": `${Math.floor(Date.now() / 1000) + 2}` };
    await at.send("PUT", `/${container}/expired.txt`, expiring, "soon");
    await at.send("PUT", `/${container}/plain.qcow2`, {}, "plain");
    const dead = `.segments/${crypto.randomUUID()}`;
    await at.send("PUT", `/${container}/${dead}/00000001`, {}, "segment of a killed upload");
    for (;;) {
      if ((await at.send("HEAD", `/${container}/expired.txt`)).status === 404) break;
    }
    const { removed, skipped } = await collect(store);
    assertEquals(removed, [`${container}/${dead}`]);
    assert(skipped.some(({ path }) => path === `${container}/expired.txt`));
    assertBytes(await bytesOf(store, "whole.qcow2"), BYTES);
  },
);

onSwift(
  "SwiftStore.gc: judges ages by the server's clock",
  async ({ store, options: { container }, at }) => {
    await at.send("PUT", `/${container}`);
    await at.send("PUT", `/${container}/.segments/${crypto.randomUUID()}/00000001`, {}, "young");
    assertEquals(await Array.fromAsync(store.gc({ olderThan: 3_600_000 })), []);
  },
  {
    meddle: async ({ name, pass }) => {
      const response = await pass();
      const headers = new Headers(response.headers);
      // A server two days behind, whose objects have dates of its own.
      headers.set("date", new Date(Date.now() - 172_800_000).toUTCString());
      if (!/^GET \/[^/]+$/.test(name)) {
        return new Response(response.body, { ...status(response), headers });
      }
      headers.delete("content-length");
      const old = new Date(Date.now() - 172_800_000).toISOString().replace("Z", "");
      const text = (await response.text()).replaceAll(
        /"last_modified": "[^"]*"/g,
        `"last_modified": "${old}"`,
      );
      return new Response(text, { ...status(response), headers });
    },
  },
);

function status({ status }: Response): { status: number } {
  return { status };
}

onSwift(
  "SwiftStore.copy: a manifest that refers to itself ends, and can be deleted",
  async ({ store, options: { container }, at }) => {
    await at.send("PUT", `/${container}`);
    await at.send("PUT", `/${container}/part`, {}, pattern(1_100_000));
    const put = (object: string, entries: readonly string[]) => {
      const body = JSON.stringify(entries.map((name) => ({ path: `/${container}/${name}` })));
      return at.send("PUT", `/${container}/${object}?multipart-manifest=put`, {}, body);
    };
    for (
      const [object, ...entries] of [["ring", "part"], ["link", "ring"], ["ring", "part", "link"]]
    ) {
      assertEquals((await put(object!, entries)).status, 201);
    }
    // Its segments have no end, but it has a size, and the server ends a read there.
    await store.copy("ring", "copy");
    assertBytes(await bytesOf(store, "copy"), await bytesOf(store, "ring"));
    await store.delete("copy");
    await store.delete("ring");
    assertEquals(await at.names(container), []);
  },
  { retries: 1 },
);

onSwift(
  "SwiftStore.open: a handle fails when its image is replaced by another",
  async ({ store }) => {
    await store.add("a.qcow2", BYTES);
    await using handle = await store.open("a.qcow2");
    const view = new Uint8Array(100);
    assertEquals(await handle.read(view, 2_000_000), 100);
    await store.delete("a.qcow2");
    await store.add("a.qcow2", pattern(BYTES.length, 7));
    await assertRejects(() => handle.read(view, 2_000_000), ImageChanged);
  },
);

{
  let deletes = 0;
  let fault: (passing: Passing) => Promise<Response> = ({ pass }) => pass();
  onSwift(
    "SwiftStore.delete: a lost response is a success, another's delete is NotFound",
    async ({ store, options: { container }, at }) => {
      for (const bytes of [pattern(10), BYTES]) {
        await store.add("a.qcow2", bytes);
        deletes = 0;
        fault = async ({ pass }) => {
          const response = await pass();
          await response.body?.cancel();
          return new Response(null, { status: deletes === 1 ? 503 : response.status });
        };
        await store.delete("a.qcow2");
        assert(deletes > 1);
        await store.add("a.qcow2", bytes);
        fault = async ({ name, pass }) => {
          await at.send("DELETE", name.slice("DELETE ".length));
          return await pass();
        };
        await assertRejects(() => store.delete("a.qcow2"), NotFound);
        await store.add("a.qcow2", bytes);
        await assertRejects(() => store.rename("a.qcow2", "b.qcow2"), NotFound);
        await assertRejects(() => store.stat("b.qcow2"), NotFound);
        await collect(store);
      }
      assertEquals(await at.names(container), []);
    },
    {
      meddle: (passing) => {
        if (!/^DELETE .*\/a\.qcow2$/.test(passing.name)) return passing.pass();
        deletes++;
        return fault(passing);
      },
    },
  );
}

onSwift(
  "SwiftStore.rename: of two renames of one image one succeeds, and one image is left",
  async ({ store }) => {
    for (const bytes of [pattern(10), BYTES]) {
      await store.add("a.qcow2", bytes);
      const ends = await Promise.allSettled(
        ["b.qcow2", "c.qcow2"].map((id) => store.rename("a.qcow2", id)),
      );
      assertEquals(ends.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      const left = await Array.fromAsync(store.list());
      assertEquals(left.length, 1);
      assertBytes(await bytesOf(store, left[0]!.path), bytes);
      await store.delete(left[0]!.path);
    }
  },
);

onSwift(
  "SwiftStore.list: reports names that are no image ids, and shows markers as directories",
  async ({ store, options: { container }, at }) => {
    await store.add("iso/debian.iso", pattern(3));
    for (const name of ["empty/", "iso/", "iso//x", "a%5Cb", "c%0Ad"]) {
      await at.send("PUT", `/${container}/${name}`, {}, "");
    }
    await at.send("PUT", `/${container}/horizon`, { "content-type": "application/directory" }, "");
    const list = async (options: { directory?: string; recursive?: boolean }) => {
      const skipped: string[] = [];
      const onSkipped = ({ path }: SkippedEntry) => void skipped.push(path);
      const entries = await Array.fromAsync(store.list({ ...options, onSkipped }));
      return { paths: entries.map(({ path }) => path), skipped };
    };
    assertEquals(await list({}), {
      paths: ["empty", "horizon", "iso"],
      skipped: ["a\\b", "c\nd"],
    });
    assertEquals(await list({ directory: "iso" }), {
      paths: ["iso/debian.iso"],
      skipped: ["iso//"],
    });
    assertEquals(await list({ directory: "empty" }), { paths: [], skipped: [] });
    assertEquals(await list({ recursive: true }), {
      paths: ["iso/debian.iso"],
      skipped: ["a\\b", "c\nd", "iso//x"],
    });
  },
);

onSwift("SwiftStore: reading creates nothing", async ({ store, options, at }) => {
  assertEquals(await Array.fromAsync(store.list()), []);
  assertEquals(await Array.fromAsync(store.gc({ dryRun: true })), []);
  await assertRejects(() => store.stat("a.qcow2"), NotFound);
  await assertRejects(() => store.get("a.qcow2"), NotFound);
  await assertRejects(() => store.delete("a.qcow2"), NotFound);
  assertEquals((await at.send("HEAD", `/${options.container}`)).status, 404);
  await using strict = new SwiftStore("strict", { ...options, createContainerOnPut: false });
  const error = await assertRejects(() => Array.fromAsync(strict.list()), NotFound);
  assert(error.message.includes(`the container "${options.container}" does not exist`));
});

onSwift(
  "SwiftStore.copy: keeps media type, disposition and user metadata",
  async ({ store, options: { container }, at }) => {
    await store.add("a.qcow2", BYTES);
    const kept = {
      "content-type": "application/x-qcow2",
      "content-disposition": 'attachment; filename="a.qcow2"',
      "x-object-meta-owner": "alice",
    };
    const { headers: before } = await at.send("HEAD", `/${container}/a.qcow2`);
    const digests = [...before].filter(([name]) => name.startsWith("x-object-meta-"));
    await at.send("POST", `/${container}/a.qcow2`, { ...Object.fromEntries(digests), ...kept });
    await store.copy("a.qcow2", "b.qcow2");
    await store.rename("b.qcow2", "c.qcow2");
    const { headers } = await at.send("HEAD", `/${container}/c.qcow2`);
    for (const [name, value] of Object.entries(kept)) assertEquals(headers.get(name), value, name);
    assertBytes(await bytesOf(store, "c.qcow2", { verify: true }), BYTES);
  },
);

onSwift("SwiftStore.stat: no date lies in the future, and the listing has the same", async ({
  store,
}) => {
  for (const [id, bytes] of [["small", pattern(10)], ["large", BYTES]] as const) {
    await store.add(id, bytes);
    const { modified } = await store.stat(id);
    assert(modified!.getTime() <= Date.now(), `${modified?.toISOString()}`);
    const result = await store.get(id);
    await result.stream.cancel();
    assertEquals(result.modified, modified);
    const entries = await Array.fromAsync(store.list());
    assertEquals(entries.find(({ path }) => path === id)!.modified, modified);
  }
});

onSwift(
  "SwiftStore: a segmented image with a Content-Encoding is read, copied and deleted as stored",
  async ({ store, options: { container }, at }) => {
    await store.add("a.qcow2", BYTES);
    await at.send("POST", `/${container}/a.qcow2`, {
      "content-encoding": "gzip",
      "content-type": "image/png",
    });
    assertEquals((await store.stat("a.qcow2")).size, BYTES.length);
    assertBytes(await bytesOf(store, "a.qcow2"), BYTES);
    await store.copy("a.qcow2", "b.qcow2");
    const { headers } = await at.send("HEAD", `/${container}/b.qcow2`);
    assertEquals(headers.get("content-encoding"), "gzip");
    await store.rename("b.qcow2", "c.qcow2");
    assertBytes(await bytesOf(store, "c.qcow2"), BYTES);
    assertEquals(await collect(store), { removed: [], skipped: [] });
    for (const name of ["a.qcow2", "c.qcow2"]) await store.delete(name);
    assertEquals(await at.names(container), []);
  },
);

serviceTest(
  "SwiftStore.add: a container that was just created may be missing for a moment",
  "swift",
  async () => {
    let refusals = 0;
    const options = {
      ...swift!,
      container: container(),
      fetch(address: string, init: RequestInit) {
        const isObject = new URL(address).pathname.split("/").length > 4;
        // The first one is that of the container that there is not.
        if (!isObject || init.method !== "PUT" || ++refusals > 3) return fetch(address, init);
        return Promise.resolve(new Response(null, { status: 404 }));
      },
    };
    {
      await using store = new SwiftStore("new", options);
      await store.add("image", BYTES);
      assertBytes(await bytesOf(store, "image"), BYTES);
    }
    assert(refusals > 3);
    await emptied(options);
  },
);
