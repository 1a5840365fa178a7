/**
 * librados and librbd: the permission that they need, and what is said where they are missing.
 *
 * @module
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DriverLoadFailure } from "@vitrine/vitrine";
import { RbdStore } from "@vitrine/vitrine/rbd";
import { serviceTest } from "../services/mod.ts";
import { freshId, storeOn } from "./support.ts";

const LIBRARIES = ["x86_64", "aarch64"].flatMap((cpu) =>
  ["librados.so.2", "librbd.so.1"].map((file) => `/usr/lib/${cpu}-linux-gnu/${file}`)
);

/** Runs a module with these flags and no other permissions, and resolves to what it prints. */
async function runWith(flags: string[], module: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", ...flags, "-"],
    cwd: new URL("../..", import.meta.url).pathname,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([module]).stream().pipeTo(child.stdin);
  const { stdout, stderr } = await child.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const CONFIGURE = (confPath: string) => `
  import { RbdStore } from "@vitrine/vitrine/rbd";
  await using store = new RbdStore("ceph", ${JSON.stringify({ cephConf: confPath })});
  await store.configure().then(() => console.log("configured"), (error) => {
    console.log(error.name, error.message);
  });`;

Deno.test("RbdStore: without the permission one sentence names it", async () => {
  assertEquals(
    await runWith([], CONFIGURE("/none")),
    "DriverLoadFailure ceph: configure: the rbd driver loads librados.so.2: allow it with --allow-ffi\n",
  );
});

Deno.test("RbdStore: without the libraries one sentence names the packages", async () => {
  const { dlopen } = Deno;
  Deno.dlopen = () => {
    throw new Error("librados.so.2: cannot open shared object file: No such file or directory");
  };
  try {
    const error = await assertRejects(() => new RbdStore("ceph").configure(), DriverLoadFailure);
    assertStringIncludes(
      (error as Error).message,
      "the rbd driver needs librados.so.2: install librados2 and librbd1",
    );
  } finally {
    Deno.dlopen = dlopen;
  }
});

serviceTest(
  "RbdStore: a permission for the libraries' paths alone is enough",
  "ceph",
  async ({ ceph }) => {
    const said = await runWith([`--allow-ffi=${LIBRARIES}`], CONFIGURE(ceph.confPath));
    assertEquals(said, "configured\n");
  },
);

serviceTest(
  "Libraries.attempt: holds its buffers until the call has returned",
  "ceph",
  async () => {
    const said = await runWith(
      ["--allow-ffi", "--v8-flags=--expose-gc"],
      `
    import { cString, Libraries } from "./drivers/rbd/ffi.ts";
    const libraries = new Libraries();
    // Compiled code holds less than interpreted code.
    libraries.calls.rados_connect = () => 0;
    for (let i = 0; i < 300_000; i++) await libraries.attempt("rados_connect", 1n);
    libraries.calls.rados_connect = () => new Promise(() => {});
    const buffer = (() => {
      const bytes = cString("debian-12.qcow2");
      libraries.attempt("rados_connect", bytes);
      return new WeakRef(bytes);
    })();
    // What a WeakRef was made of is held until the turn of the event loop ends.
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
    console.log(buffer.deref() !== undefined);`,
    );
    assertEquals(said, "true\n");
  },
);

serviceTest("RbdStore: a program that never closes its store ends", "ceph", async ({ ceph }) => {
  const said = await runWith(
    ["--allow-ffi"],
    `
    import { RbdStore } from "@vitrine/vitrine/rbd";
    const store = new RbdStore("ceph", ${JSON.stringify({ cephConf: ceph.confPath })});
    const { stream } = await store.get(await store.add("${freshId()}", new Uint8Array(50_000_000))
      .then(({ location }) => location));
    await stream.getReader().read();
    console.log("read");`,
  );
  assertEquals(said, "read\n");
  await using store = storeOn(ceph);
  for await (const { path, size } of store.list()) {
    if (size === 50_000_000) await store.delete(path);
  }
});
