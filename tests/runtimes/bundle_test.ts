/**
 * How much code a user loads: budgets, in KB of 1,000 bytes, minified and gzipped.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { BUNDLES, measureBundle, modulesRead } from "../../tools/bundle.ts";
import { output } from "./runtimes/runtime.ts";

const root = new URL("../../", import.meta.url).href;

/** What may be loaded when a store is created, and when it has read for the first time. */
const BUDGETS: Readonly<Record<keyof typeof BUNDLES, { start: number; read: number }>> = {
  http: { start: 9, read: 15 },
  handler: { start: 22, read: 28 },
  s3: { start: 12, read: 20 },
  swift: { start: 26.6, read: 26.6 },
  formats: { start: 12, read: 12 },
};

/** What is loaded in runtimes with sockets alone, and not at the edge and in browsers. */
const OF_SOCKETS = /\/transport\/(node_engine|proxy_rules|addresses)\.ts$/;

for (const [key, budget] of Object.entries(BUDGETS)) {
  const bundle = BUNDLES[key as keyof typeof BUNDLES];
  Deno.test(`bundle ${bundle.name}: is small`, async () => {
    const sizes = await measureBundle(bundle);
    for (const part of ["start", "read"] as const) {
      const kb = sizes[part].gzipped / 1000;
      assert(kb <= budget[part], `${kb} KB ${part}, at most ${budget[part]}`);
    }
  });
}

for (const key of ["http", "s3"] as const) {
  Deno.test(`${BUNDLES[key].name}: a plain read loads nothing but what is measured`, async () => {
    const coverage = await Deno.makeTempDir({ prefix: "vitrine-coverage-" });
    try {
      const program = new URL("plain_read.ts", import.meta.url).pathname;
      await output(Deno.execPath(), "run", "-A", `--coverage=${coverage}`, program, key);
      const loaded: string[] = [];
      for await (const { name } of Deno.readDir(coverage)) {
        if (!name.endsWith(".json")) continue;
        const { url } = JSON.parse(await Deno.readTextFile(`${coverage}/${name}`));
        const path = url.startsWith(root) ? url.slice(root.length) : "";
        if (/^(drivers|transport|streams)\//.test(path)) loaded.push(url);
      }
      assert(loaded.some((url) => url.endsWith(`/drivers/${key}/client.ts`)));
      const measured = await modulesRead(BUNDLES[key]);
      const needless = loaded.filter((url) => !measured.has(url) && !OF_SOCKETS.test(url));
      assertEquals(needless, []);
    } finally {
      await Deno.remove(coverage, { recursive: true });
    }
  });
}
