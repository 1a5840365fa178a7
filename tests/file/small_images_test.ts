/**
 * Many small images on files: what they cost in memory.
 *
 * @module
 */
import { assert } from "@std/assert";

Deno.test("FileStore.add: 1,000 images of 64 KiB, 16 at once, take 64 MiB at most", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--no-check", "--no-lock"],
      new URL("small_images.ts", import.meta.url).pathname,
    ],
  }).output();
  assert(code === 0, new TextDecoder().decode(stderr));
  const growth = Number(new TextDecoder().decode(stdout));
  assert(growth > 0 && growth <= 64 * 1024 * 1024, `memory grew by ${growth} bytes`);
});
