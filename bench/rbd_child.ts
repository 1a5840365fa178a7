/**
 * Vitrine's rbd driver, measured in a process of its own for bench/rbd.ts.
 *
 * Usage: `rbd_child.ts add|add-unsized|add-thin|digests|get-byob|get-default SOURCE IMAGE CEPH_CONF`
 *
 * The image that an add makes is deleted after. The data of `add-thin` and `digests` is the source
 * and zeros, 20 times as much as the source.
 *
 * @module
 */
import { RbdStore } from "@vitrine/vitrine/rbd";
import { openSource } from "../streams/source.ts";
import { transfer } from "../streams/transfer.ts";
import { measure } from "./harness.ts";

const [work, source, image, cephConf] = Deno.args as [string, string, string, string];
const thinProvisioning = work === "add-thin";
await using store = new RbdStore("bench", { cephConf, user: "glance", thinProvisioning });
await store.configure();

async function* withZeros(data: AsyncIterable<Uint8Array>, count: number) {
  yield* data;
  const zeros = new Uint8Array(4 * 1024 * 1024);
  for (let at = 0; at < count; at += zeros.length) yield zeros.subarray(0, count - at);
}

async function add(size: number | undefined, data: ReadableStream | AsyncIterable<Uint8Array>) {
  await measure(async () => (await store.add(image, data, { size })).size);
  await store.delete(image);
}

async function get(byob: boolean): Promise<number> {
  const { stream } = await store.get(image);
  let bytes = 0;
  if (!byob) {
    for await (const chunk of stream) bytes += chunk.length;
    return bytes;
  }
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(4 * 1024 * 1024);
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return bytes;
    bytes += value.length;
    buffer = value.buffer;
  }
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
  case "digests": {
    const { reader } = openSource(withZeros(file.readable, 19 * size));
    const write = () => Promise.resolve();
    const options = { size: 20 * size, hashingAlgo: "sha512", write };
    await measure(async () => (await transfer(reader, options)).size);
    break;
  }
  default:
    await measure(() => get(work === "get-byob"));
}
