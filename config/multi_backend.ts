/**
 * The functions of glance_store's `multi_backend` module, by their names in camelCase, for programs
 * that are ported from it. Each takes the configured stores that there are module-wide in Python.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import type { Acls, AddOptions, AddResult, OperationOptions, Store } from "../store/mod.ts";
import type { ImageData } from "../streams/mod.ts";
import type { BackendOptions, Stores } from "./stores.ts";

/**
 * Adds an image to a store, as `Store.add` does.
 *
 * @param imageId The id that the image gets.
 * @param data The bytes of the image.
 * @param store The store that takes the image.
 * @param options The options of `Store.add`.
 * @returns Location, size in bytes, digests and metadata of the new image.
 * @throws {BackendException} If the metadata hold anything but records, lists and strings.
 *
 * @example Add to a store that is at hand
 * ```ts
 * import { storeAddToBackend } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore("scratch");
 * const { metadata } = await storeAddToBackend("a.img", new Uint8Array(3), store);
 * assertEquals(metadata, { store: "scratch" });
 * ```
 */
export function storeAddToBackend(
  imageId: string,
  data: ImageData,
  store: Store,
  options: AddOptions = {},
): Promise<AddResult> {
  return store.add(imageId, data, options);
}

/**
 * Does what {@linkcode storeAddToBackend} does, with the digest algorithm of the multihash as an
 * argument.
 *
 * @param imageId The id that the image gets.
 * @param data The bytes of the image.
 * @param hashingAlgo The algorithm, `sha512` for example.
 * @param store The store that takes the image.
 * @param options The options of `Store.add`.
 * @returns Location, size in bytes, digests and metadata of the new image.
 * @throws {UnknownHashingAlgo} If there is no such algorithm.
 *
 * @example Choose the multihash
 * ```ts
 * import { storeAddToBackendWithMultihash } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemoryStore("scratch");
 * const data = new Blob(["hello"]);
 * const { multihash } = await storeAddToBackendWithMultihash("a.img", data, "sha256", store);
 * assertEquals(multihash.algo, "sha256");
 * ```
 */
export function storeAddToBackendWithMultihash(
  imageId: string,
  data: ImageData,
  hashingAlgo: string,
  store: Store,
  options: AddOptions = {},
): Promise<AddResult> {
  return storeAddToBackend(imageId, data, store, { ...options, hashingAlgo });
}

/**
 * Adds an image, as `Stores.add` does, with the digest algorithm of the multihash as an argument.
 *
 * @param stores The configured stores.
 * @param imageId The id that the image gets.
 * @param data The bytes of the image.
 * @param hashingAlgo The algorithm, `sha512` for example.
 * @param options The options of `Stores.add`, with the name of the store as `backend`.
 * @returns Location, size in bytes, digests and metadata of the new image.
 * @throws {UnknownHashingAlgo} If there is no such algorithm.
 *
 * @example Choose the multihash
 * ```ts
 * import { addWithMultihash, Stores } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const stores = new Stores({ scratch: new MemoryStore("scratch") });
 * const { multihash } = await addWithMultihash(stores, "a.img", new Uint8Array(3), "sha256");
 * assertEquals(multihash.algo, "sha256");
 * ```
 */
export function addWithMultihash(
  stores: Stores,
  imageId: string,
  data: ImageData,
  hashingAlgo: string,
  options: AddOptions & BackendOptions = {},
): Promise<AddResult> {
  return stores.add(imageId, data, { ...options, hashingAlgo });
}

/**
 * Returns the size of an image.
 *
 * @param stores The configured stores.
 * @param uri The location URI of the image.
 * @param backend The name of the store that has it.
 * @param options The caller and an abort signal.
 * @returns The size in bytes, or `undefined` if the backend does not know it.
 * @throws {NotFound} If the store has no such image.
 * @throws {UnsupportedBackend} If there is no such store.
 * @throws {BadStoreUri} If the URI lies outside the store.
 *
 * @example The size of an image
 * ```ts
 * import { getSizeFromUriAndBackend, Stores } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const stores = new Stores({ scratch: new MemoryStore("scratch") });
 * await stores.add("a.img", new Uint8Array(3));
 * assertEquals(await getSizeFromUriAndBackend(stores, "memory://scratch/a.img", "scratch"), 3);
 * ```
 */
export async function getSizeFromUriAndBackend(
  stores: Stores,
  uri: string,
  backend: string,
  options: OperationOptions = {},
): Promise<number | undefined> {
  const location = stores.getLocationFromUriAndBackend(uri, backend);
  return await stores.getStoreFromStoreIdentifier(backend).getSize(location, options);
}

/**
 * Replaces who may read and write an image. A store without ACLs is skipped, as glance_store does.
 *
 * @param stores The configured stores.
 * @param uri The location URI of the image.
 * @param backend The name of the store that has it.
 * @param acls Who may do what. What is left out is denied.
 * @param options The caller and an abort signal.
 * @returns Whether the store has ACLs, so that they have been set.
 * @throws {NotFound} If the store has no such image.
 * @throws {UnsupportedBackend} If there is no such store.
 * @throws {BadStoreUri} If the URI lies outside the store.
 *
 * @example Let a tenant read an image
 * ```ts
 * import { setAclsForMultiStore, Stores } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assert } from "@std/assert";
 *
 * const stores = new Stores({ scratch: new MemoryStore("scratch") });
 * await stores.add("a.img", new Uint8Array(3));
 * const acls = { readTenants: ["3f1c7f0e8a5d"] };
 * assert(await setAclsForMultiStore(stores, "memory://scratch/a.img", "scratch", acls));
 * ```
 */
export async function setAclsForMultiStore(
  stores: Stores,
  uri: string,
  backend: string,
  acls: Partial<Acls>,
  options: OperationOptions = {},
): Promise<boolean> {
  const location = stores.getLocationFromUriAndBackend(uri, backend);
  const store = stores.getStoreFromStoreIdentifier(backend);
  await store.configure();
  if (!store.isCapable(BitMasks.ACL_WRITE)) return false;
  await store.setAcls(location, acls, options);
  return true;
}
