/**
 * The suite in every runtime. A runtime that cannot be had here is a skipped test which says why.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { service, serviceTest } from "../services/mod.ts";
import { bundle } from "./bundle.ts";
import { chromium } from "./runtimes/chromium.ts";
import { deno } from "./runtimes/deno.ts";
import { bunProgram, nodeProgram, runtimeOf } from "./runtimes/node.ts";
import type { Runtime } from "./runtimes/runtime.ts";
import { workerd } from "./runtimes/workerd.ts";
import type { SuiteEnv } from "./environment.ts";
import { openAccount } from "./account.ts";
import { openBucket } from "./bucket.ts";
import { openSites } from "./sites.ts";

const nginx = await service("nginx");
const browser = await service("chromium");

const RUNTIMES: Record<string, () => Runtime | Promise<Runtime>> = {
  Deno: deno,
  Node: async () => runtimeOf(await nodeProgram()),
  Bun: async () => runtimeOf(await bunProgram()),
  workerd,
  Chromium: () => {
    if (!browser || !nginx) throw new Error("chromium or nginx does not run");
    return chromium(browser["path"], nginx["url"]);
  },
};

for (const [name, find] of Object.entries(RUNTIMES)) {
  let runtime: Runtime;
  try {
    runtime = await find();
  } catch (error) {
    Deno.test.ignore(`${name} cannot be had: ${(error as Error).message}`, () => {});
    continue;
  }
  serviceTest(`${runtime.name}: stores, tree, handler and web servers work`, "nginx", async (
    { nginx },
    context,
  ) => {
    await using sites = await openSites(nginx as { root: string; url: string });
    await runIn(runtime, { http: sites }, context);
  });
  serviceTest(`${runtime.name}: S3 stores work`, "ceph", async ({ ceph: { s3 } }, context) => {
    await using bucket = await openBucket(s3);
    await runIn(runtime, { s3: bucket.site }, context);
  });
  serviceTest(`${runtime.name}: Swift stores work`, "swift", async ({ swift }, context) => {
    await using account = openAccount(swift);
    await runIn(runtime, { swift: account.site }, context);
  });
}

async function runIn(runtime: Runtime, env: SuiteEnv, context: Deno.TestContext): Promise<void> {
  const directory = await bundle(new URL("./worker.ts", import.meta.url));
  try {
    const results = await runtime.run(directory, env);
    assert(results.length > 0);
    for (const { name, error } of results) {
      await context.step(name, () => assertEquals(error, undefined));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
