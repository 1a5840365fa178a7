/**
 * The path tree.
 *
 * @module
 */
import { openStores, SeekMode, Vfs } from "../../../mod.ts";
import { all, equal, fails, pattern } from "../check.ts";
import type { Cases } from "../case.ts";

const DATA = pattern(1_500_000);

async function tree(): Promise<Vfs> {
  const stores = { one: { driver: "memory" }, two: { driver: "memory" } };
  const vfs = new Vfs(await openStores({ stores }), { mounts: { "/images": "/two/iso" } });
  await vfs.writeFile("/one/iso/debian.iso", DATA);
  await vfs.writeTextFile("/one/iso/README", "hello");
  return vfs;
}

/** What the tree does. */
export const treeCases: Cases = {
  "tree: an image is copied from store to store": async () => {
    const vfs = await tree();
    await vfs.copyFile("/one/iso/debian.iso", "/two/iso/copy.iso", { verify: true });
    equal(await vfs.readFile("/images/copy.iso"), DATA);
    const { isFile, size, mtime } = await vfs.stat("/two/iso/copy.iso");
    equal([isFile, size, mtime instanceof Date], [true, DATA.length, true]);
  },
  "tree: glob and walk find what is there": async () => {
    const vfs = await tree();
    const paths = (entries: { path: string }[]) => entries.map(({ path }) => path).sort();
    equal(paths(await all(vfs.glob("/*/**/*.iso"))), ["/one/iso/debian.iso"]);
    equal(paths(await all(vfs.walk("/one", { includeDirs: false }))), [
      "/one/iso/README",
      "/one/iso/debian.iso",
    ]);
  },
  "tree: an open file is read from anywhere": async () => {
    const file = await (await tree()).open("/one/iso/debian.iso");
    await file.seek(-3, SeekMode.End);
    const buffer = new Uint8Array(8);
    equal([await file.read(buffer), await file.read(buffer)], [3, null]);
    equal(buffer.subarray(0, 3), DATA.subarray(-3));
    await file.close();
  },
  "tree: an image is moved and removed": async () => {
    const vfs = await tree();
    await vfs.rename("/one/iso/README", "/two/README");
    equal([await vfs.exists("/one/iso/README"), await vfs.readTextFile("/two/README")], [
      false,
      "hello",
    ]);
    await vfs.remove("/one/iso", { recursive: true });
    await fails("NotFound", () => vfs.stat("/one/iso"));
  },
};
