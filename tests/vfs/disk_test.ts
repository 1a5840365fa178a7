/**
 * The tree over files: copies to and from a disk, links that lead out, and the disk over HTTP.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Forbidden, openStores, Vfs } from "@vitrine/vitrine";
import { handler } from "@vitrine/vitrine/handler";
import { serve } from "@vitrine/vitrine/serve";

const DATA = crypto.getRandomValues(new Uint8Array(60_000));

async function onDisk(test: (vfs: Vfs, datadir: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const datadir = join(folder, "images");
  await Deno.mkdir(datadir);
  try {
    const stores = await openStores({
      stores: { disk: { driver: "file", datadir }, memory: { driver: "memory" } },
    }, { env: {} });
    await using vfs = new Vfs(stores, { mounts: { "/debian": "/disk/debian" } });
    await test(vfs, datadir);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Vfs: images go to a disk and back, with their digests", async () => {
  await onDisk(async (vfs, datadir) => {
    const { multihash } = await vfs.writeFile("/memory/a.img", DATA.slice());
    await vfs.copyFile("/memory/a.img", "/debian/12/a.img", { verify: true });
    assertEquals(await Deno.readFile(join(datadir, "debian/12/a.img")), DATA);
    assertEquals((await vfs.stat("/debian/12/a.img")).multihash, multihash);
    await vfs.rename("/debian/12/a.img", "/debian/b.img");
    await vfs.rename("/disk/debian/b.img", "/memory/b.img");
    assertEquals(await vfs.readFile("/memory/b.img"), DATA);
    assertEquals(
      (await Array.fromAsync(vfs.walk("/disk", { includeDirs: false }))).map(({ path }) => path),
      [],
    );
    assertEquals(
      vfs.pathOf(vfs.stores.getLocationFromUri(`file://${datadir}/debian/x`)),
      "/disk/debian/x",
    );
  });
});

Deno.test("Vfs.remove: removes a directory of 300 images", async () => {
  await onDisk(async (vfs) => {
    for (let i = 0; i < 300; i++) await vfs.writeTextFile(`/disk/many/${i % 7}/${i}`, "x");
    await vfs.writeTextFile("/disk/more", "x");
    await vfs.remove("/disk/many", { recursive: true });
    const left = (await Array.fromAsync(vfs.walk("/disk", { includeDirs: false }))).map((
      { path },
    ) => path);
    assertEquals(left, ["/disk/more"]);
  });
});

Deno.test("Vfs: refuses a symbolic link that leads out of the mount, also over HTTP", async () => {
  await onDisk(async (vfs, datadir) => {
    await Deno.writeTextFile(join(datadir, "../secret"), "hunter2");
    await Deno.symlink("../secret", join(datadir, "link"));
    await Deno.symlink("..", join(datadir, "up"));
    const ask = handler(vfs);
    for (const path of ["/disk/link", "/disk/up/secret"]) {
      await assertRejects(() => vfs.readFile(path), Forbidden, path);
      const response = await ask(new Request(`http://localhost${path}`));
      assertEquals([response.status, await response.text()], [403, "not allowed\n"]);
    }
  });
});

Deno.test("handler: serves a file whole and in ranges, and the same after a restart", async () => {
  await onDisk(async (vfs) => {
    await vfs.writeFile("/debian/a.img", DATA.slice());
    const tags = [];
    for (let start = 0; start < 2; start++) {
      await using server = serve(vfs);
      const image = new URL("/debian/a.img", server.url);
      const whole = await fetch(image);
      assertEquals(await whole.bytes(), DATA);
      tags.push(whole.headers.get("etag"), whole.headers.get("repr-digest"));
      const headers = { "range": "bytes=100-199", "if-range": whole.headers.get("etag")! };
      const part = await fetch(image, { headers });
      assertEquals([part.status, await part.bytes()], [206, DATA.slice(100, 200)]);
      const again = await fetch(image, { headers: { "if-none-match": headers["if-range"] } });
      assertEquals([again.status, (await again.bytes()).length], [304, 0]);
    }
    assertEquals(tags.slice(0, 2), tags.slice(2));
  });
});
