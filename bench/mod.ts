/**
 * `deno task bench [NAME...]`: measures one thing after the other, each paired with its peers in one
 * run. Without a name: the digests' own limit and the file driver. Others need services that run.
 *
 * @module
 */

/** The benches, by name, and what each needs. */
const BENCHES: Readonly<Record<string, string>> = {
  digest: "nothing",
  file: "glance_store, where it is installed",
  bundle: "nothing",
  formats: "qemu-img and mke2fs",
  many: "a tmpfs at /dev/shm; ceph, where it runs",
  many_trees: "ceph, swift and rclone",
  serve: "nginx and wrk",
  edge: "nginx, curl, and workerd from npm",
  s3: "ceph, glance_store and rclone",
  swift: "swift and glance_store",
  rbd: "ceph and glance_store",
  nbd: "nbd-clients and ceph",
  wild: "gzip, xz, zstd, bzip2, ceph and swift",
  holes: "qemu-img; ceph for the copies to it and from it",
};

const names = Deno.args.length > 0 ? Deno.args : ["digest", "file"];
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`no bench is named "${unknown}"; there are:`);
  for (const [name, needs] of Object.entries(BENCHES)) console.error(`  ${name}: ${needs}`);
  Deno.exit(2);
}
for (const name of names) {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      `--lock=${new URL("../tests/deno.lock", import.meta.url).pathname}`,
      new URL(`${name}.ts`, import.meta.url).pathname,
    ],
  }).spawn().status;
  if (!success) Deno.exitCode = 1;
}
