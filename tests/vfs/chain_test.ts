/**
 * A tree that is served is a store elsewhere: what one Vitrine shows, another one reads.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { NotFound, Vfs } from "@vitrine/vitrine";
import { HttpStore } from "@vitrine/vitrine/http";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { serve } from "@vitrine/vitrine/serve";

Deno.test("HttpStore: lists, walks, reads and copies what serve serves", async () => {
  const origin = new Vfs({ s: new MemoryStore("s") });
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  await origin.writeFile("/s/debian/12 (new)/a&b.iso", data);
  await origin.writeFile("/s/ü.img", data.subarray(0, 10));
  await using server = serve(origin);
  await using vfs = new Vfs({
    remote: new HttpStore("remote", {
      baseUrl: new URL("/s/", server.url).href,
      allowedNetworks: ["127.0.0.0/8"],
    }),
    local: new MemoryStore("local"),
  });
  const paths =
    (await Array.fromAsync(vfs.walk("/remote", { includeDirs: false }), ({ path }) => path)).sort();
  assertEquals(paths, [
    "/remote/debian/12 (new)/a&b.iso",
    "/remote/ü.img",
  ]);
  const [here, there] = [
    await vfs.stat(paths[0]!),
    await origin.stat("/s/debian/12 (new)/a&b.iso"),
  ];
  assertEquals([here.size, here.etag], [data.length, there.etag]);
  assertEquals(here.multihash, there.multihash);
  assertEquals(+here.mtime!, Math.floor(+there.mtime! / 1000) * 1000);
  assertEquals(await vfs.readFile(paths[0]!, { offset: 100, length: 50 }), data.slice(100, 150));
  await vfs.copyFile(paths[0]!, "/local/copy");
  assertEquals(await vfs.readFile("/local/copy"), data);
  await assertRejects(() => vfs.stat("/remote/none"), NotFound, "/remote/none");
});
