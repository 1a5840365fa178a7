/**
 * This checkout against an earlier one, in turns: what every store and the server do with one large image.
 *
 * Usage: `before.ts CHECKOUT [MIB] [ROUNDS] [NAME...]`. Default: 512 MiB, 7 rounds, and all of `file`, `s3`,
 * `swift`, `rbd` and `serve`. The services `ceph`, `swift` and `tools` run: `deno task services start`.
 * Of both checkouts the program `bench/NAME_child.ts` is run, which the earlier one must have.
 *
 * @module
 */
import { toFileUrl } from "@std/path";
import { RbdStore } from "@vitrine/vitrine/rbd";
import { S3Store } from "@vitrine/vitrine/s3";
import { SwiftStore } from "@vitrine/vitrine/swift";
import type { Measurement } from "../tools/measurement.ts";
import { observe } from "../tools/process.ts";
import { writeRandom } from "../tests/random_file.ts";
import { service } from "../tests/services/mod.ts";
import { child, compare } from "./harness.ts";
import { load, writeScripts } from "./wrk.ts";

/** What is compared, and with which image. */
interface Given {
  /** The folders `bench/` of the earlier checkout and of this one. */
  before: URL;
  now: URL;
  /** A file with random bytes. */
  source: string;
  mib: number;
  rounds: number;
}

/** Runs one work of a child program, of the checkout whose `bench/` is given. */
type Run = (bench: URL) => Promise<Measurement>;

/** Compares the two checkouts. */
async function inTurns({ before, now, mib, rounds }: Given, title: string, run: Run) {
  await compare(`${title} ${mib} MiB`, [
    { name: "before", run: () => run(before) },
    { name: "now", against: "before", run: () => run(now) },
  ], rounds);
}

function run(bench: URL, name: string, ...args: string[]): Promise<Measurement> {
  const program = new URL(`${name}_child.ts`, bench).pathname;
  return child(Deno.execPath(), ["run", "--no-lock", "--allow-all", program, ...args]);
}

/** The benches, by name. */
const BENCHES: Readonly<Record<string, (given: Given) => Promise<void>>> = {
  async file(given) {
    const datadir = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
    for (const work of ["add", "add-threads", "get-byob", "get-default"]) {
      await inTurns(given, `file ${work}`, async (bench) => {
        await Deno.remove(datadir, { recursive: true });
        await Deno.mkdir(datadir);
        return await run(bench, "file", work, given.source, datadir);
      });
    }
    await Deno.remove(datadir, { recursive: true });
  },
  async s3(given) {
    const { s3 } = (await service("ceph"))!;
    const { url: host, region, accessKey, secretKey } = s3;
    const options = {
      ...{ host, region, accessKey, secretKey, bucketUrlFormat: "path" as const },
      ...{ bucket: `bench-${crypto.randomUUID()}`, createBucketOnPut: true, readConcurrency: 1 },
    };
    await using store = new S3Store("bench", options);
    await onStore(given, "s3", store, [JSON.stringify(options)]);
  },
  async swift(given) {
    const { authUrl: authAddress, user, key } = (await service("swift"))!;
    const container = `bench-${crypto.randomUUID()}`;
    const options = {
      ...{ authVersion: "1" as const, authAddress, user, key, container },
      ...{ createContainerOnPut: true, largeObjectSize: 16, largeObjectChunkSize: 16 },
    };
    await using store = new SwiftStore("bench", options);
    await onStore(given, "swift", store, [JSON.stringify(options)]);
  },
  async rbd(given) {
    const { confPath: cephConf } = (await service("ceph"))!;
    await using store = new RbdStore("bench", { cephConf, user: "glance" });
    await onStore(given, "rbd", store, [cephConf]);
  },
  async serve(given) {
    const tools = (await service("tools"))!;
    const scripts = await writeScripts(given.mib);
    const root = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
    await Deno.copyFile(given.source, `${root}/image`);
    const servers = await Promise.all([given.before, given.now].map((bench) => start(bench, root)));
    for (const [title, connections, script] of SERVED) {
      const contenders = servers.map(({ pid, url }, i) => ({
        name: ["before", "now"][i]!,
        ...(i > 0 ? { against: "before" } : {}),
        run: () =>
          observe(
            [pid],
            () => load(tools["wrk"], `${url}files/image`, connections, scripts[script]),
          ),
      }));
      // A server runs for long; the first seconds go into compiling.
      for (const { run } of [...contenders, ...contenders]) await run();
      await compare(`${title}, before and now`, contenders, given.rounds);
    }
    for (const { child } of servers) {
      child.kill();
      await child.status;
    }
    for (const folder of [root, scripts.folder]) await Deno.remove(folder, { recursive: true });
  },
};

/** What is requested of the server: the title, the connections and the script of wrk. */
const SERVED = [
  ["serve whole images, 1 connection", 1, "whole"],
  ["serve whole images, 16 connections", 16, "whole"],
  ["serve 64 KiB ranges, 16 connections", 16, "ranges"],
] as const;

/** Adds images, deletes them, and gets one. */
async function onStore(
  given: Given,
  name: string,
  store: S3Store | SwiftStore | RbdStore,
  more: string[],
): Promise<void> {
  const image = `bench-${crypto.randomUUID()}`;
  await inTurns(given, `${name} add`, async (bench) => {
    try {
      return await run(bench, name, "add", given.source, image, ...more);
    } finally {
      // Not `delete`: the child of rbd has deleted what it added.
      await store.deleteMany([image]);
    }
  });
  await store.add(image, (await Deno.open(given.source)).readable, {
    size: given.mib * 1024 * 1024,
  });
  for (const work of ["get-byob", "get-default"]) {
    await inTurns(given, `${name} ${work}`, (bench) => {
      return run(bench, name, work, given.source, image, ...more);
    });
  }
  await store.delete(image);
}

/** Starts the server of a checkout. */
async function start(bench: URL, root: string) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-all", new URL("serve_child.ts", bench).pathname, root],
    stdout: "piped",
  }).spawn();
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  return { child, pid: child.pid, url: value!.trim() };
}

if (import.meta.main) {
  const [checkout, mib = 512, rounds = 7, ...names] = Deno.args;
  if (checkout === undefined) {
    console.error("usage: before.ts CHECKOUT [MIB] [ROUNDS] [NAME...]");
    Deno.exit(2);
  }
  const source = await Deno.makeTempFile({ prefix: "vitrine-bench-" });
  await writeRandom(source, Number(mib));
  const before = new URL("bench/", toFileUrl(`${await Deno.realPath(checkout)}/`));
  const now = new URL("./", import.meta.url);
  const given = { before, now, source, mib: Number(mib), rounds: Number(rounds) };
  for (const name of names.length > 0 ? names : Object.keys(BENCHES)) await BENCHES[name]!(given);
  await Deno.remove(source);
}
