/**
 * A cluster that stops, comes back, stays away or fills up, and writers that crash.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Duplicate, NotFound, StorageFull, TimeoutError } from "@vitrine/vitrine";
import type { RbdStore } from "@vitrine/vitrine/rbd";
import { cephCluster, type Endpoints, serviceTest, startOwn } from "../services/mod.ts";
import { until } from "../until.ts";
import { ceph, freshId, MIB, objects, randomBytes, sha512, storeOn } from "./support.ts";

function startCluster(): Promise<Endpoints & AsyncDisposable> {
  return startOwn(cephCluster("ceph-faults", {
    objectstore: "memstore",
    capacity: 256 * MIB,
    cephx: false,
    gateway: false,
  }));
}

/** The bytes in pieces; `meanwhile` is called half way. */
async function* pieces(bytes: Uint8Array, meanwhile: () => unknown): AsyncGenerator<Uint8Array> {
  const half = bytes.length >> 1;
  for (let at = 0; at < bytes.length; at += MIB) {
    if (at === half) await meanwhile();
    yield bytes.subarray(at, Math.min(at + MIB, bytes.length));
  }
}

async function digest(store: RbdStore, id: string, meanwhile = () => {}): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of (await store.get(id)).stream) {
    if (parts.length === 1) meanwhile();
    parts.push(chunk);
  }
  return await sha512(await new Blob(parts).arrayBuffer());
}

/** Collects garbage until the pool has nothing of the images. */
async function untilCollected(cluster: Endpoints, ...images: string[]): Promise<void> {
  await using store = storeOn(cluster);
  await until("gc", async () => {
    await Array.fromAsync(store.gc({ olderThan: 0, onSkipped() {} }));
    return !(await objects(cluster)).some((name) => images.some((image) => name.endsWith(image)));
  });
}

async function isFull(cluster: Endpoints): Promise<boolean> {
  return /^pool .* flags \S*\bfull\b/m.test(
    (await ceph(cluster, "osd", "dump")).replaceAll(/(near|backfill)full/g, ""),
  );
}

/** Calls the cluster full from this part of its capacity on, and waits until it is full or not. */
async function fullFrom(cluster: Endpoints, ratio: number, full: boolean): Promise<void> {
  const kinds = ["nearfull", "backfillfull", "full"];
  // None may be above the next.
  for (const kind of full ? kinds : kinds.reverse()) {
    await ceph(cluster, "osd", `set-${kind}-ratio`, `${ratio}`);
  }
  await until(full ? "a full cluster" : "room", async () => await isFull(cluster) === full);
}

serviceTest(
  "RbdStore: a stopped OSD and a lost monitor are errors or waited for",
  "ceph",
  async (_, t) => {
    await using cluster = await startCluster();
    // A watcher that is gone is forgotten after 30 seconds by default.
    await ceph(cluster, "config", "set", "osd", "osd_client_watch_timeout", "3");
    const { mon, osd } = cluster.pids;
    const stopAWhile = () => {
      Deno.kill(osd, "SIGSTOP");
      setTimeout(() => Deno.kill(osd, "SIGCONT"), 1_000);
    };
    await using patient = storeOn(cluster, { connectTimeout: -1 });
    const bytes = randomBytes(40 * MIB);

    await t.step("an add and a get go on when the OSD comes back", async () => {
      const { multihash } = await patient.add("stopped", pieces(bytes, stopAWhile));
      assertEquals(multihash.value, await sha512(bytes));
      assertEquals(await digest(patient, "stopped", stopAWhile), multihash.value);
      await patient.delete("stopped");
    });

    await t.step("an add fails by the timeout and leaves nothing", async () => {
      const store = storeOn(cluster, { connectTimeout: 2 });
      await store.configure();
      const adding = store.add("away", pieces(bytes, () => Deno.kill(osd, "SIGSTOP")));
      const error = await assertRejects(() => adding, TimeoutError);
      assert(error.retryable);
      Deno.kill(osd, "SIGCONT");
      await store.close();
      await assertRejects(() => patient.get("away"), NotFound);
      assertEquals(await Array.fromAsync(patient.list()), []);
      await untilCollected(cluster, "away");
      assertEquals(await objects(cluster), []);
      await patient.add("away", bytes);
      await patient.delete("away");
    });

    await t.step("what is aborted does not wait for the OSD", async () => {
      await patient.add("there", bytes);
      const store = storeOn(cluster, { connectTimeout: -1 });
      await store.configure();
      const handle = await store.get("there");
      Deno.kill(osd, "SIGSTOP");
      const reason = new Error("enough");
      const operations: ((signal: AbortSignal) => Promise<unknown>)[] = [
        (signal) => store.add("other", bytes, { signal }),
        (signal) => store.get("there", { signal }),
        (signal) => store.stat("there", { signal }),
        (signal) => store.copy("there", "other", { signal }),
        (signal) => Array.fromAsync(store.list({ signal })),
      ];
      for (const operation of operations) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(reason), 100);
        assertStrictEquals(await assertRejects(() => operation(controller.signal)), reason);
      }
      Deno.kill(osd, "SIGCONT");
      const controller = new AbortController();
      const stopAndAbort = () => {
        Deno.kill(osd, "SIGSTOP");
        setTimeout(() => controller.abort(reason), 100);
      };
      const adding = store.add("other", pieces(bytes, stopAndAbort), { signal: controller.signal });
      assertStrictEquals(await assertRejects(() => adding), reason);
      Deno.kill(osd, "SIGCONT");
      assertEquals((await new Response(handle.stream).arrayBuffer()).byteLength, bytes.length);
      await store.close();
      await untilCollected(cluster, "other");
      assertEquals((await Array.fromAsync(patient.list())).map(({ path }) => path), ["there"]);
      await patient.delete("there");
    });

    await t.step(
      "a monitor that does not respond is TimeoutError, and again there is no error",
      async () => {
        Deno.kill(mon, "SIGSTOP");
        await using store = storeOn(cluster, { connectTimeout: 1 });
        await assertRejects(() => store.configure(), TimeoutError);
        Deno.kill(mon, "SIGCONT");
        await using other = storeOn(cluster);
        await other.add("again", bytes);
        await store.delete("again");
      },
    );
  },
);

