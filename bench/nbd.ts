/**
 * The NBD server: over a file store against qemu-nbd, over S3 against `get` and against nbdkit's curl plugin.
 *
 * Usage: `nbd.ts [MIB] [ROUNDS] [file|s3]`; default: 1,024 MiB, 7 rounds, both. The services `nbd-clients`
 * and, for S3, `ceph` run.
 *
 * @module
 */
import { join } from "@std/path";
import { S3Store } from "@vitrine/vitrine/s3";
import { writeRandom } from "../tests/random_file.ts";
import { service } from "../tests/services/mod.ts";
import { observe } from "../tools/process.ts";
import { child, compare, type Contender } from "./harness.ts";

const MIB = 1024 * 1024;

/** A server that runs, and the URI of its image. */
interface Server {
  name: string;
  process: Deno.ChildProcess;
  uri: string;
}

/** Measures copies and benches of an image in a file store. */
export async function nbdFile(mib: number, rounds: number): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
  await Deno.mkdir(join(folder, "images"));
  const image = join(folder, "images/disk.raw");
  await writeRandom(image, mib);
  const servers = [
    await startProgram("qemu-nbd", join(folder, "q"), "", (socket) => [
      ...["qemu-nbd", "--read-only", "--persistent", "--shared=8", "--format=raw"],
      ...[`--socket=${socket}`, image],
    ]),
    await startVitrine(folder, "file", { datadir: join(folder, "images") }, "disk.raw"),
  ];
  try {
    const against = servers[0]!.name;
    const measure = (title: string, load: (uri: string) => Promise<Load>) =>
      compareServers(title, servers, against, load, rounds);
    await measure(`NBD nbdcopy ${mib} MiB`, (uri) => copy(uri, mib));
    await measure("NBD qemu-img bench, 1 MiB, depth 8", (uri) => bench(uri, 2000, 8, MIB));
    await measure("NBD qemu-img bench, 4 KiB, depth 1", (uri) => bench(uri, 20_000, 1, 4096));
    await measure("NBD qemu-img bench, 4 KiB, depth 16", (uri) => bench(uri, 50_000, 16, 4096));
  } finally {
    await stopAll(servers);
    await Deno.remove(folder, { recursive: true });
  }
}

/** Measures copies of an object that is readable by anyone. */
export async function nbdS3(mib: number, rounds: number): Promise<void> {
  const ceph = await service("ceph");
  if (!ceph) throw new Error("ceph does not run");
  const { url: host, region, accessKey, secretKey } = ceph["s3"];
  const bucket = `bench-${crypto.randomUUID()}`;
  const options = { host, region, accessKey, secretKey, bucket, bucketUrlFormat: "path" as const };
  const folder = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
  await using store = new S3Store("bench", { ...options, createBucketOnPut: true });
  const source = join(folder, "source");
  await writeRandom(source, mib);
  await store.add("disk.raw", (await Deno.open(source)).readable, { size: mib * MIB });
  await store.setAcls("disk.raw", { public: true });
  const servers = [
    await startProgram("nbdkit curl", join(folder, "k"), "", (socket) => [
      ...["nbdkit", "--foreground", "--readonly", `--unix=${socket}`],
      ...["--filter=readahead", "curl", `${host}/${bucket}/disk.raw`],
    ]),
    await startVitrine(folder, "s3", options, "disk.raw"),
  ];
  const get: Contender = {
    name: "get",
    run: () => child(Deno.execPath(), [...CHILD, "get", "s3", JSON.stringify(options), "disk.raw"]),
  };
  try {
    const load = (uri: string) => copy(uri, mib);
    await compareServers(`NBD nbdcopy from S3 ${mib} MiB`, servers, "get", load, rounds, [get]);
  } finally {
    await stopAll(servers);
    await store.delete("disk.raw");
    await Deno.remove(folder, { recursive: true });
  }
}

const CHILD = ["run", "--allow-all", join(import.meta.dirname!, "nbd_child.ts")];

/** Bytes that a client read, and in how many seconds. */
interface Load {
  bytes: number;
  seconds: number;
}

async function compareServers(
  title: string,
  servers: readonly Server[],
  against: string,
  load: (uri: string) => Promise<Load>,
  rounds: number,
  others: readonly Contender[] = [],
): Promise<void> {
  const contenders = servers.map(({ name, process, uri }): Contender => ({
    name,
    ...(name !== against && { against }),
    run: () => observe([process.pid], () => load(uri)),
  }));
  // A server runs for long; the first seconds go into compiling.
  for (const { run } of [...contenders, ...contenders]) await run();
  await compare(title, [...others, ...contenders], rounds);
}

function startVitrine(
  folder: string,
  driver: string,
  options: object,
  image: string,
): Promise<Server> {
  return startProgram("vitrine", join(folder, "v"), `images/${image}`, (socket) => [
    ...[Deno.execPath(), ...CHILD, "serve", driver, JSON.stringify(options), socket],
  ]);
}

async function startProgram(
  name: string,
  socket: string,
  exportName: string,
  command: (socket: string) => string[],
): Promise<Server> {
  const [program, ...args] = command(socket);
  const process = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const uri = `nbd+unix:///${exportName}?socket=${socket}`;
  for (let left = 100; !(await run("nbdinfo", ["--size", uri])).success; left--) {
    if (left === 0) throw new Error(`${name} does not serve ${uri}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { name, process, uri };
}

async function stopAll(servers: readonly Server[]): Promise<void> {
  for (const { process } of servers) {
    process.kill();
    await process.status;
  }
}

async function copy(uri: string, mib: number): Promise<Load> {
  const start = performance.now();
  await output("nbdcopy", [uri, "null:"]);
  return { bytes: mib * MIB, seconds: (performance.now() - start) / 1000 };
}

async function bench(uri: string, count: number, depth: number, size: number): Promise<Load> {
  const args = ["bench", "-f", "raw", "-c", `${count}`, "-d", `${depth}`, "-s", `${size}`, uri];
  const [, seconds] = /completed in ([\d.]+) seconds/.exec(await output("qemu-img", args))!;
  return { bytes: count * size, seconds: Number(seconds) };
}

async function output(program: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await run(program, args);
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function run(program: string, args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(program, { args, stdin: "null" }).output();
}

if (import.meta.main) {
  const [mib = "1024", rounds = "7", only] = Deno.args;
  if (only !== "s3") await nbdFile(Number(mib), Number(rounds));
  if (only !== "file") await nbdS3(Number(mib), Number(rounds));
}
