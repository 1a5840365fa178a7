/**
 * The S3 driver against glance_store's, rclone and Amazon's SDK, on one radosgw, and the limits of that
 * server on this machine: clients that only send, that digest and send, that read and discard.
 *
 * Usage: `s3.ts [MIB] [ROUNDS] [add|get] [NAME...]`; default: 512 and 2,048 MiB, 5 rounds, both,
 * and all contenders. The services `ceph`, `glance_store` and `tools` run: `deno task services start`.
 *
 * @module
 */
import { S3Store } from "@vitrine/vitrine/s3";
import { service } from "../tests/services/mod.ts";
import { writeRandom } from "../tests/random_file.ts";
import { child, compare, type Contender } from "./harness.ts";
import type { Measurement } from "../tools/measurement.ts";

const MIB = 1024 * 1024;
/** What all are configured to, glance_store's defaults: parts of 10 MiB, 10 at once. */
const PART = 10;
const CONCURRENCY = 10;

/** Measures add and get of one image, or one of them, by the contenders of those names. */
export async function s3(
  mib: number,
  rounds = 5,
  only?: string,
  names: readonly string[] = [],
): Promise<void> {
  const ceph = await service("ceph");
  const glance = await service("glance_store");
  const tools = await service("tools");
  if (!ceph || !glance || !tools) throw new Error("ceph, glance_store and tools do not run");
  const { url: host, region, accessKey, secretKey } = ceph.s3;
  const bucket = `bench-${crypto.randomUUID()}`;
  const options = {
    ...{ host, region, accessKey, secretKey, bucket, bucketUrlFormat: "path" as const },
    ...{ createBucketOnPut: true, largeObjectSize: 100, readConcurrency: 1 },
    ...{ largeObjectChunkSize: PART, concurrency: CONCURRENCY },
  };
  const source = await Deno.makeTempFile({ prefix: "vitrine-bench-" });
  await using store = new S3Store("bench", options);

  const deno = (work: string) => (image: string) =>
    child(Deno.execPath(), [
      ...["run", "--no-lock", "--allow-all"],
      ...[pathOf("s3_child.ts"), work, source, image, JSON.stringify(options)],
    ]);
  const uriOf = (image: string) =>
    `s3://${accessKey}:${secretKey}@${host.replace("http://", "")}/${bucket}/${image}`;
  const python = (work: string) => (image: string) =>
    child(glance.python, [
      ...[pathOf("glance.py"), "s3", work, source, image],
      uriOf(image),
      JSON.stringify({
        s3_store_host: host,
        s3_store_access_key: accessKey,
        s3_store_secret_key: secretKey,
        s3_store_bucket: bucket,
        s3_store_bucket_url_format: "path",
        s3_store_large_object_chunk_size: PART,
        s3_store_thread_pools: CONCURRENCY,
      }),
    ]);
  const program = (command: string[]) =>
    child(glance.python, [pathOf("program.py"), `${mib * MIB}`, ...command]);
  const remote = ":s3,provider=Ceph,env_auth=false,no_check_bucket=true," +
    `endpoint="${host}",access_key_id=${accessKey},secret_access_key=${secretKey}:${bucket}`;
  // rclone 1.60 fails where the environment names a CA file.
  const rclone = (...args: string[]) =>
    program([
      ...["env", "-u", "AWS_CA_BUNDLE", tools.rclone, "--config=", `--s3-chunk-size=${PART}M`],
      ...[`--s3-upload-concurrency=${CONCURRENCY}`, ...args],
    ]);

  /** Adds under a name of its own and deletes it after. */
  const adding = (run: (image: string) => Promise<Measurement>): Contender["run"] => async () => {
    const image = crypto.randomUUID();
    try {
      return await run(image);
    } finally {
      await store.deleteMany([image]);
    }
  };
  const against = "glance_store";
  const run = async (work: string, contenders: readonly Contender[]) => {
    if (only !== undefined && only !== work) return;
    const chosen = contenders.filter(({ name }) => names.length === 0 || names.includes(name));
    await compare(`s3 ${work} ${mib} MiB`, chosen, rounds);
  };

  try {
    await writeRandom(source, mib);
    await store.add("image", (await Deno.open(source)).readable, { size: mib * MIB });

    await run("add", [
      { name: "glance_store", run: adding(python("add")) },
      { name: "vitrine", against, run: adding(deno("add")) },
      { name: "vitrine, no FFI", against, run: adding(deno("add-threads")) },
      { name: "vitrine, size unknown", against, run: adding(deno("add-unsized")) },
      {
        name: "rclone (md5 alone)",
        against,
        run: adding((image) => rclone("copyto", source, `${remote}/${image}`)),
      },
      { name: "@aws-sdk/lib-storage (no digest)", against, run: adding(deno("sdk-add")) },
      { name: "only sending", against, run: adding(deno("bare-add")) },
      { name: "only digests and sending", against, run: adding(deno("digested-add")) },
    ]);
    if (only !== "get") console.log(`allowed growth: ${PART * (CONCURRENCY + 2) + 32} MiB`);

    const presigned = await store.presign("image", { expiresIn: 86_400_000 });
    const image = "image";
    await run("get", [
      { name: "glance_store", run: () => python("get")(image) },
      { name: "vitrine, BYOB reader", against, run: () => deno("get-byob")(image) },
      { name: "vitrine, default reader", against, run: () => deno("get-default")(image) },
      { name: "rclone cat", against, run: () => rclone("cat", `${remote}/${image}`) },
      { name: "@aws-sdk/client-s3", against, run: () => deno("sdk-get")(image) },
      {
        name: "only reading (curl)",
        against,
        run: () => program([tools.curl, "-sf", "-o", "/dev/null", presigned.href]),
      },
      { name: "only reading (fetch)", against, run: () => deno("bare-get")(image) },
    ]);
  } finally {
    await Deno.remove(source);
    const images = (await Array.fromAsync(store.list())).map(({ path }) => path);
    await store.deleteMany(images);
  }
}

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

if (import.meta.main) {
  const [mib, rounds = 5, only, ...names] = Deno.args;
  for (const size of mib ? [Number(mib)] : [512, 2048]) {
    await s3(size, Number(rounds), only, names);
  }
}
