/**
 * The file driver in Node and in Bun.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FileStore } from "@vitrine/vitrine/file";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { inFolder, litter, MIB, run } from "./support.ts";

/** The programs by the runtimes' names; Bun's comes with its package from npm. */
const PROGRAMS: Record<string, () => string> = {
  Node: () => "node",
  Bun: () => {
    const platform = `${Deno.build.os}-${Deno.build.arch === "x86_64" ? "x64" : "aarch64"}`;
    return createRequire(import.meta.resolve("bun/package.json"))
      .resolve(`@oven/bun-${platform}/bin/bun`);
  },
};

for (const [name, program] of Object.entries(PROGRAMS)) {
  Deno.test(`in ${name} a store does what it does in Deno, and clears away what a crash left`, async () => {
    await inFolder(async (folder) => {
      const datadir = `${folder}/images`;
      const bundle = `${folder}/bundle.mjs`;
      const module = fromFileUrl(import.meta.resolve("./runtime.ts"));
      await run(Deno.execPath(), "bundle", "--quiet", "--platform=deno", "-o", bundle, module);

      // Killed in the middle of an add, it leaves a temporary file.
      const args = [bundle, datadir, "crash"];
      assertEquals((await new Deno.Command(program(), { args }).output()).signal, "SIGKILL");
      assertEquals((await litter(datadir)).length, 1);

      const bytes = new Uint8Array(9 * MIB + 3);
      bytes.set([1, 2, 3], 9 * MIB);
      const checksum = createHash("md5").update(bytes).digest("hex");
      const told = JSON.parse(await run(program(), bundle, datadir));
      assertEquals(told, {
        checksum,
        stat: checksum,
        read: bytes.length,
        listed: ["a/b", "d/e"],
        duplicate: "files: add d/e: the image exists already",
        deleted: "files: get a/b: no such image",
      });
      assertEquals(await litter(datadir), []);

      const store = new FileStore("files", { datadir });
      assertEquals((await store.stat("d/e")).checksum, checksum);
    });
  });
}
