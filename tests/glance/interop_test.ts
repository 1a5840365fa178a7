/**
 * `vitrine --glance-conf` on a deployment of Glance: images that glance_store added are listed, read
 * and verified by pointing at its configuration.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { main } from "../../cli/main.ts";
import { serviceTest } from "../services/mod.ts";
import { makePlace } from "./backends.ts";
import { GlancePeer } from "./peer.ts";

/** Stores of every kind. */
const STORES = ["files", "web", "objects", "ceph", "swift", "accounts"];

/** Runs a command here and gives what it printed. */
async function run(...args: string[]): Promise<{ code: number; out: string }> {
  const write = Deno.stdout.write;
  const chunks: string[] = [];
  Deno.stdout.write = (bytes) => {
    chunks.push(new TextDecoder().decode(bytes));
    return Promise.resolve(bytes.length);
  };
  try {
    return { code: await main(args), out: chunks.join("") };
  } finally {
    Deno.stdout.write = write;
  }
}

serviceTest(
  "vitrine ls, verify: images of every store of a Glance are listed and verified by its configuration",
  ["glance_store", "nginx", "ceph", "swift", "keystone"],
  async ({ glance_store }) => {
    await using place = await makePlace(STORES);
    const data = crypto.getRandomValues(new Uint8Array(65_536));
    await Deno.writeFile(join(place.folder, "data"), data);
    await using glance = new GlancePeer(
      glance_store.python,
      place.configuration,
      join(place.folder, "data"),
    );
    const conf = ["--glance-conf", place.configuration];
    const { token } = place;
    assertEquals(place.stores, STORES);
    try {
      for (const [i, store] of place.stores.entries()) {
        const [id, size] = [`${token}-image`, 60_000 + i];
        const added = await glance.ask({
          ...{ operation: "add", store, id, from: i, size, declared: size, algorithm: "sha256" },
        });
        // An http store takes none: its images are files of a server.
        if (store === "web") {
          await Deno.writeFile(join(place.web!.folder, id), data.subarray(i, i + size));
        } else assertEquals(added.error, undefined, added.message);

        const digest = await crypto.subtle.digest("SHA-256", data.subarray(i, i + size));
        const multihash = `sha256:${new Uint8Array(digest).toHex()}`;
        const path = await pathOf(store, token, conf);
        const right = await run("verify", ...conf, "--multihash", multihash, path);
        assertEquals([store, right.code], [store, 0]);
        const wrong = await run("verify", ...conf, "--md5", "0".repeat(32), path);
        assertEquals([store, wrong.code], [store, 3]);
        const read = await run("stat", ...conf, "--json", path);
        assertEquals(JSON.parse(read.out).size, size);
      }
    } finally {
      for (const store of place.stores) await glance.ask({ operation: "clean", store, token });
    }
  },
);

/** Where in the tree the image is: a store with several containers has one a directory. */
async function pathOf(store: string, token: string, conf: string[]): Promise<string> {
  const { out } = await run("ls", ...conf, "--json", "-R", `/${store}`);
  const paths: string[] = JSON.parse(out).map(({ path }: { path: string }) => path);
  const found = paths.find((path) => path.endsWith(`/${token}-image`));
  assert(found !== undefined, `${store}: ${out}`);
  return found;
}
