/**
 * Random aborts and random kills of adds, for any driver: whatever happens, an image is whole or not
 * there, and one `gc` leaves nothing over.
 *
 * `deno task soak` runs the full numbers, an ordinary test run fewer.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { assertBytes, bytesOf, pattern } from "../../conformance/data.ts";
import { InUseByStore, type Store } from "../../mod.ts";
import { seeded } from "../faults/random.ts";

const isFull = Deno.env.get("VITRINE_SOAK") === "full";

/** How many adds are aborted. */
export const ABORTS = isFull ? 200 : 20;

/** How many processes are killed. */
export const KILLS = isFull ? 50 : 10;

/** Younger than this is nothing, also by a server's clock, in milliseconds. */
const EVERYTHING = -600_000;

/** A store under test. */
export interface Soaked {
  /** The name of its driver. */
  driver: string;
  /** The options of a store, for this process and for others: plain data. */
  options: Record<string, unknown>;
  /** The sizes of the images, in bytes. */
  sizes: readonly number[];
  /** The longest that an add is left alone, in milliseconds. */
  patience: number;
  /** Opens a store. */
  open(): Store | Promise<Store>;
  /** Waits until the backend has noticed that a killed process is gone. Default: it knows at once. */
  settle?(): Promise<void>;
  /** Lists what is left over, by other means than `gc`. Default: by `gc`, which removes nothing. */
  leftovers?(): Promise<string[]>;
}

/** Returns the bytes of an image by the number in its id. */
export function bytesFor(number: number, sizes: readonly number[]): Uint8Array<ArrayBuffer> {
  return pattern(sizes[number % sizes.length]!, number + 1);
}

/**
 * Aborts adds at random times. Each is followed by one `gc`; then each image is whole or not there, and
 * nothing is left over.
 *
 * @param soaked The store.
 * @param count How many adds.
 */
export async function soakAborts(soaked: Soaked, count: number): Promise<void> {
  const random = seeded(1);
  const { sizes, patience } = soaked;
  const store = await soaked.open();
  try {
    for (let number = 0; number < count; number++) {
      const id = `abort/${number}`;
      const controller = new AbortController();
      const reason = new Error("the test's abort");
      const timer = setTimeout(() => controller.abort(reason), random() * patience);
      let isAdded = false;
      try {
        await store.add(id, bytesFor(number, sizes), { signal: controller.signal });
        isAdded = true;
      } catch (error) {
        assertEquals(error, reason, `${id}: ${error}`);
      } finally {
        clearTimeout(timer);
      }
      await collect(store);
      assertEquals(await names(store), isAdded ? [id] : [], id);
      if (isAdded) {
        assertBytes(await bytesOf(store, id), bytesFor(number, sizes));
        await store.delete(id);
      }
    }
    // The last abort may still be cleaning up after itself.
    await soaked.settle?.();
    await collect(store);
    await assertNothingLeft(soaked, store);
  } finally {
    await store.close();
  }
}

/**
 * Kills processes that add images, at random times. Each is followed by one `gc`; then each image is whole
 * or not there, each whose add had succeeded is there, and nothing is left over.
 *
 * @param soaked The store.
 * @param count How many processes.
 */
export async function soakKills(soaked: Soaked, count: number): Promise<void> {
  const random = seeded(2);
  const { driver, options, sizes, patience } = soaked;
  const store = await soaked.open();
  try {
    for (let kill = 0; kill < count; kill++) {
      const first = kill * 1_000;
      const args = ["run", "-A", "--no-check", new URL("adder.ts", import.meta.url).href];
      const child = new Deno.Command(Deno.execPath(), {
        args: [...args, JSON.stringify({ driver, options, sizes, first })],
        stdout: "piped",
      }).spawn();
      const added = await killAtRandom(child, random() * patience);
      await soaked.settle?.();
      await collect(store);
      const found = await names(store);
      for (const id of added) assert(found.includes(id), `${id} was added, and is not there`);
      for (const id of found) {
        assertBytes(await bytesOf(store, id), bytesFor(Number(id.split("/").at(-1)), sizes));
      }
      await store.deleteMany(found);
    }
    await assertNothingLeft(soaked, store);
  } finally {
    await store.close();
  }
}

/** Kills a process some time after its first sign of life, and returns the ids that it had added. */
async function killAtRandom(child: Deno.ChildProcess, patience: number): Promise<string[]> {
  let text = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    timer ??= setTimeout(() => child.kill("SIGKILL"), patience);
  }
  clearTimeout(timer);
  const { signal } = await child.status;
  assertEquals(signal, "SIGKILL", `the adding process ended by itself: ${text}`);
  // A line that was cut off says nothing.
  return text.split("\n").slice(0, -1).filter((line) => line !== "ready");
}

async function collect(store: Store): Promise<void> {
  // An add that was aborted may still be cleaning up after itself.
  const onSkipped = ({ reason }: { reason: Error }) => {
    if (!(reason instanceof InUseByStore)) throw reason;
  };
  for await (const _ of store.gc({ olderThan: EVERYTHING, onSkipped })) {
    // Each is removed as it is seen.
  }
}

async function names(store: Store): Promise<string[]> {
  return (await Array.fromAsync(store.list({ recursive: true }))).map(({ path }) => path).sort();
}

async function assertNothingLeft(soaked: Soaked, store: Store): Promise<void> {
  const left = await soaked.leftovers?.() ??
    (await Array.fromAsync(store.gc({ olderThan: EVERYTHING, dryRun: true }))).map(({ path }) =>
      path
    );
  assertEquals(left, []);
}
