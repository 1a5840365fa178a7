/**
 * The contract, over the file driver in each of its ways of writing.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";
import { dirname } from "@std/path";
import { storeConformance } from "../../conformance/mod.ts";
import { canMount, run, tree } from "./support.ts";

const WAYS = {
  "file": () => ({}),
  "file, thin": () => ({ thinProvisioning: true }),
  "file, small chunks and a timeout": () => ({ chunkSize: 100_000, timeout: 60 }),
};
for (const [name, options] of Object.entries(WAYS)) {
  let datadir: string;
  const preventRemoval = async (imageId: string) => {
    const folder = dirname(`${datadir}/${imageId}`);
    await run("mount", "--bind", "-o", "ro", folder, folder);
    return async () => void await run("umount", folder);
  };
  storeConformance(name, async () => {
    datadir = await Deno.makeTempDir();
    return new FileStore("files", { datadir, ...options() });
  }, {
    hooks: {
      snapshot: () => tree(datadir),
      ...canMount ? { preventRemoval } : {},
      async hideImage(directory) {
        const path = `${datadir}/${directory}/back\\slash`;
        await Deno.writeTextFile(path, "hidden");
        return () => Deno.remove(path);
      },
    },
    cleanup: () => Deno.remove(datadir, { recursive: true }),
  });
}

let parent: string;
storeConformance("file, two datadirs", async () => {
  parent = await Deno.makeTempDir();
  for (const name of ["a", "b"]) await Deno.mkdir(`${parent}/${name}`);
  return new FileStore("files", { datadirs: [`${parent}/a:1`, `${parent}/b:2`] });
}, { cleanup: () => Deno.remove(parent, { recursive: true }) });
