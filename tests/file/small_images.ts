/**
 * Adds 1,000 images of 64 KiB to a file store, 16 at once, and prints by how many bytes the peak memory
 * of the process grew.
 *
 * @module
 */
import process from "node:process";
import { FileStore } from "@vitrine/vitrine/file";
import { forgetPeak, memoryOf } from "../../tools/process.ts";

const datadir = await Deno.makeTempDir();
try {
  await using store = new FileStore("local", { datadir });
  const data = crypto.getRandomValues(new Uint8Array(65_536));
  // What the first adds load and compile is no growth.
  for (let n = 0; n < 20; n++) await store.add(`first/${n}`, data);
  forgetPeak(process.pid);
  const before = memoryOf(process.pid, "VmRSS");
  let next = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (next < 1_000) await store.add(`image/${next++}`, data);
  }));
  console.log(memoryOf(process.pid, "VmHWM") - before);
} finally {
  await Deno.remove(datadir, { recursive: true });
}
