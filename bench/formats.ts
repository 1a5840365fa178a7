/**
 * What inspection costs an add, how fast it is alone, and how much of a stored image of 10 GiB it reads.
 *
 * Usage: `formats.ts [MIB] [PAIRS]`; Default: images of 256 MiB, 15 pairs. Making the images of
 * 10 GiB, which are sparse, needs qemu-img and mke2fs.
 *
 * @module
 */
import { join } from "@std/path";
import { FileStore } from "@vitrine/vitrine/file";
import { handler } from "@vitrine/vitrine/handler";
import { HttpStore } from "@vitrine/vitrine/http";
import { S3Store } from "@vitrine/vitrine/s3";
import { Vfs } from "@vitrine/vitrine/vfs";
import type { Store } from "../store/mod.ts";
import { writeRandom } from "../tests/random_file.ts";
import { child, median } from "./harness.ts";

const GIB = 2 ** 30;
const SECRET = ["--object", "secret,id=s,data=bench", "-o", "key-secret=s,iter-time=10"];

/** How the sparse images are made: the arguments of `qemu-img create` before and behind the name. */
const IMAGES: Readonly<Record<string, readonly string[]>> = {
  "disk.raw": ["raw"],
  "disk.qcow2": ["qcow2", "-o", "preallocation=metadata"],
  "disk.qed": ["qed"],
  "fixed.vhd": ["vpc", "-o", "subformat=fixed"],
  "dynamic.vhd": ["vpc"],
  "fixed.vhdx": ["vhdx", "-o", "subformat=fixed"],
  "dynamic.vhdx": ["vhdx"],
  "static.vdi": ["vdi", "-o", "static=on"],
  "sparse.vmdk": ["vmdk"],
  "disk.hds": ["parallels"],
  "disk.luks": ["luks", ...SECRET],
  "ext4.img": ["raw"],
};

async function adds(directory: string, mib: number, pairs: number): Promise<void> {
  const source = join(directory, "source");
  await writeRandom(source, mib);
  const datadir = join(directory, "datadir");
  const run = async (work: string) => {
    await Deno.mkdir(datadir);
    const program = new URL("formats_child.ts", import.meta.url).pathname;
    const measured = await child(Deno.execPath(), ["run", "-A", program, work, source, datadir]);
    await Deno.remove(datadir, { recursive: true });
    return measured;
  };
  const ratios: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // In turns, so that neither is always the second.
    const order = pair % 2 ? ["with", "without"] : ["without", "with"];
    const cpu: Record<string, number> = {};
    for (const work of order) cpu[work] = (await run(work)).cpu;
    ratios.push(cpu["with"]! / cpu["without"]!);
  }
  const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`;
  const sorted = ratios.toSorted((a, b) => a - b);
  console.log(`\nAn add of ${mib} MiB to a file store, CPU seconds with inspection and without`);
  console.log(`  median of ${pairs} pairs: ${percent(median(ratios))} more`);
  console.log(`  all: ${sorted.map(percent).join(", ")}`);
  const alone = await run("alone");
  console.log(`\nInspection alone: ${(alone.bytes / GIB / alone.cpu).toFixed(0)} GiB a CPU second`);
}

async function makeImages(directory: string): Promise<void> {
  await Deno.mkdir(directory);
  const run = async (command: string, ...args: string[]) => {
    const { success, stderr } = await new Deno.Command(command, { args, cwd: directory }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  };
  for (const [name, [format, ...options]] of Object.entries(IMAGES)) {
    await run("qemu-img", "create", "-q", "-f", format!, ...options, name, "10G");
  }
  await run("mke2fs", "-q", "-F", "-t", "ext4", "ext4.img");
}

/** Counts what a store's requests bring. */
class Counter {
  requests = 0;
  bytes = 0;

  readonly fetch = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    this.requests++;
    if (init?.method !== "HEAD") this.bytes += Number(response.headers.get("content-length"));
    return response;
  };
}

async function reads(directory: string): Promise<void> {
  await makeImages(directory);
  const images = new FileStore("images", { datadir: directory });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    handler(new Vfs({ images })),
  );
  const host = `http://127.0.0.1:${server.addr.port}`;
  const counter = new Counter();
  const keys = { accessKey: "bench", secretKey: "bench", region: "bench" };
  const stores: Store[] = [
    new HttpStore("http", { baseUrl: `${host}/images/`, fetch: counter.fetch }),
    new S3Store("s3", {
      ...{ host, bucket: "images", bucketUrlFormat: "path", ...keys },
      fetch: counter.fetch,
    }),
  ];
  console.log("\nInspecting a stored image of 10 GiB: requests and KiB read");
  console.log(["", "format", ...stores.map(({ name }) => name)].map(cell).join(""));
  for (const name of Object.keys(IMAGES)) {
    const cells: string[] = [];
    let format = "";
    for (const store of stores) {
      counter.requests = counter.bytes = 0;
      ({ format } = await store.inspect(name));
      cells.push(`${counter.requests} / ${Math.ceil(counter.bytes / 1024)}`);
    }
    console.log([name, format, ...cells].map(cell).join(""));
  }
  for (const store of [...stores, images]) await store.close();
  await server.shutdown();
}

function cell(text: string): string {
  return text.padEnd(16);
}

if (import.meta.main) {
  const [mib = "256", pairs = "15"] = Deno.args;
  const directory = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
  try {
    await reads(join(directory, "images"));
    await adds(directory, Number(mib), Number(pairs));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
