/**
 * The worker of `examples/edge/`, in workerd as its README has it, before nginx.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { hostileVmdk } from "../store/images.ts";
import { serviceTest } from "../services/mod.ts";
import { bundleWhole } from "./bundle.ts";
import { pattern } from "./check.ts";
import { IMAGE_SIZE } from "./images.ts";
import { serveWorkerd } from "./runtimes/workerd.ts";
import { openSites } from "./sites.ts";

const EXAMPLE = new URL("../../examples/edge/", import.meta.url);

serviceTest(
  "workerd: a worker serves the images of an origin",
  "nginx",
  async ({ nginx }, context) => {
    const directory = await Deno.makeTempDir({ prefix: "vitrine-edge-" });
    await bundleWhole(new URL("worker.ts", EXAMPLE), `${directory}/worker.mjs`);
    await Deno.copyFile(new URL("config.capnp", EXAMPLE), `${directory}/config.capnp`);
    await using sites = await openSites(nginx as { root: string; url: string });
    await using worker = await serveWorkerd(`${directory}/config.capnp`, { ORIGIN: sites.nginx });
    const image = `${worker.url}images/big.img`;
    const data = pattern(IMAGE_SIZE);
    const ask = (headers: Record<string, string>, method = "GET") =>
      fetch(image, { headers, method });

    await context.step("to several clients at once, from the first request on", async () => {
      const bodies = await Promise.all(
        Array.from({ length: 8 }, async () => (await ask({})).bytes()),
      );
      for (const body of bodies) assertEquals(body.findIndex((byte, at) => byte !== data[at]), -1);
      assertEquals(bodies.map(({ length }) => length), Array(8).fill(IMAGE_SIZE));
    });
    await context.step("in ranges", async () => {
      const response = await ask({ range: "bytes=5000000-9999999" });
      assertEquals(response.status, 206);
      assertEquals(response.headers.get("content-range"), `bytes 5000000-9999999/${IMAGE_SIZE}`);
      assertEquals(await response.bytes(), data.slice(5_000_000, 10_000_000));
      const beyond = await ask({ range: `bytes=${IMAGE_SIZE}-` });
      assertEquals([beyond.status, await beyond.text()], [
        416,
        "the range lies outside the image\n",
      ]);
    });
    await context.step("only what the client has not", async () => {
      const head = await ask({}, "HEAD");
      const etag = head.headers.get("etag")!;
      assertEquals([head.status, head.headers.get("content-length")], [200, `${IMAGE_SIZE}`]);
      const same = await ask({ "if-none-match": etag });
      assertEquals([same.status, await same.text()], [304, ""]);
      const changed = await ask({ range: "bytes=0-9", "if-range": '"other"' });
      assertEquals([changed.status, (await changed.bytes()).length], [200, IMAGE_SIZE]);
    });
    await context.step("directories, and nothing that is not there", async () => {
      const headers = { accept: "application/json" };
      const entries = await (await fetch(`${worker.url}images/`, { headers })).json();
      assert(entries.some(({ name }: { name: string }) => name === "sub"));
      const missing = await fetch(`${worker.url}images/none`);
      assertEquals([missing.status, await missing.text()], [404, "not found\n"]);
    });
    await context.step("what an image is, of which it has read only the header", async () => {
      const folder = `${nginx.root}/${sites.nginx.slice(nginx.url.length)}`;
      await Deno.writeFile(`${folder}disk.vmdk`, hostileVmdk());
      const found = await (await fetch(`${worker.url}inspect/disk.vmdk`)).json();
      assertEquals([found.format, found.safe, found.dataFile], ["vmdk", false, "/etc/passwd"]);
      const { format, virtualSize } = await (await fetch(`${worker.url}inspect/big.img`)).json();
      assertEquals([format, virtualSize], ["raw", IMAGE_SIZE]);
      const missing = await fetch(`${worker.url}inspect/none`);
      assertEquals([missing.status, await missing.json()], [404, { error: "NotFound" }]);
    });
    await context.step("and lets a client go", async () => {
      const response = await ask({});
      await response.body!.cancel();
      assertEquals((await (await ask({ range: "bytes=0-3" })).bytes()).length, 4);
    });
    await context.step("and what breaks off on the way never looks whole", async () => {
      const env = { ORIGIN: sites.breaking };
      await using broken = await serveWorkerd(`${directory}/config.capnp`, env);
      const response = await fetch(`${broken.url}images/big.img`);
      assertEquals(response.headers.get("content-length"), `${IMAGE_SIZE}`);
      await assertRejects(() => response.bytes());
    });
    await Deno.remove(directory, { recursive: true });
  },
);
