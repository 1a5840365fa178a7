/**
 * Vitrine's rbd driver, measured in a process of its own for bench/rbd.ts.
 *
 * Usage: `rbd_child.ts add|add-unsized|add-thin|write|digests|digests-thin|get-byob|get-default
 * SOURCE IMAGE CEPH_CONF`
 *
 * The image that an add makes is deleted after. The data of `add-thin` and `digests-thin` is the source
 * and zeros, 20 times as much as the source; `write` takes no digests.
 *
 * @module
 */
import { RbdStore } from "@vitrine/vitrine/rbd";
import { RbdLocation } from "../drivers/rbd/location.ts";
import { PoolClient } from "../drivers/rbd/client.ts";
import { NewImage } from "../drivers/rbd/new_image.ts";
import { RbdWriter } from "../drivers/rbd/writer.ts";
import { CHUNK_SIZE } from "../streams/bytes.ts";
import { openSource } from "../streams/source.ts";
import { transfer } from "../streams/transfer.ts";
import { drain, drainInto } from "./data.ts";
import { measure } from "./harness.ts";

const [work, source, image, cephConf] = Deno.args as [string, string, string, string];
const thinProvisioning = work === "add-thin";
await using store = new RbdStore("bench", { cephConf, user: "glance", thinProvisioning });
await store.configure();

async function* withZeros(data: AsyncIterable<Uint8Array>, count: number) {
  yield* data;
  const zeros = new Uint8Array(CHUNK_SIZE);
  for (let at = 0; at < count; at += zeros.length) yield zeros.subarray(0, count - at);
}

async function add(size: number | undefined, data: ReadableStream | AsyncIterable<Uint8Array>) {
  await measure(async () => (await store.add(image, data, { size })).size);
  if (thinProvisioning) await refuseUsed((await Deno.stat(source)).size);
  await store.delete(image);
}

/** Throws unless `rbd du` says that the image takes so many bytes. */
async function refuseUsed(wanted: number): Promise<void> {
  const { stdout } = await new Deno.Command("rbd", {
    args: ["-c", cephConf, "-p", "images", "du", `${image}@snap`, "--format=json"],
  }).output();
  const used = JSON.parse(new TextDecoder().decode(stdout)).images[0].used_size;
  if (used !== wanted) throw new Error(`rbd du says ${used} bytes, not ${wanted}`);
}

/** What the driver does for an add, without digests. */
async function write(): Promise<number> {
  const options = { pool: "images", user: "glance", cephConf, connectTimeout: -1 };
  await using client = await PoolClient.open(options);
  const made = await NewImage.create(client, image, () => client.create(image, size, 23));
  const location = new RbdLocation(client.fsid, "images", image);
  const writer = new RbdWriter(location, made, { size, hole: undefined, signal: undefined });
  const { reader } = openSource(file.readable);
  let chunk = await reader.read(new Uint8Array(CHUNK_SIZE));
  while (chunk.length > 0) {
    await writer.write(chunk);
    chunk = await reader.read(new Uint8Array(chunk.buffer));
  }
  const multihash = { algo: "sha512", value: "" };
  await writer.commit({ size, checksum: "", multihash });
  return size;
}

async function digests(size: number, data: ReadableStream | AsyncIterable<Uint8Array>) {
  const { reader } = openSource(data);
  const write = () => Promise.resolve();
  const options = { size, hashingAlgo: "sha512", write };
  await measure(async () => (await transfer(reader, options)).size);
}

const file = await Deno.open(source);
const { size } = await file.stat();
switch (work) {
  case "add":
    await add(size, file.readable);
    break;
  case "add-unsized":
    await add(undefined, file.readable);
    break;
  case "add-thin":
    await add(20 * size, withZeros(file.readable, 19 * size));
    break;
  case "write":
    await measure(write);
    await store.delete(image);
    break;
  case "digests":
    await digests(size, file.readable);
    break;
  case "digests-thin":
    await digests(20 * size, withZeros(file.readable, 19 * size));
    break;
  default:
    await measure(async () => {
      const { stream } = await store.get(image);
      return await (work === "get-byob" ? drainInto(stream) : drain(stream));
    });
}
