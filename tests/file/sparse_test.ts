/**
 * Images of many gibibytes, and files with holes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FileStore } from "@vitrine/vitrine/file";
import { inFolder, MIB, moduleArgs, run } from "./support.ts";

const GIB = 1024 * MIB;

Deno.test("FileStore.add: a sparse image of 10 GiB is added and read within 64 MiB of memory", async () => {
  await inFolder(async (folder) => {
    const source = `${folder}/source`;
    {
      using file = await Deno.open(source, { write: true, createNew: true });
      for (const at of [0, 3 * GIB + 12_345, 10 * GIB - 65_536]) {
        await file.seek(at, Deno.SeekMode.Start);
        await file.write(crypto.getRandomValues(new Uint8Array(65_536)));
      }
    }
    const args = moduleArgs("sparse.ts", `${folder}/images`, source);
    const result = JSON.parse(await run(Deno.execPath(), ...args));
    assertEquals(result.size, 10 * GIB);
    assertEquals(result.read, 10 * GIB);
    assert(result.same, "what was read is what was added");
    const grown = (result.peak - result.before) / MIB;
    assert(grown < 64, `memory grew by ${grown} MiB`);
    const { blocks } = await Deno.stat(`${folder}/images/large`);
    assert(blocks! * 512 < 2 * MIB, `the image takes ${blocks! * 512} bytes`);
  });
});

Deno.test("FileStore.add: thin provisioning leaves aligned runs of zeros out wherever they are, and reads them back", async () => {
  await inFolder(async (datadir) => {
    const store = new FileStore("files", { datadir, thinProvisioning: true });
    const block = 65_536;
    // Data and zeros by block, an odd end of either kind, and zeros that are not aligned.
    for (const [name, layout] of Object.entries({ data: "10110001", hole: "1100", all: "0000" })) {
      for (const rest of [0, 7]) {
        const bytes = new Uint8Array(layout.length * block + rest);
        for (const [i, kind] of [...layout].entries()) {
          if (kind === "1") bytes.fill(i + 1, i * block + 100, (i + 1) * block - 100);
        }
        await store.add(`${name}-${rest}`, bytes);
        await store.copy(`${name}-${rest}`, `copy-${name}-${rest}`);
        for (const path of [`${name}-${rest}`, `copy-${name}-${rest}`]) {
          assertEquals(await Deno.readFile(`${datadir}/${path}`), bytes, path);
          const { blocks } = await Deno.stat(`${datadir}/${path}`);
          const data = [...layout].filter((kind) => kind === "1").length * block;
          assert(blocks! * 512 <= data + 8192, `${path} takes ${blocks! * 512} bytes`);
        }
      }
    }
  });
});
