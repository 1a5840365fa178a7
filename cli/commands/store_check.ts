/**
 * `vitrine stores --check`: what the credentials of a store permit, tried with an image of its own.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import { Duplicate, NotFound } from "../../errors/mod.ts";
import type { OperationOptions, Store } from "../../store/mod.ts";

/** What is tried, in this order. */
export const CHECKS = ["list", "write", "read", "create-only", "delete"] as const;

/** The name of a check. */
export type Check = typeof CHECKS[number];

/** The result of a check: it works, the driver cannot do it, there is nothing to try it on, or the error. */
export type CheckResult = "ok" | "unsupported" | "untried" | Error;

/** The result of each check. */
export type CheckResults = Record<Check, CheckResult>;

const DATA = new TextEncoder().encode("This image was added by vitrine stores --check.\n");

/**
 * Tries to list, write, read and delete in a store, and that a second write of one id is refused. The
 * image that it adds is removed in the end.
 *
 * @param store The store.
 * @param options The caller, and an abort signal.
 * @returns The results. What cannot be tried because an earlier step failed has the error of that step.
 * @throws {StoreError} If the store cannot be opened.
 */
export async function checkStore(store: Store, options: OperationOptions): Promise<CheckResults> {
  await store.configure();
  const id = `vitrine-check-${crypto.randomUUID()}`;
  let firstImage: string | undefined;
  const list = await tried(options, store, BitMasks.LIST, async () => {
    for await (const { kind, path } of store.list(options)) {
      if (kind === "directory") continue;
      firstImage = path;
      break;
    }
  });
  const write = store.addFailure ??
    await tried(options, store, BitMasks.WRITE_ACCESS, async () => {
      await store.add(id, DATA, { ...options, size: DATA.length });
    });
  const isWritten = write === "ok";
  try {
    const read = await tried(options, store, BitMasks.READ_ACCESS, async () => {
      if (isWritten) return await readBack(store, id, options);
      if (firstImage === undefined) return "untried";
      const { stream } = await store.get(firstImage, { ...options, length: 1 });
      await stream.cancel();
    });
    const createOnly = isWritten
      ? await tried(options, store, BitMasks.WRITE_ACCESS, () => addAgain(store, id, options))
      : write;
    const remove = isWritten
      ? await tried(options, store, BitMasks.WRITE_ACCESS, () => removeIt(store, id, options))
      : write;
    return { list, write, read, "create-only": createOnly, delete: remove };
  } finally {
    // Also after an abort: without its signal. It is gone already if all went well.
    if (isWritten) await store.delete(id, { context: options.context }).catch(() => {});
  }
}

async function tried(
  { signal }: OperationOptions,
  store: Store,
  capability: number,
  body: () => Promise<CheckResult | void>,
): Promise<CheckResult> {
  if (!store.isCapable(capability)) return "unsupported";
  try {
    return await body() ?? "ok";
  } catch (error) {
    signal?.throwIfAborted();
    return error as Error;
  }
}

async function readBack(store: Store, id: string, options: OperationOptions): Promise<void> {
  const { stream } = await store.get(id, options);
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (bytes.length === DATA.length && bytes.every((byte, i) => byte === DATA[i])) return;
  throw new Error(`${store.name}: get ${id}: other bytes came back than were written`);
}

async function addAgain(store: Store, id: string, options: OperationOptions): Promise<void> {
  try {
    await store.add(id, DATA, { ...options, size: DATA.length });
  } catch (error) {
    if (error instanceof Duplicate) return;
    throw error;
  }
  throw new Error(`${store.name}: add ${id}: a second image of one id was not refused`);
}

async function removeIt(store: Store, id: string, options: OperationOptions): Promise<void> {
  await store.delete(id, options);
  try {
    await store.stat(id, options);
  } catch (error) {
    if (error instanceof NotFound) return;
    throw error;
  }
  throw new Error(`${store.name}: delete ${id}: the image is still there`);
}
