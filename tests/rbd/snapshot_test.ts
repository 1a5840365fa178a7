/**
 * What must hold between a snapshot and librbd, with a librbd that the tests play.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { NotFound } from "@vitrine/vitrine";
import { cString, type Libraries } from "../../drivers/rbd/ffi.ts";
import { Snapshot } from "../../drivers/rbd/snapshot.ts";

Deno.test("Snapshot.of: closes an image whose snapshot is gone once no call uses it", async () => {
  const running = new Set<string>();
  const run = async (name: string) => {
    running.add(name);
    if (name === "rbd_snap_get_id") {
      running.delete(name);
      throw new NotFound("no such snapshot");
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    running.delete(name);
    return 0;
  };
  let runningAtClose: string[] | undefined;
  const libraries = {
    call: run,
    attempt(name: string) {
      if (name === "rbd_close") runningAtClose = [...running];
      return run(name);
    },
  };
  await assertRejects(
    () => Snapshot.of(libraries as unknown as Libraries, 1n, 2n, cString("snap")),
    NotFound,
  );
  assertEquals(runningAtClose, []);
});
