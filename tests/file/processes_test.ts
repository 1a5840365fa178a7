/**
 * Several processes at one datadir, and processes that are killed.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Duplicate } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { createHash } from "node:crypto";
import { contentOf, numbers } from "./adder.ts";
import { inFolder, litter, moduleArgs, tree } from "./support.ts";

/** Starts a process that adds images when it is signalled to. */
async function startAdder(datadir: string, killAt: number, imageIds: string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: moduleArgs("adder.ts", datadir, `${killAt}`, ...imageIds),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "ready\n");
  return {
    pid: child.pid,
    go: async () => {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("go\n"));
      await writer.close();
    },
    kill: () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    },
    /** What became of each image; `undefined` if the process was killed. */
    ended: async (): Promise<string[] | undefined> => {
      const [text, { signal }] = await Promise.all([
        new Response(child.stdout).text(),
        child.status,
        reader.cancel(),
      ]);
      return signal === "SIGKILL" ? undefined : JSON.parse(text);
    },
  };
}

function md5(pieces: Iterable<Uint8Array>): string {
  const hash = createHash("md5");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** The images in a datadir as the file system has them: whatever bears a name. */
async function visible(datadir: string): Promise<string[]> {
  const all = await tree(datadir);
  return all.filter((path) => !path.startsWith(".vitrine/") && !path.endsWith("/"));
}

const SEED = Deno.env.get("VITRINE_TEST_SEED") ?? `${Date.now()}`;

Deno.test(`FileStore.add: killed during 50 adds, a store shows whole images alone and leaves no litter (seed ${SEED})`, async () => {
  await inFolder(async (datadir) => {
    const next = numbers(SEED);
    const ids = Array.from(
      { length: 50 },
      (_, i) => next() < 0.5 ? `image-${i}` : `made/${i % 7}/for-${i}/image`,
    );
    let killed = 0;
    for (let round = 0; round < ids.length; round += 2) {
      const own = ids.slice(round, round + 2);
      const total = own.flatMap((id) => [...contentOf(id)]).reduce(
        (sum, one) => sum + one.length,
        0,
      );
      // Half of them at a byte of the data, the others at a change that the datadir shows.
      const atByte = next() < 0.5;
      const adder = await startAdder(datadir, atByte ? Math.ceil(next() * total) : 0, own);
      let watching: Promise<void> | undefined;
      const watcher = Deno.watchFs(datadir);
      if (!atByte) {
        const after = Math.floor(next() * 14);
        watching = (async () => {
          let count = 0;
          for await (const { kind } of watcher) {
            if (kind !== "access" && count++ >= after) adder.kill();
          }
        })();
      }
      await adder.go();
      const said = await adder.ended();
      watcher.close();
      await watching;
      if (said === undefined) killed++;

      // Even before anybody clears up, what has a name is whole.
      const seen = await visible(datadir);
      for (const id of own.filter((id) => seen.includes(id))) {
        const bytes = await Deno.readFile(`${datadir}/${id}`);
        assert(wrote(id, adder.pid) === md5([bytes]), `${id} is not whole`);
      }
      for (const [i, id] of own.entries()) {
        if (said?.[i] === "added") assert(seen.includes(id), `${id} was added and is lost`);
      }

      const store = new FileStore("files", { datadir });
      await Array.fromAsync(store.gc({ olderThan: 0 }));
      assertEquals(await litter(datadir), [], `after ${own}`);
      for (const id of own) {
        if (seen.includes(id)) {
          await assertRejects(() => store.add(id, new Uint8Array(1)), Duplicate);
        } else {
          await store.add(id, contentOf(id, `${adder.pid}`));
        }
        // Digests are recorded before the image is visible: an image is never without them.
        assertEquals((await store.stat(id)).checksum, wrote(id, adder.pid));
        const { stream } = await store.get(id, { verify: true });
        await stream.pipeTo(new WritableStream());
      }
    }
    assertEquals(await visible(datadir), ids.toSorted());
    assert(killed >= 10, `only ${killed} of 25 processes were killed in time`);
  });
});

function wrote(imageId: string, pid: number): string {
  return md5(contentOf(imageId, `${pid}`));
}

Deno.test("FileStore.add: of processes that add one id at once, one wins, and the image is the winner's", async () => {
  await inFolder(async (datadir) => {
    const ids = Array.from({ length: 20 }, (_, i) => `${i % 2 ? "a/" : ""}image-${i}`);
    const adders = await Promise.all([1, 2, 3].map(() => startAdder(datadir, 0, ids)));
    await Promise.all(adders.map((adder) => adder.go()));
    const said = await Promise.all(adders.map((adder) => adder.ended()));
    for (const [i, id] of ids.entries()) {
      const outcomes = said.map((one) => one![i]!);
      assertEquals(outcomes.toSorted(), ["Duplicate", "Duplicate", "added"], id);
      const winner = adders[outcomes.indexOf("added")]!;
      assertEquals(md5([await Deno.readFile(`${datadir}/${id}`)]), wrote(id, winner.pid), id);
    }
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore.configureAdd: a store that starts leaves alone what others are writing", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const adding = store.add("slow", readable);
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(5_000_000));
    const other = await startAdder(datadir, 0, ["other"]);
    await Array.fromAsync(new FileStore("again", { datadir }).gc({ olderThan: 0 }));
    await other.go();
    assertEquals(await other.ended(), ["added"]);
    await writer.close();
    assertEquals((await adding).size, 5_000_000);
    assertEquals(await visible(datadir), ["other", "slow"]);
    assertEquals(await litter(datadir), []);
  });
});

