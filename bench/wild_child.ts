/**
 * Unpacking and adding to several stores, measured in a process of its own for bench/wild.ts.
 *
 * Usage: `wild_child.ts unpack FILE FORMAT`, or `wild_child.ts at-once|in-turn FILE STORES [NAMES]`, where
 * STORES is JSON of the stores' options by driver.
 *
 * @module
 */
import { type Store, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { importToStores } from "@vitrine/vitrine/import";
import { S3Store } from "@vitrine/vitrine/s3";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { openSource } from "../streams/source.ts";
import { type Packing, unpack } from "../streams/unpack/unpack.ts";
import { measure } from "./harness.ts";

const [work, file, third, names = "file,s3,swift"] = Deno.args as [string, string, string, string?];
const open = async () => (await Deno.open(file)).readable;

async function unpackAll(): Promise<void> {
  const reader = unpack(openSource(await open()).reader, third as Packing);
  await measure(async () => {
    let [bytes, view] = [0, new Uint8Array(4_194_304)];
    for (;;) {
      const chunk = await reader.read(view);
      bytes += chunk.length;
      if (chunk.length < view.length) return bytes;
      view = new Uint8Array(chunk.buffer);
    }
  });
  await reader.close();
}

async function addToAll(): Promise<void> {
  const options = JSON.parse(third);
  const stores: Record<string, Store> = {
    file: new FileStore("file", options.file),
    s3: new S3Store("s3", options.s3),
    swift: new SwiftStore("swift", options.swift),
  };
  await using vfs = new Vfs(stores);
  const { size } = await Deno.stat(file);
  const wanted = names.split(",");
  await Promise.all(wanted.map((name) => stores[name]!.configure()));
  await measure(async () => {
    const steps = work === "in-turn" ? wanted.map((name) => [name]) : [wanted];
    for (const step of steps) {
      await importToStores(vfs, await open(), step, { id: "image", size, allOrNothing: true });
    }
    return size;
  });
  for (const name of wanted) await stores[name]!.delete("image");
}

if (work === "unpack") await unpackAll();
else await addToAll();
Deno.exit(0);
