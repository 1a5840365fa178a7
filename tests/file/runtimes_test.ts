/**
 * The file driver in Node and in Bun.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FileStore } from "@vitrine/vitrine/file";
import { createHash } from "node:crypto";
import { bunProgram, nodeProgram } from "../runtimes/runtimes/node.ts";
import { inFolder, litter, MIB, run } from "./support.ts";

for (const [name, find] of Object.entries({ Node: nodeProgram, Bun: bunProgram })) {
  Deno.test(`FileStore in ${name}: does what it does in Deno, and clears away what a crash left`, async () => {
    const { path: program } = await find();
    await inFolder(async (folder) => {
      const datadir = `${folder}/images`;
      await Deno.mkdir(datadir);
      const bundle = `${folder}/bundle.mjs`;
      const module = fromFileUrl(import.meta.resolve("./runtime.ts"));
      await run(Deno.execPath(), "bundle", "--quiet", "--platform=deno", "-o", bundle, module);

      // Killed in the middle of an add, it leaves a temporary file.
      const args = [bundle, datadir, "crash"];
      assertEquals((await new Deno.Command(program, { args }).output()).signal, "SIGKILL");
      assertEquals((await litter(datadir)).length, 1);

      // So many are listed by a thread.
      await Deno.mkdir(`${datadir}/many`);
      for (let i = 0; i < 300; i++) Deno.writeTextFileSync(`${datadir}/many/${i}`, "hello");

      const bytes = new Uint8Array(9 * MIB + 3);
      bytes.set([1, 2, 3], 9 * MIB);
      const checksum = createHash("md5").update(bytes).digest("hex");
      const result = JSON.parse(await run(program, bundle, datadir));
      assertEquals(result, {
        checksum,
        stat: checksum,
        read: bytes.length,
        listed: ["a/b", "d/e"],
        many: { images: 300, bytes: 1500 },
        duplicate: "files: add d/e: the image exists already",
        deleted: "files: get a/b: no such image",
      });
      assertEquals(await litter(datadir), []);

      const store = new FileStore("files", { datadir });
      assertEquals((await store.stat("d/e")).checksum, checksum);
    });
  });
}
