/**
 * Small images: `add`, `get` and `stat` on memory, on files and on S3, one after the other and 16 at once,
 * beside the digests alone and a bare program that makes the same kind of calls and requests.
 *
 * Usage: `many.ts [ROUNDS] [FOLDER] [SIZE...]`; default: 5, in `/dev/shm`, which is a tmpfs, and all sizes. S3 is
 * measured where the service `ceph` runs.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { AwsClient } from "aws4fetch";
import { FileStore } from "@vitrine/vitrine/file";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { S3Store } from "@vitrine/vitrine/s3";
import { type Endpoints, service } from "../tests/services/mod.ts";
import { median } from "./harness.ts";

const SIZES = [100, 4096, 65_536, 1_048_576];
/** How many images are side by side in the second measurement. */
const AT_ONCE = 16;

/** Something that is measured: what it does with the n-th image. */
interface Work {
  /** How the table names it. */
  name: string;
  /** Does it once. */
  run(n: number): Promise<unknown>;
}

type Data = Uint8Array<ArrayBuffer>;

/** Measures images of one size, and prints microseconds an image. */
async function bench(
  size: number,
  rounds: number,
  folder: string,
  ceph: Endpoints | undefined,
): Promise<void> {
  const data: Data = crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)));
  const bytes = new Uint8Array(size).map((_, i) => data[i % data.length]!);
  const count = size >= 1_048_576 ? 64 : 256;
  const datadir = join(folder, `${size}`);
  const rows = new Map<string, { one: number[]; many: number[] }>();
  for (let round = 0; round < rounds; round++) {
    await Deno.mkdir(datadir);
    const memory = new MemoryStore("memory");
    const file = new FileStore("file", { datadir });
    const bucket = ceph && new Bucket(ceph);
    const all = [...works(bytes, memory, file, datadir), ...bucket?.works(bytes) ?? []];
    for (const { name, run } of all) {
      const row = rows.get(name) ?? { one: [], many: [] };
      rows.set(name, row);
      row.one.push(await time(count, 1, run));
      row.many.push(await time(count, AT_ONCE, (n) => run(n + count)));
    }
    await Promise.all([memory.close(), file.close(), bucket?.remove()]);
    await Deno.remove(datadir, { recursive: true });
  }
  console.log(`\n${size} bytes, microseconds an image (medians of ${rounds})`);
  console.log(`${"".padEnd(24)}${"in turn".padStart(10)}${`${AT_ONCE} at once`.padStart(12)}`);
  for (const [name, { one, many }] of rows) {
    const cells = [median(one).toFixed(0).padStart(10), median(many).toFixed(0).padStart(12)];
    console.log(name.padEnd(24) + cells.join(""));
  }
}

function works(bytes: Data, memory: MemoryStore, file: FileStore, datadir: string): Work[] {
  return [
    { name: "digests alone", run: () => Promise.resolve(digests(bytes)) },
    { name: "memory add", run: (n) => memory.add(`${n}`, bytes) },
    { name: "memory get", run: async (n) => await read(await memory.get(`${n}`)) },
    { name: "memory stat", run: (n) => memory.stat(`${n}`) },
    { name: "bare add", run: (n) => bareAdd(datadir, n, bytes) },
    { name: "file add", run: (n) => file.add(`${n}`, bytes) },
    { name: "bare get", run: (n) => Deno.readFile(join(datadir, `${n}`)) },
    { name: "file get", run: async (n) => await read(await file.get(`${n}`)) },
    { name: "bare stat", run: (n) => Deno.stat(join(datadir, `${n}`)) },
    { name: "file stat", run: (n) => file.stat(`${n}`) },
  ];
}

/** A bucket of S3, by the driver and by requests that are signed and sent with nothing in between. */
class Bucket {
  readonly #store: S3Store;
  readonly #client: AwsClient;
  readonly #url: string;

  constructor({ s3 }: Endpoints) {
    const { url: host, region, accessKey, secretKey } = s3;
    const bucket = `bench-${crypto.randomUUID()}`;
    this.#url = `${host}/${bucket}`;
    this.#store = new S3Store("s3", {
      ...{ host, region, accessKey, secretKey, bucket, bucketUrlFormat: "path" as const },
      createBucketOnPut: true,
    });
    const keys = { accessKeyId: accessKey, secretAccessKey: secretKey };
    this.#client = new AwsClient({ ...keys, region, service: "s3", retries: 0 });
  }

  /** One `PUT` that replaces nothing is an add, one `GET` is a get. */
  works(bytes: Data): Work[] {
    const md5 = createHash("md5").update(bytes).digest("base64");
    const headers = { "if-none-match": "*", "content-md5": md5 };
    const send = async (n: number, init: RequestInit) => {
      const response = await this.#client.fetch(`${this.#url}/bare-${n}`, init);
      if (!response.ok) throw new Error(`the server responded with ${response.status}`);
      return await response.arrayBuffer();
    };
    return [
      { name: "s3 add", run: (n) => this.#store.add(`${n}`, bytes) },
      { name: "bare PUT", run: (n) => send(n, { method: "PUT", body: bytes, headers }) },
      { name: "s3 get", run: async (n) => await read(await this.#store.get(`${n}`)) },
      { name: "bare GET", run: (n) => send(n, {}) },
    ];
  }

  /** Removes the bucket and closes the store. */
  async remove(): Promise<void> {
    const images = (await Array.fromAsync(this.#store.list())).map(({ path }) => path);
    await this.#store.deleteMany(images);
    await (await this.#client.fetch(this.#url, { method: "DELETE" })).body?.cancel();
    await this.#store.close();
  }
}

function digests(bytes: Data): string[] {
  return ["md5", "sha512"].map((name) => createHash(name).update(bytes).digest("hex"));
}

/** What an add of a file amounts to: a synced temporary file, its digests, a link, a synced directory. */
async function bareAdd(datadir: string, n: number, bytes: Data): Promise<void> {
  const path = join(datadir, `.bare-${n}`);
  const file = await Deno.open(path, { write: true, createNew: true });
  await file.write(bytes);
  await file.sync();
  file.close();
  await Deno.writeTextFile(`${path}.json`, JSON.stringify(digests(bytes)));
  await Deno.link(path, `${path}.img`);
  await Deno.remove(path);
  const directory = await Deno.open(datadir);
  await directory.sync();
  directory.close();
}

async function read(
  { size, reader }: Awaited<ReturnType<MemoryStore["get"]>>,
): Promise<number> {
  const { length } = await reader.read(new Uint8Array(size!));
  await reader.close();
  return length;
}

/** Microseconds that each of `count` calls takes, so many at once. */
async function time(
  count: number,
  atOnce: number,
  run: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await run(next++);
  }));
  return (performance.now() - start) * 1000 / count;
}

if (import.meta.main) {
  const [rounds = "5", parent = "/dev/shm", ...sizes] = Deno.args;
  const ceph = await service("ceph");
  const folder = await Deno.makeTempDir({ prefix: "vitrine-bench-", dir: parent });
  try {
    for (const size of sizes.length > 0 ? sizes.map(Number) : SIZES) {
      await bench(size, Number(rounds), folder, ceph);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
