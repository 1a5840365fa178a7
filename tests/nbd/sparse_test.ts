/**
 * Images of 10 GiB, nearly all of which are holes.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { FileStore } from "@vitrine/vitrine/file";
import { HttpStore } from "@vitrine/vitrine/http";
import type { Store } from "../../mod.ts";
import { rbd, storeOn } from "../rbd/support.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { ServedImages } from "./served_images.ts";

const MIB = 1024 * 1024;
const SIZE = 10 * 1024 * MIB;
/** Where a MiB of data lies: at the start, past 4 GiB, and at the end. */
const DATA = [0, 5 * 1024 * MIB, SIZE - MIB];

interface MapEntry {
  offset: number;
  length: number;
  type: number;
}

async function writeSparse(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const data = new Uint8Array(MIB).fill(0xa7);
  for (const offset of DATA) {
    await file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < MIB;) at += await file.write(data.subarray(at));
  }
}

/** The same data as a difference to an empty image, in the format of `rbd export-diff`, version 1. */
function diffOf(): Blob {
  const number = (value: number) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value), true);
    return [...new Uint8Array(view.buffer)];
  };
  const text = (value: string) => [...new TextEncoder().encode(value)];
  const records = DATA.flatMap((offset) => [
    new Uint8Array([...text("w"), ...number(offset), ...number(MIB)]),
    new Uint8Array(MIB).fill(0xa7),
  ]);
  const head = new Uint8Array([...text("rbd diff v1\ns"), ...number(SIZE)]);
  return new Blob([head, ...records, "e"]);
}

/** Reads the image; `block` is the size of the blocks in which the store knows its holes. */
async function checkSparse(
  store: Store,
  imageId: string,
  clients: Endpoints,
  block?: number | undefined,
): Promise<void> {
  await using served = await ServedImages.start({ [store.name]: store });
  const { nbdinfo, "qemu-io": qemuIo, "qemu-img": qemuImg } = clients;
  const uri = served.server.uriOf(`/${store.name}/${imageId}`);
  assertEquals(Number(await served.output(nbdinfo, "--size", uri)), SIZE);
  assertMatch(await served.output(qemuImg, "info", "-f", "raw", uri), /10 GiB/);
  const reads = DATA.flatMap((offset) => ["-c", `read -P 0xa7 ${offset} 1M`]);
  const holes = [MIB, 5 * 1024 * MIB + MIB, SIZE - 2 * MIB].flatMap(
    (offset) => ["-c", `read -P 0 ${offset} 1M`],
  );
  const out = await served.output(qemuIo, "-r", "-f", "raw", ...reads, ...holes, uri);
  assertEquals(out.match(/read 1048576\/1048576 bytes/g)?.length, 6);
  assertEquals(out.includes("verification failed"), false, out);
  const map: MapEntry[] = JSON.parse(await served.output(nbdinfo, "--map", "--json", uri));
  const data = map.filter(({ type }) => type === 0).map(({ offset, length }) => [offset, length]);
  const expected = block === undefined ? [[0, SIZE]] : DATA.map((offset) => {
    const start = Math.floor(offset / block) * block;
    return [start, Math.ceil((offset + MIB) / block) * block - start];
  });
  assertEquals(data, expected);
  assertEquals(served.failures, []);
}

serviceTest("serveNbd: 10 GiB in a file store", "nbd-clients", async (endpoints) => {
  const datadir = await Deno.makeTempDir();
  await writeSparse(`${datadir}/thin`);
  const store = new FileStore("images", { datadir });
  await checkSparse(store, "thin", endpoints["nbd-clients"], MIB);
  await Deno.remove(datadir, { recursive: true });
});

serviceTest("serveNbd: 10 GiB in an RBD store", ["nbd-clients", "ceph"], async ({
  ceph,
  ...endpoints
}) => {
  const folder = await Deno.makeTempDir();
  const name = `nbd-${crypto.randomUUID()}`;
  await Deno.writeFile(`${folder}/diff`, diffOf().stream());
  await rbd(ceph, "create", "--size", `${SIZE / MIB}M`, name);
  await rbd(ceph, "import-diff", "--no-progress", `${folder}/diff`, name);
  await rbd(ceph, "snap", "create", `${name}@snap`);
  await rbd(ceph, "snap", "protect", `${name}@snap`);
  try {
    await using store = storeOn(ceph);
    await checkSparse(store, name, endpoints["nbd-clients"], 4 * MIB);
  } finally {
    await rbd(ceph, "snap", "unprotect", `${name}@snap`);
    await rbd(ceph, "snap", "purge", name);
    await rbd(ceph, "rm", name);
    await Deno.remove(folder, { recursive: true });
  }
});

serviceTest("serveNbd: 10 GiB on a web server", ["nbd-clients", "nginx"], async ({
  nginx,
  ...endpoints
}) => {
  const root = await Deno.makeTempDir({ dir: nginx["root"], prefix: "nbd-" });
  await Deno.chmod(root, 0o755);
  await writeSparse(`${root}/thin`);
  const baseUrl = `${nginx["url"]}${root.slice(nginx["root"].length + 1)}/`;
  await using store = new HttpStore("images", { baseUrl });
  await checkSparse(store, "thin", endpoints["nbd-clients"]);
  await Deno.remove(root, { recursive: true });
});
