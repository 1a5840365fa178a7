/**
 * Images from elsewhere into several stores at once: read and digested once.
 *
 * @module
 */
import { BackendException, Invalid } from "../../errors/mod.ts";
import type { AddResult, Store } from "../../store/mod.ts";
import type { ImageData } from "../../streams/mod.ts";
import { discard } from "../../streams/source.ts";
import { addToSeveral, type SeveralStoresOptions } from "../add_to_several.ts";
import type { Vfs } from "../vfs.ts";
import {
  type Arrival,
  type IncomingImage,
  type IncomingOptions,
  withIncoming,
} from "./incoming_image.ts";

/** Options of {@linkcode importToStores}. */
export interface ImportToStoresOptions extends IncomingOptions, SeveralStoresOptions {
  /** Whether the image is removed from all stores if one of them fails. Default: `false`. */
  allOrNothing?: boolean | undefined;
}

/** What became of an image in one store: it was added, or not. */
export type StoreOutcome =
  | { store: string; added: AddResult; error?: undefined }
  | { store: string; added?: undefined; error: Error };

/** What {@linkcode importToStores} resolves to. */
export interface ImportToStoresResult extends Arrival {
  /** What became of it in each store, in the order of the stores. */
  stores: StoreOutcome[];
}

/**
 * Stores an image that comes from elsewhere in several stores at once. It is fetched, checked, unpacked
 * and digested once, as {@linkcode importImage} does; each store takes it at its own pace.
 *
 * A store that fails does not stop the others: the result says what became of each.
 *
 * @param vfs The tree.
 * @param source A URL or a location URI, or the data itself.
 * @param stores The names of the stores.
 * @param options What the source must be, how it is unpacked, and how far the stores may be apart.
 * @returns What became of the image in each store, and what arrived.
 * @throws {UnsupportedBackend} If there is no such store.
 * @throws {StoreError} If no store has the image then, or with `allOrNothing` not every store: the
 * reason of the first that failed.
 *
 * @example Two stores
 * ```ts
 * import { Vfs } from "@vitrine/vitrine";
 * import { importToStores } from "@vitrine/vitrine/import";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const vfs = new Vfs({ a: new MemoryStore("a"), b: new MemoryStore("b") });
 * await importToStores(vfs, new Blob(["hello"]), ["a", "b"], { id: "x.raw" });
 * assertEquals(await vfs.readTextFile("/b/x.raw"), "hello");
 * ```
 */
export async function importToStores(
  vfs: Vfs,
  source: string | URL | ImageData,
  stores: readonly string[],
  options: ImportToStoresOptions = {},
): Promise<ImportToStoresResult> {
  let targets: Store[];
  try {
    if (stores.length === 0 || new Set(stores).size < stores.length) {
      throw new Invalid("an import needs the names of stores, each once");
    }
    targets = stores.map((name) => vfs.stores.getStoreFromStoreIdentifier(name));
  } catch (error) {
    if (typeof source !== "string" && !(source instanceof URL)) await discard(source, error);
    throw error;
  }
  return await withIncoming(vfs, source, options, async (image) => {
    const outcomes = await addToAll(image, targets, options);
    const failed = outcomes.find(({ error }) => error)?.error;
    const added = outcomes.flatMap((outcome) => outcome.added ?? []);
    const isAborted = options.signal?.aborted ?? false;
    if (failed && (options.allOrNothing || isAborted || added.length === 0)) {
      await removeAll(vfs, added, failed, options);
      throw failed;
    }
    return { stores: outcomes, ...image.arrival(added[0]!) };
  });
}

async function addToAll(
  image: IncomingImage,
  stores: readonly Store[],
  options: ImportToStoresOptions,
): Promise<StoreOutcome[]> {
  const { hashingAlgo = "sha512", accept, format, context } = options;
  const { contentType, cacheControl, metadata } = options;
  const { reader, id, size, sparse } = image;
  if (!id) throw new Invalid("the new image needs an id: the source has no name");
  const properties = { contentType, cacheControl, metadata };
  const add = { accept, format, hashingAlgo, size, sparse, ...properties, context };
  const outcomes = await addToSeveral(
    reader,
    stores.length,
    { ...options, hashingAlgo, size },
    (branch, signal, index) => stores[index]!.add(id, branch, { ...add, signal }),
  );
  return outcomes.map((outcome, index): StoreOutcome => {
    const store = stores[index]!.name;
    return outcome.status === "fulfilled"
      ? { store, added: outcome.value }
      : { store, error: outcome.reason };
  });
}

/** Removes what was just added, and throws if that fails: then the caller must know where it still is. */
async function removeAll(
  vfs: Vfs,
  added: readonly AddResult[],
  reason: Error,
  { context }: IncomingOptions,
): Promise<void> {
  const kept: string[] = [];
  for (const { location } of added) {
    const store = vfs.stores.getStoreFromStoreIdentifier(location.storeName!);
    await store.delete(location, { context }).catch(() => kept.push(`${location}`));
  }
  if (kept.length === 0) return;
  throw new BackendException(
    `${reason.message}; what was added before could not be removed: ${kept.join(", ")}`,
    { cause: reason },
  );
}
