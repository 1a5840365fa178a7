/**
 * The options of file stores, right and wrong.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BadStoreConfiguration,
  BitMasks,
  NotFound,
  StorageFull,
  StoreAddDisabled,
} from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import {
  canMount,
  inFolder,
  installed,
  litter,
  MIB,
  moduleArgs,
  run,
  tree,
  withMount,
} from "./support.ts";

function assertOneLine(error: Error, ...parts: string[]): void {
  assertEquals(error.message.split("\n").length, 1, error.message);
  for (const part of ["files", ...parts]) assert(error.message.includes(part), error.message);
}

Deno.test("FileStore: options that contradict each other or make no sense are refused when a store is made", () => {
  const bad: [ConstructorParameters<typeof FileStore>[1], ...string[]][] = [
    [{ datadir: "/a", datadirs: ["/b"] }, "datadir", "datadirs"],
    [{ datadirs: ["/a:high"] }, "/a", "high", "integer"],
    [{ datadirs: ["/a:1.5"] }, "1.5"],
    [{ datadirs: ["/a:1:x"] }, "x"],
    [{ datadirs: [":1"] }, "without a path"],
    [{ datadirs: ["/a:1", "/a:2"] }, "/a", "two priorities"],
    [{ datadirs: ["/a", "/a/b"] }, "/a/b lies in"],
    [{ datadir: "/a\nb" }, "control character"],
    [{ datadir: "" }, "empty"],
    [{ filePerm: 888 }, "filePerm", "888", "octal"],
    [{ filePerm: 244 }, "filePerm", "owner"],
    [{ filePerm: 0.5 }, "filePerm"],
    [{ chunkSize: 0 }, "chunkSize"],
    [{ timeout: -1 }, "timeout"],
    [{ nothing: 1 } as object, "nothing", "datadirs"],
  ];
  for (const [options, ...parts] of bad) {
    const error = assertThrows(() => new FileStore("files", options), BadStoreConfiguration);
    assertOneLine(error, ...parts);
  }
});

Deno.test("FileStore: an empty datadir gives way to datadirs, as configurations of glance have it", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a`);
    const store = new FileStore("files", { datadir: "", datadirs: [`${folder}/a`] });
    assertEquals((await store.locationOf("x")).uri(), `file://${folder}/a/x`);
  });
});

Deno.test("FileStore: a datadir that is missing is an error, and is not created", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/disk/images`;
    for (
      const operation of [
        (store: FileStore) => store.configure(),
        (store: FileStore) => store.stat("a"),
        (store: FileStore) => store.get("a"),
        (store: FileStore) => store.add("a", new Uint8Array(1)),
        (store: FileStore) => Array.fromAsync(store.list()),
        (store: FileStore) => Array.fromAsync(store.gc({ dryRun: true })),
        (store: FileStore) => Array.fromAsync(store.gc()),
      ]
    ) {
      const store = new FileStore("files", { datadir });
      const error = await assertRejects(() => operation(store), BadStoreConfiguration);
      assertOneLine(error, `${datadir} cannot be read: ENOENT`);
    }
    assertEquals(await tree(folder), []);
  });
});

Deno.test("FileStore: with createDatadir a datadir is empty until the first write", async () => {
  await inFolder(async (folder) => {
    await Deno.chmod(folder, 0o2770);
    const store = new FileStore("files", {
      datadir: `${folder}/deep/er`,
      createDatadir: true,
      filePerm: 640,
    });
    assertEquals(await Array.fromAsync(store.list({ recursive: true })), []);
    assertEquals(await Array.fromAsync(store.gc({ olderThan: 0 })), []);
    await assertRejects(() => store.stat("a"), NotFound);
    await assertRejects(() => store.get("a"), NotFound);
    assertEquals(await tree(folder), []);
    await store.add("a", new Uint8Array(1));
    assertEquals(((await Deno.stat(`${folder}/deep/er`)).mode! & 0o7777).toString(8), "2770");
  });
});

Deno.test("FileStore: a datadir that is a file is BadStoreConfiguration", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const datadir of [`${folder}/file`, `${folder}/file/below`]) {
      const error = await assertRejects(
        () => new FileStore("files", { datadir }).configure(),
        BadStoreConfiguration,
      );
      assertOneLine(error, datadir);
    }
  });
});

Deno.test("FileStore.configureAdd: a metadata file that is missing, no JSON or of another shape makes the store read-only", async () => {
  await inFolder(async (datadir) => {
    const metadataFile = `${datadir}.json`;
    const bad: [string | undefined, string][] = [
      [undefined, "cannot be read"],
      ["{not json", "not JSON"],
      ["[1]", "mountpoint"],
      ['"text"', "mountpoint"],
      ["null", "mountpoint"],
      ['{"id": "a"}', "mountpoint"],
      ['{"id": "a", "mountpoint": 1}', "mountpoint"],
      ['{"id": "a", "mountpoint": "/", "more": 1}', "mountpoint"],
    ];
    await new FileStore("files", { datadir }).add("there", new Uint8Array(3));
    try {
      for (const [text, part] of bad) {
        if (text !== undefined) await Deno.writeTextFile(metadataFile, text);
        const store = new FileStore("files", { datadir, metadataFile });
        await store.configure();
        assert(store.addFailure instanceof BadStoreConfiguration);
        assertOneLine(store.addFailure, metadataFile, part);
        const error = await assertRejects(
          () => store.add("a", new Uint8Array(1)),
          StoreAddDisabled,
        );
        assertOneLine(error, "add a", part);
        assertEquals(await store.getSize("there"), 3);
      }
    } finally {
      await Deno.remove(metadataFile);
    }
  });
});

Deno.test("FileStore.add: returns the metadata of the first mountpoint that the path starts with", async () => {
  await inFolder(async (folder) => {
    const metadataFile = `${folder}/metadata.json`;
    const other = { id: "other", mountpoint: "/other" };
    const here = { id: "here", mountpoint: folder, more: ["a", { b: "c" }] };
    const options = { datadir: `${folder}/images`, metadataFile };
    await Deno.mkdir(options.datadir);
    const metadata = async (json: unknown, imageId: string) => {
      await Deno.writeTextFile(metadataFile, JSON.stringify(json));
      return (await new FileStore("files", options).add(imageId, new Uint8Array(1))).metadata;
    };
    assertEquals(await metadata([other, here], "a"), { ...here, store: "files" });
    assertEquals(await metadata(here, "b"), { ...here, store: "files" });
    assertEquals(await metadata(other, "c"), { store: "files" });
    assertEquals(await metadata([], "d"), { store: "files" });
  });
});

Deno.test("FileStore: filePerm is read as octal digits, and lets readers through the directories", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir, { mode: 0o700 });
    const mode = async (path: string) => (await Deno.stat(`${datadir}/${path}`)).mode! & 0o777;
    const store = new FileStore("files", { datadir, filePerm: 644 });
    await store.add("a/b", new Uint8Array(1));
    await store.copy("a/b", "a/c");
    assertEquals(await mode("a/b"), 0o644);
    assertEquals(await mode("a/c"), 0o644);
    assertEquals(await mode("a") & 0o011, 0o011);
    assertEquals(await mode("."), 0o711);
    const owner = new FileStore("files", { datadir, filePerm: 600 });
    await owner.add("owner", new Uint8Array(1));
    assertEquals(await mode("owner"), 0o600);
    for (const path of await tree(`${datadir}/.vitrine/digests`)) {
      if (path.endsWith("/")) continue;
      const { path: imageId } = JSON.parse(
        await Deno.readTextFile(`${datadir}/.vitrine/digests/${path}`),
      );
      assertEquals(await mode(`.vitrine/digests/${path}`), await mode(imageId), imageId);
    }
    const negative = new FileStore("files", { datadir, filePerm: -1 });
    await negative.add("umask", new Uint8Array(1));
    assertEquals(await mode("umask"), 0o666 & ~Deno.umask());
  });
});

Deno.test("FileStore: a store with thin provisioning is capable of sparse images", () => {
  assert(new FileStore("files", { thinProvisioning: true }).isCapable(BitMasks.SPARSE));
  assert(!new FileStore("files").isCapable(BitMasks.SPARSE));
});

Deno.test({
  name:
    "FileStore.add: an image goes to the datadir of highest priority that has room, among equals to the roomiest",
  ignore: !canMount,
  fn: async () => {
    await withMount(["-t", "tmpfs", "-o", "size=4m", "none"], async (small) => {
      await withMount(["-t", "tmpfs", "-o", "size=8m", "none"], async (medium) => {
        await withMount(["-t", "tmpfs", "-o", "size=32m", "none"], async (large) => {
          const store = new FileStore("files", {
            datadirs: [`${medium}:1`, `${large}:1`, `${small}:2`],
          });
          const where = async (imageId: string, size: number) => {
            const { location } = await store.add(imageId, new Uint8Array(size).fill(1));
            assertEquals((await store.stat(imageId)).location.uri(), location.uri());
            return location.uri().slice("file://".length, -imageId.length - 1);
          };
          assertEquals(await where("a", MIB), small);
          assertEquals(await where("b", 5 * MIB), large);
          assertEquals(await where("c", 20 * MIB), large);
          assertEquals(await where("d", 7 * MIB), medium);
          await assertRejects(() => where("e", 30 * MIB), StorageFull, "no datadir has room");
          const names = (await Array.fromAsync(store.list())).map(({ path }) => path);
          assertEquals(names.sort(), ["a", "b", "c", "d"]);

          // An id is taken whichever datadir has it.
          await assertRejects(() => where("c", MIB), Error, "exists already");
          await assertRejects(() => store.copy("a", "d"), Error, "exists already");
          await assertRejects(() => store.rename("a", "d"), Error, "exists already");
          for (const datadir of [small, medium, large]) assertEquals(await litter(datadir), []);
        });
      });
    });
  },
});

/** What a store says to a user who is held to the modes of files, as root is not. */
async function reportOfUser(...datadirs: string[]): Promise<Record<string, unknown>> {
  const [command, ...args] = Deno.uid() === 0
    ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    : ["env"];
  return JSON.parse(
    await run(command!, ...args, Deno.execPath(), ...moduleArgs("report.ts", ...datadirs)),
  );
}

