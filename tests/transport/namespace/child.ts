/**
 * Runs every operation of stores in a network namespace where nothing but a proxy is reachable:
 * `child.ts TASK`, with the task as JSON. Prints what the proxy has logged, as JSON.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BitMasks, contains, loadDriver, type Store } from "@vitrine/vitrine";
import { assertBytes, pattern } from "../../../conformance/data.ts";
import { forwardProxy } from "../../faults/forward_proxy.ts";
import { connectByBridge } from "./bridge.ts";

/** What is to be done. */
export interface Task {
  /** The path of the bridge's socket. */
  bridge: string;
  /** Whether the environment or the option `proxy` names the proxy. */
  from: "environment" | "option";
  /** Stores by name: driver and options. */
  stores: Record<string, { driver: string } & Record<string, unknown>>;
  /** The path and the size in bytes of an image of each store that can only be read. */
  image: { path: string; size: number };
}

/** The proxy's log by store: lines of method and target. */
export type Log = Record<string, string[]>;

const MIB = 1024 * 1024;

async function* pieces(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += MIB) yield bytes.subarray(at, at + MIB);
}

/** Reads an image in every way, and lists the store. */
async function readAll(store: Store, path: string, size: number): Promise<void> {
  const data = pattern(size);
  assertEquals((await store.stat(path)).size, size);
  assertEquals(await store.getSize(path), size);
  assertBytes(await new Response((await store.get(path)).stream).bytes(), data);
  const part = await store.get(path, { offset: 100, length: 1_000 });
  assertBytes(await new Response(part.stream).bytes(), data.subarray(100, 1_100));
  await using image = await store.open(path);
  const end = new Uint8Array(50);
  assertEquals(await image.read(end, size - 50), 50);
  assertBytes(end, data.subarray(size - 50));
  assert(await store.inspect(path));
  const listed = await Array.fromAsync(store.list({ recursive: true }), ({ path }) => path);
  assert(listed.includes(path), listed.join(", "));
}

/** Writes, copies, renames, presigns, shares, cleans up and deletes. */
async function writeAll(store: Store): Promise<void> {
  const [small, large] = [pattern(100_000), pattern(13 * MIB)];
  await store.add("small.img", small);
  await store.add("dir/large.img", pieces(large));
  await readAll(store, "small.img", small.length);
  await readAll(store, "dir/large.img", large.length);
  await store.copy("dir/large.img", "copy.img");
  await store.rename("small.img", "dir/renamed.img");
  await assertRejects(() => store.stat("small.img"));
  const can = (bit: number) => contains(store.capabilities, bit);
  if (can(BitMasks.PRESIGN)) {
    const url = await store.presign("copy.img", { method: "GET", expiresIn: 60_000 });
    assertEquals(url.protocol, "http:");
  }
  if (can(BitMasks.ACL_WRITE)) await store.setAcls("copy.img", { public: false });
  if (can(BitMasks.ACL_READ)) assert(await store.getAcls("copy.img"));
  await Array.fromAsync(store.gc({ dryRun: true }));
  await store.delete("copy.img");
  await store.deleteMany(["dir/renamed.img", "dir/large.img"]);
  assertEquals(await Array.fromAsync(store.list({ recursive: true })), []);
}

if (import.meta.main) {
  const { bridge, from, stores, image } = JSON.parse(Deno.args[0]!) as Task;
  await using proxy = forwardProxy(undefined, (to) => connectByBridge(bridge, to));
  if (from === "environment") {
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY"]) Deno.env.set(name, `http://${proxy.host}`);
  }
  const log: Log = {};
  for (const [name, { driver, ...options }] of Object.entries(stores)) {
    const before = proxy.lines.length;
    if (from === "option") options["proxy"] = `http://${proxy.host}`;
    await using store: Store = new (await loadDriver(driver))(name, options);
    await (driver === "http" ? readAll(store, image.path, image.size) : writeAll(store));
    log[name] = proxy.lines.slice(before);
  }
  console.log(JSON.stringify(log));
}
