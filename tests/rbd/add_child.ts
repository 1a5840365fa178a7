/**
 * An add that never ends, for a test that kills it: `add_child.ts CEPH_CONF ID`. Prints a line once
 * some of the image is written.
 *
 * @module
 */
import { RbdStore } from "@vitrine/vitrine/rbd";

const [cephConf, id] = Deno.args as [string, string];
const store = new RbdStore("ceph", { cephConf, user: "glance" });

async function* data(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 20; i++) yield new Uint8Array(4 * 1024 * 1024).fill(1);
  console.log("written");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

await store.add(id, data());