const hasModes = Deno.build.os !== "windows" && (Deno.uid() !== 0 || await installed("setpriv"));

Deno.test({
  name:
    "FileStore.configure: a datadir that cannot be read is BadStoreConfiguration, one that cannot be written read-only",
  ignore: !hasModes,
  fn: async () => {
    await inFolder(async (datadir) => {
      await new FileStore("files", { datadir }).add("there", new Uint8Array(3));
      const report = async (mode: number) => {
        await Deno.chmod(datadir, mode);
        return await reportOfUser(datadir) as Record<string, string>;
      };
      const denied = "permission denied";
      for (const mode of [0o000, 0o300, 0o600]) {
        const { configure } = await report(mode);
        assert(configure!.startsWith("BadStoreConfiguration: files: configure:"), configure);
        assert(configure!.includes(datadir) && configure!.includes(denied), configure);
      }
      const { configure, size, add } = await report(0o500);
      assertEquals([configure, size as unknown], ["configured", 3]);
      assert(add!.startsWith("StoreAddDisabled: files: add new:"), add);
      assert(add!.includes(denied) && add!.includes(datadir), add);
      await Deno.chmod(datadir, 0o700);
    });
  },
});

Deno.test({
  name: "FileStore.list: reports a datadir that cannot be read, and lists the other one",
  ignore: !hasModes,
  fn: async () => {
    await inFolder(async (folder) => {
      for (const name of ["closed", "open"]) {
        await Deno.mkdir(`${folder}/${name}`);
        await Deno.writeTextFile(`${folder}/${name}/${name}.iso`, "hello");
      }
      await Deno.chmod(`${folder}/closed`, 0o300);
      const report = await reportOfUser(`${folder}/closed:2`, `${folder}/open:1`);
      await Deno.chmod(`${folder}/closed`, 0o700);
      for (const list of ["list", "all"]) assertEquals(report[list], ["open.iso"]);
      assertEquals(report["skipped"], [`${folder}/closed: Forbidden`]);
    });
  },
});

