/**
 * Vitrine's copies of a thin image, measured in a process of its own for bench/holes.ts.
 *
 * Usage: `holes_child.ts copy|file-to-file|file-to-rbd|rbd-to-file|digests FOLDER CEPH_CONF`
 *
 * @module
 */
import { Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { RbdStore } from "@vitrine/vitrine/rbd";
import { Image } from "../drivers/rbd/image.ts";
import { transfer } from "../streams/transfer.ts";
import { bytesMoved } from "../tests/store/sparse_images.ts";
import { measure } from "./harness.ts";

const [work, folder, cephConf] = Deno.args as [string, string, string];
await using a = new FileStore("a", { datadir: `${folder}/a` });
await using b = new FileStore("b", { datadir: `${folder}/b` });
await using ceph = new RbdStore("ceph", { cephConf, user: "glance" });
const vfs = new Vfs({ a, b, ceph });
const { size } = await vfs.stat("/a/source");

/** What each kind of work copies. */
const COPIES: Readonly<Record<string, readonly [string, string]>> = {
  "copy": ["/a/source", "/a/copy"],
  "file-to-file": ["/a/source", "/b/copy"],
  "file-to-rbd": ["/a/source", "/ceph/bench-holes"],
  "rbd-to-file": ["/ceph/bench-holes", "/b/copy"],
};

/** Bytes that librbd has written. The system does not count what a socket sends, only what it receives. */
let writtenToRbd = 0;
const { write } = Image.prototype;
Image.prototype.write = function (offset, bytes) {
  writtenToRbd += bytes.length;
  return write.call(this, offset, bytes);
};

async function countMoved() {
  const { read, written } = await bytesMoved();
  return { read, written: written + writtenToRbd };
}

const copy = COPIES[work];
if (copy) {
  await measure(async () => {
    await vfs.copyFile(...copy);
    return size!;
  }, countMoved);
} else {
  let left = size!;
  const reader = {
    read: (view: Uint8Array<ArrayBuffer>) => {
      const count = Math.min(view.length, left);
      left -= count;
      return Promise.resolve(view.subarray(0, count));
    },
    close: () => Promise.resolve(),
  };
  const write = () => Promise.resolve();
  await measure(async () => (await transfer(reader, { size, hashingAlgo: "sha512", write })).size);
}