serviceTest(
  "RbdStore.add: a cluster that fills up is StorageFull, and nothing is left",
  "ceph",
  async (_, t) => {
    await using cluster = await startCluster();
    await using store = storeOn(cluster);
    const bytes = randomBytes(40 * MIB);
    for (const size of [undefined, bytes.length]) {
      await t.step(`in mid-write, size ${size}`, async () => {
        const full = () => fullFrom(cluster, 0.01, true);
        await assertRejects(() => store.add("full", pieces(bytes, full), { size }), StorageFull);
        await assertRejects(() => store.get("full"), NotFound);
        await until("the image to go", async () => (await objects(cluster)).length === 0);
        await fullFrom(cluster, 0.95, false);
      });
    }
    await t.step("and images can be read and deleted, which makes room", async () => {
      const { multihash } = await store.add("a", bytes);
      await store.add("b", bytes);
      await fullFrom(cluster, 0.2, true);
      assertEquals(await digest(store, "a"), multihash.value);
      await assertRejects(() => store.add("c", bytes), StorageFull);
      await store.delete("b");
      await assertRejects(() => store.get("b"), NotFound);
      await until("room", async () => !await isFull(cluster));
      await store.add("b", randomBytes(10));
      assertEquals(await digest(store, "a"), multihash.value);
    });
  },
);

serviceTest(
  "RbdStore.gc: crashed writers leave nothing, and living ones are left alone",
  "ceph",
  async (_, t) => {
    await using cluster = await startCluster();
    await ceph(cluster, "config", "set", "osd", "osd_client_watch_timeout", "3");
    const bytes = randomBytes(20 * MIB);

    /** Starts an add in a process of its own, and kills it in mid-write. */
    async function crash(id: string): Promise<void> {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--allow-all", "--quiet", "--no-check"],
          ...[fromFileUrl(import.meta.resolve("./add_child.ts")), cluster.confPath, id],
        ],
        stdout: "piped",
      }).spawn();
      await child.stdout.getReader().read();
      child.kill("SIGKILL");
      await child.status;
    }

    await t.step("RbdStore.gc: removes what a killed add left, and nothing else does", async () => {
      const id = freshId();
      await crash(id);
      await using store = storeOn(cluster);
      await assertRejects(() => store.get(id), NotFound);
      assertEquals(await Array.fromAsync(store.list()), []);
      await assertRejects(() => store.add(id, bytes), Duplicate, "unfinished");
      assertEquals(await Array.fromAsync(store.gc()), []);
      await untilCollected(cluster, id);
      assertEquals(await objects(cluster), []);
      await store.add(id, bytes);
      await store.delete(id);
    });

    await t.step("RbdStore.gc: leaves alone what is being written", async () => {
      await using store = storeOn(cluster);
      const id = freshId();
      await crash(id);
      const dryRun = async () => {
        await until(
          "the watcher to go",
          async () =>
            (await Array.fromAsync(store.gc({ olderThan: 0, dryRun: true }))).length === 1,
        );
      };
      await store.add("alive", pieces(bytes, dryRun));
      assertEquals(await Array.fromAsync(store.gc()), []);
      const [leftover] = await Array.fromAsync(store.gc({ olderThan: 0 }));
      assertEquals([leftover?.path, leftover?.kind], [id, "image"]);
      await store.delete("alive");
      assertEquals(await objects(cluster), []);
    });

    await t.step(
      "RbdStore.gc: collects beside an add from its first moment to its last",
      async () => {
        await using store = storeOn(cluster);
        await using other = storeOn(cluster);
        let adding = true;
        const collecting = (async () => {
          while (adding) await Array.fromAsync(other.gc({ olderThan: 60_000, onSkipped() {} }));
        })();
        for (let i = 0; i < 10; i++) await store.add(`alive-${i}`, randomBytes(10 + i));
        adding = false;
        await collecting;
        for (let i = 0; i < 10; i++) assertEquals(await store.getSize(`alive-${i}`), 10 + i);
      },
    );
  },
);