Deno.test({
  name: "FileStore.list: reports a directory that cannot be read, and lists the others",
  ignore: !hasModes,
  fn: async () => {
    await inFolder(async (datadir) => {
      const store = new FileStore("files", { datadir });
      for (const imageId of ["there", "a/b", "lost+found/c", "private/d"]) {
        await store.add(imageId, new Uint8Array(3));
      }
      await Deno.chmod(`${datadir}/lost+found`, 0);
      await Deno.chmod(`${datadir}/private`, 0o600);
      const report = await reportOfUser(datadir);
      for (const name of ["lost+found", "private"]) await Deno.chmod(`${datadir}/${name}`, 0o700);
      assertEquals(report["list"], ["a", "lost+found", "private", "there"]);
      assertEquals(report["all"], ["a/b", "there"]);
      const skipped = (report["skipped"] as string[]).toSorted();
      assertEquals(skipped, ["lost+found: Forbidden", "private/d: Forbidden"]);
      const { inside, hidden } = report as Record<string, string>;
      assert(inside!.startsWith("Forbidden: files: list lost+found: EACCES"), inside);
      assert(hidden!.startsWith("Forbidden: files: get private/d: EACCES"), hidden);
    });
  },
});

Deno.test("FileStore: a store needs no permission but for its datadirs, and says which flag is missing", async () => {
  await inFolder(async (folder) => {
    const datadir = `${folder}/images`;
    await Deno.mkdir(datadir);
    await new FileStore("files", { datadir }).add("there", new Uint8Array(3));
    const report = async (...flags: string[]): Promise<Record<string, string>> => {
      const [, , ...rest] = moduleArgs("report.ts", datadir);
      return JSON.parse(await run(Deno.execPath(), "run", "--no-prompt", ...flags, ...rest));
    };
    const all = await report(`--allow-read=${datadir}`, `--allow-write=${datadir}`);
    assertEquals([all["configure"], all["add"], all["delete"]], ["configured", "added", "deleted"]);

    await new FileStore("files", { datadir }).add("there", new Uint8Array(3));
    const read = await report(`--allow-read=${datadir}`);
    assertEquals(read["size"] as unknown, 3);
    assert(read["add"]!.startsWith("StoreAddDisabled: files: add new:"), read["add"]);
    assert(read["add"]!.includes("--allow-write"), read["add"]);

    const nothing = await report();
    assert(nothing["configure"]!.startsWith("BadStoreConfiguration: files: configure:"));
    assert(nothing["configure"]!.includes("--allow-read"), nothing["configure"]);
  });
});
