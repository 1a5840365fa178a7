/**
 * Random kills of `vitrine sync` and `vitrine check` with stores of files, of S3 and of Swift.
 *
 * @module
 */
import { Workplace } from "../cli/harness.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { container, emptied, swift } from "../swift/servers.ts";
import { KILLS, soakTrees } from "./tree_kills.ts";

/** What the tests are named. */
const nameOn = (target: string) =>
  `sync, check: ${KILLS} random kills of each are made good by the next run, on ${target}`;

Deno.test(nameOn("file"), async () => {
  await using place = await Workplace.make();
  await soakTrees({ place, path: "/local/in" });
});

serviceTest(nameOn("s3"), "ceph", async ({ ceph: { s3 } }) => {
  await using bucket = new TestBucket(s3);
  await bucket.store.add("first", new Uint8Array(1));
  const config = { stores: { cloud: { driver: "s3", ...bucket.options } } };
  await using place = await Workplace.make(config);
  await soakTrees({ place, path: "/cloud/in" });
});

serviceTest(nameOn("swift"), "swift", async () => {
  const options = { ...swift!, container: container() };
  const config = { stores: { cloud: { driver: "swift", ...options } } };
  await using place = await Workplace.make(config);
  try {
    await soakTrees({ place, path: "/cloud/in" });
  } finally {
    await emptied(options);
  }
});
