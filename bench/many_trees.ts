/**
 * Trees of many images by the command, beside rclone: copies in each direction, syncs that find nothing to do,
 * listings, and the start of the process. All in turns, each a process of its own; the table has medians of
 * seconds and of the ratios of a pair.
 *
 * Usage: `many_trees.ts [ROUNDS] [SCALE] [NAME...]`; default: 5 rounds, the scale 1, and all of `copy`, `sync`,
 * `list` and `start`. The scale 0.1 takes a tenth of the images. `list-cloud`, which first adds 100,000
 * images to each of two clouds, runs if it is named. The services `ceph`, `swift` and `tools` run:
 * `deno task services start`.
 *
 * @module
 */
import { join } from "@std/path";
import { service } from "../tests/services/mod.ts";
import { median } from "./harness.ts";

/** How many images work at the same time, in both programs. */
const TRANSFERS = ["--transfers", "8"];

/** A tree that is copied: how many images, and the least and greatest size of one in bytes. */
const TREES = {
  "500 of 1 to 96 KB": { count: 500, sizes: [1000, 96_000] },
  "2,000 of 4 KiB": { count: 2000, sizes: [4096, 4096] },
} as const;

/** The images of a tree are in so many directories. */
const DIRECTORIES = 10;

/** One of those compared: the time that it takes, in seconds. */
type Run = () => Promise<number>;

/** Where both programs find the same places. */
class Places {
  /** The folder of the local ones. */
  readonly folder: string;
  readonly #rclone: string;

  private constructor(folder: string, rclone: string) {
    this.folder = folder;
    this.#rclone = rclone;
  }