Deno.test("FileStore.gc: what another runtime or machine left is cleared away when nobody wrote to it for a day", async () => {
  await inFolder(async (datadir) => {
    await new FileStore("files", { datadir }).add("first", new Uint8Array(1));
    const temporary = `${datadir}/.vitrine/tmp`;
    const day = 24 * 60 * 60 * 1000;
    const left: Record<string, boolean> = {
      "image-a.lock": false,
      "directories-b.lock": false,
      [`image-c.${Deno.pid}@somewhere`]: true,
      "anything": true,
    };
    for (const name of Object.keys(left)) await Deno.writeTextFile(`${temporary}/${name}`, "x");
    for (const name of ["image-d.1@somewhere", "old"]) {
      await Deno.writeTextFile(`${temporary}/${name}`, "x");
      await Deno.utime(`${temporary}/${name}`, new Date(), new Date(Date.now() - day - 60_000));
    }
    await new FileStore("files", { datadir }).add("second", new Uint8Array(1));
    const kept = Object.keys(left).filter((name) => left[name]).sort();
    assertEquals(await tree(temporary), kept);
  });
});

Deno.test("FileStore.add: an id that another datadir is given during an add is Duplicate", async () => {
  await inFolder(async (folder) => {
    const datadirs = [`${folder}/a`, `${folder}/b`];
    for (const datadir of datadirs) await Deno.mkdir(datadir);
    const store = new FileStore("files", { datadirs: [`${datadirs[0]}:1`, `${datadirs[1]}:0`] });
    async function* source() {
      yield new Uint8Array(1);
      await Deno.mkdir(`${datadirs[1]}/x`);
      await Deno.writeTextFile(`${datadirs[1]}/x/y`, "other");
    }
    await assertRejects(() => store.add("x/y", source()), Duplicate);
    assertEquals(await visible(datadirs[0]!), []);
    for (const datadir of datadirs) assertEquals(await litter(datadir), []);
    assertEquals(await store.getSize("x/y"), 5);
    await assertRejects(() => store.add("x/y", new Uint8Array(1)), Duplicate);
    const all = await Array.fromAsync(store.list({ recursive: true }));
    assertEquals(all.map(({ path }) => path), ["x/y"]);

    // What two datadirs have, by whatever way, is listed once and read where it is first.
    await Deno.mkdir(`${datadirs[0]}/x`);
    await Deno.writeTextFile(`${datadirs[0]}/x/y`, "first");
    await Deno.writeTextFile(`${datadirs[1]}/x/z`, "z");
    const names = async (recursive: boolean) =>
      (await Array.fromAsync(store.list({ recursive }))).map(({ path }) => path).sort();
    assertEquals(await names(true), ["x/y", "x/z"]);
    assertEquals(await names(false), ["x"]);
    assertEquals(await new Response((await store.get("x/y")).stream).text(), "first");
    assertEquals(await store.getSize(`file://${datadirs[1]}/x/y`), 5);
  });
});
