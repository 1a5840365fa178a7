/**
 * Every option and request, as `nbdsh` sends them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../drivers/memory/mod.ts";
import { serviceTest } from "../services/mod.ts";
import { ServedImages } from "./served_images.ts";

serviceTest("serveNbd: nbdsh's options and requests", "nbd-clients", async (endpoints) => {
  const { nbdsh } = endpoints["nbd-clients"];
  await using served = await ServedImages.start({ memory: new MemoryStore("memory") });
  const bytes = Uint8Array.from({ length: 65_536 }, (_, at) => at % 256);
  await served.vfs.writeFile("/memory/image", bytes);
  await served.vfs.writeTextFile("/memory/other", "other");
  const script = await Deno.readTextFile(new URL("options.py", import.meta.url));
  const uri = served.server.uriOf("/memory/image");
  const args = ["-n", "-c", `uri = ${JSON.stringify(uri)}`, "-c", script];
  assertEquals(await served.output(nbdsh, ...args), "done\n");
  assertEquals(served.failures, []);
});