  /** Writes the configurations of both programs, with new buckets and a new container. */
  static async create(folder: string): Promise<Places> {
    const [ceph, swift, tools] = await Promise.all(["ceph", "swift", "tools"].map(service));
    if (!ceph || !swift || !tools) throw new Error("ceph, swift and tools do not run");
    const { url: host, region, accessKey, secretKey } = ceph.s3;
    const { authUrl: authAddress, user, key } = swift;
    const name = `bench-${crypto.randomUUID()}`;
    const cloud = { driver: "s3", host, region, accessKey, secretKey, bucketUrlFormat: "path" };
    const bucket = (bucket: string) => ({ ...cloud, bucket, createBucketOnPut: true });
    const file = (name: string) => ({ driver: "file", datadir: join(folder, name) });
    const stores = {
      local: file("local"),
      copies: file("copies"),
      s3: bucket(name),
      other: bucket(`${name}-other`),
      swift: {
        ...{ driver: "swift", authVersion: "1", authAddress, user, key, container: name },
        createContainerOnPut: true,
      },
    };
    for (const name of ["local", "copies"]) await Deno.mkdir(join(folder, name));
    await Deno.writeTextFile(join(folder, "vitrine.json"), JSON.stringify({ stores }));
    const s3 = ["type=s3", "provider=Ceph", `endpoint=${host}`, `access_key_id=${accessKey}`];
    s3.push(`secret_access_key=${secretKey}`, `region=${region}`);
    const sections = {
      s3,
      other: s3,
      swift: ["type=swift", "auth_version=1", `auth=${authAddress}`, `user=${user}`, `key=${key}`],
    };
    const text = Object.entries(sections).map(([name, lines]) =>
      `[${name}]\n${lines.join("\n")}\n`
    );
    await Deno.writeTextFile(join(folder, "rclone.conf"), text.join("\n"));
    const places = new Places(folder, tools.rclone);
    places.#containers = { s3: name, other: `${name}-other`, swift: name };
    for (const [remote, container] of Object.entries(places.#containers)) {
      await places.rclone("mkdir", `${remote}:${container}`);
    }
    return places;
  }

  #containers: Readonly<Record<string, string>> = {};

  /** A path of the tree as rclone names it. */
  ofRclone(path: string): string {
    const [, store, ...rest] = path.split("/");
    const container = this.#containers[store!];
    if (container === undefined) return join(this.folder, store!, ...rest);
    return `${store}:${[container, ...rest].join("/")}`;
  }

  /** Runs the command. */
  vitrine(...args: string[]): Promise<number> {
    const command = new URL("../cli/mod.ts", import.meta.url).pathname;
    // As `deno task cli` runs it.
    const flags = ["--no-lock", "--allow-all", "--unstable-lazy-dynamic-imports"];
    return this.#time(Deno.execPath(), ["run", ...flags, command, ...args]);
  }

  /** Runs rclone. */
  rclone(...args: string[]): Promise<number> {
    return this.#time(this.#rclone, ["--config", "rclone.conf", ...args]);
  }

  /** Runs `find`. */
  find(...args: string[]): Promise<number> {
    return this.#time("find", args);
  }

  /** Removes what is at a path of the tree, and nothing if nothing is there. */
  async remove(path: string): Promise<void> {
    const place = this.ofRclone(path);
    if (place.startsWith("/")) await Deno.remove(place, { recursive: true }).catch(() => {});
    else await this.rclone("purge", place).catch(() => {});
  }

  /** Removes everything. */
  async clear(): Promise<void> {
    for (const store of Object.keys(this.#containers)) await this.remove(`/${store}`);
    await Deno.remove(this.folder, { recursive: true });
  }

  async #time(command: string, args: string[]): Promise<number> {
    const { AWS_CA_BUNDLE: _, ...env } = Deno.env.toObject();
    const options = { args, cwd: this.folder, env, clearEnv: true, stdout: "piped" } as const;
    const start = performance.now();
    const { success, stderr } = await new Deno.Command(command, options).output();
    const seconds = (performance.now() - start) / 1000;
    if (success) return seconds;
    throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Measures contenders in turns, each against the first, and prints the table. */
async function compare(title: string, contenders: Record<string, Run>, rounds: number) {
  const times = Object.values(contenders).map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, run] of Object.values(contenders).entries()) times[index]!.push(await run());
  }
  console.log(`\n${title} (medians of ${rounds})`);
  for (const [index, name] of Object.keys(contenders).entries()) {
    const ratios = times[index]!.map((seconds, round) => seconds / times[0]![round]!);
    const cells = [`${median(times[index]!).toFixed(2)} s`, `${median(ratios).toFixed(2)} times`];
    console.log(name.padEnd(28) + cells.map((cell) => cell.padStart(12)).join(""));
  }
}

/** Writes a tree of random files, spread over directories. */
async function writeTree(
  folder: string,
  count: number,
  sizes: readonly [number, number] | readonly number[],
  directories: number,
): Promise<void> {
  const [least, most] = sizes as [number, number];
  const data = crypto.getRandomValues(new Uint8Array(65_536));
  for (let i = 0; i < directories; i++) {
    await Deno.mkdir(join(folder, `directory-${i}`), { recursive: true });
  }
  for (let i = 0; i < count; i++) {
    const size = least + Math.floor((most - least) * i / count);
    const bytes = new Uint8Array(size).map((_, at) => data[(at + i * 7) % data.length]!);
    Deno.writeFileSync(join(folder, `directory-${i % directories}`, `image-${i}.raw`), bytes);
  }
}

/** The name of a tree as a part of a path. */
function nameOf(title: string): string {
  return title.replace(/\W+/g, "-");
}

/** Writes the trees that are copied, once to each store that they are copied from. */
async function writeTrees(places: Places, scale: number): Promise<void> {
  for (const [title, { count, sizes }] of Object.entries(TREES)) {
    const path = `/local/${nameOf(title)}`;
    await writeTree(places.ofRclone(path), Math.ceil(count * scale), sizes, DIRECTORIES);
    await places.rclone("copy", places.ofRclone(path), places.ofRclone(`/s3/${nameOf(title)}`));
  }
}

/** The directions of copies: from one store to another. */
const DIRECTIONS = [
  ["local", "copies"],
  ["local", "s3"],
  ["s3", "copies"],
  ["s3", "s3"],
  ["s3", "other"],
  ["local", "swift"],
] as const;

async function benchCopies(places: Places, rounds: number): Promise<void> {
  for (const title of Object.keys(TREES)) {
    for (const [source, target] of DIRECTIONS) {
      const from = `/${source}/${nameOf(title)}`;
      /** Copies to a new place, which is removed after that. */
      const copying = (copy: (to: string) => Promise<number>) => async () => {
        const to = `/${target}/${crypto.randomUUID()}`;
        try {
          return await copy(to);
        } finally {
          await places.remove(to);
        }
      };
      await compare(`copy ${title}, ${source} to ${target}`, {
        "rclone copy": copying((to) =>
          places.rclone("copy", ...TRANSFERS, places.ofRclone(from), places.ofRclone(to))
        ),
        "vitrine cp -r": copying((to) =>
          places.vitrine("cp", "-r", ...TRANSFERS, `${from}/`, `${to}/`)
        ),
      }, rounds);
    }
  }
}

async function benchSyncs(places: Places, rounds: number): Promise<void> {
  const from = `/local/${nameOf(Object.keys(TREES)[1]!)}`;
  for (const target of ["copies", "s3", "swift"]) {
    const to = `/${target}/synced`;
    await places.vitrine("sync", from, to);
    await compare(`sync of an unchanged tree, local to ${target}`, {
      "rclone sync": () =>
        places.rclone("sync", ...TRANSFERS, places.ofRclone(from), places.ofRclone(to)),
      "vitrine sync": () => places.vitrine("sync", ...TRANSFERS, from, to),
    }, rounds);
    await places.remove(to);
  }
}

/** Lists a tree by names, and with sizes and dates. */
async function benchListing(title: string, places: Places, path: string, rounds: number) {
  const place = places.ofRclone(path);
  const isLocal = place.startsWith("/");
  await compare(`listing ${title}`, {
    "rclone lsf -R": () => places.rclone("lsf", "-R", place),
    "vitrine ls -R": () => places.vitrine("ls", "-R", path),
    "vitrine ls -lR": () => places.vitrine("ls", "-lR", path),
    "rclone lsl": () => places.rclone("lsl", place),
    ...isLocal && { "find -ls": () => places.find(place, "-ls") },
  }, rounds);
}

/** How 100,000 images are spread over directories. */
const SPREADS = { "in one directory": 1, "in 1,000 directories": 1000 } as const;

async function benchListings(places: Places, rounds: number, scale: number, stores: string[]) {
  const count = Math.ceil(100_000 * scale);
  for (const [spread, directories] of Object.entries(SPREADS)) {
    const name = nameOf(spread);
    const folder = places.ofRclone(`/local/${name}`);
    await writeTree(folder, count, [1, 1], directories);
    for (const store of stores) {
      const path = `/${store}/${name}`;
      if (store !== "local") {
        await places.rclone("copy", "--transfers", "32", folder, places.ofRclone(path));
      }
      await benchListing(`${count} images ${spread}, ${store}`, places, path, rounds);
      await places.remove(path);
    }
    await places.remove(`/local/${name}`);
  }
}

async function benchStart(places: Places, rounds: number): Promise<void> {
  await compare("start", {
    "rclone lsf": () => places.rclone("lsf", "--max-depth", "1", places.ofRclone("/copies")),
    "vitrine ls /": () => places.vitrine("ls", "/"),
  }, rounds);
}

if (import.meta.main) {
  const [rounds = "5", scale = "1", ...names] = Deno.args;
  const [count, part] = [Number(rounds), Number(scale)];
  const isChosen = (name: string) => names.length === 0 || names.includes(name);
  const parent = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
  const folder = await Deno.makeTempDir({ prefix: "vitrine-bench-", ...parent && { dir: parent } });
  const places = await Places.create(folder);
  try {
    if (isChosen("start")) await benchStart(places, count);
    if (isChosen("copy") || isChosen("sync")) await writeTrees(places, part);
    if (isChosen("copy")) await benchCopies(places, count);
    if (isChosen("sync")) await benchSyncs(places, count);
    if (isChosen("list")) await benchListings(places, count, part, ["local"]);
    if (names.includes("list-cloud")) await benchListings(places, count, part, ["s3", "swift"]);
  } finally {
    await places.clear();
  }
}
