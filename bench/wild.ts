/**
 * Images from elsewhere: unpacking beside the system's own programs, and one image into a file store, S3
 * and Swift at once, beside one after the other.
 *
 * Usage: `wild.ts [MIB] [ROUNDS] [unpack|add]`; default: 512 MiB, 5 rounds, both. `add` needs the services
 * `ceph` and `swift`: `deno task services start`.
 *
 * @module
 */
import { join } from "@std/path";
import { service } from "../tests/services/mod.ts";
import { child, compare, type Contender } from "./harness.ts";

const MIB = 1024 * 1024;

/** The programs that pack, and how they unpack with one thread. */
const PROGRAMS = {
  gzip: { pack: "gzip -1", unpack: "gzip -dc" },
  xz: { pack: "xz -T1 -2", unpack: "xz -T1 -dc" },
  zstd: { pack: "zstd -q", unpack: "zstd -qdc" },
  bzip2: { pack: "bzip2", unpack: "bzip2 -dc" },
} as const;

const pathOf = (name: string) => new URL(name, import.meta.url).pathname;

const deno = (...args: string[]) => () =>
  child(Deno.execPath(), ["run", "--no-lock", "--allow-all", pathOf("wild_child.ts"), ...args]);

/** Measures the unpacking of one image by each format. */
async function unpacking(folder: string, image: string, bytes: number, rounds: number) {
  for (const [format, { pack, unpack }] of Object.entries(PROGRAMS)) {
    const packed = join(folder, format);
    await shell(`${pack} -c "$1" > "$2"`, image, packed);
    await compare(`unpack ${format} ${bytes / MIB} MiB`, [
      {
        name: unpack,
        run: () =>
          child("python3", [pathOf("program.py"), `${bytes}`, ...unpack.split(" "), packed]),
      },
      { name: "vitrine", against: unpack, run: deno("unpack", packed, format) },
    ], rounds);
    await Deno.remove(packed);
  }
}

/** Measures adding to three stores at once, and to one after the other. */
async function adding(folder: string, image: string, bytes: number, rounds: number) {
  const [ceph, swift] = [await service("ceph"), await service("swift")];
  if (!ceph || !swift) throw new Error("ceph and swift do not run");
  const { url: host, region, accessKey, secretKey } = ceph.s3;
  const name = `bench-${crypto.randomUUID()}`;
  const stores = JSON.stringify({
    file: { datadir: join(folder, "datadir"), createDatadir: true },
    s3: {
      ...{ host, region, accessKey, secretKey, bucket: name, bucketUrlFormat: "path" },
      createBucketOnPut: true,
    },
    swift: {
      ...{ authVersion: "1", authAddress: swift.authUrl, user: swift.user, key: swift.key },
      ...{ container: name, createContainerOnPut: true },
    },
  });
  const against = "one after the other";
  const contenders: Contender[] = [
    { name: against, run: deno("in-turn", image, stores) },
    ...["file", "s3", "swift"].map((one) => ({
      name: one,
      run: deno("at-once", image, stores, one),
    })),
    { name: "at once", against, run: deno("at-once", image, stores, "file,s3,swift") },
  ];
  await compare(`add to three stores ${bytes / MIB} MiB`, contenders, rounds);
  console.log("allowed: at once takes 0.85 of the time of one after the other, a ratio of 1.18");
}

/** Runs a line of the shell. */
async function shell(line: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", line, "sh", ...args] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

if (import.meta.main) {
  const [mib = "512", rounds = "5", only] = Deno.args;
  const folder = await Deno.makeTempDir({ prefix: "vitrine-bench-" });
  const image = join(folder, "image");
  try {
    // Programs and libraries: what is in an image of a system.
    await shell(
      'tar -cf - -C / usr/lib usr/bin usr/share 2>/dev/null | head -c "$1" > "$2"',
      `${Number(mib) * MIB}`,
      image,
    );
    const { size } = await Deno.stat(image);
    if (only !== "add") await unpacking(folder, image, size, Number(rounds));
    if (only !== "unpack") await adding(folder, image, size, Number(rounds));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
