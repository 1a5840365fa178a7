/**
 * The configured stores of one program: found by name or by location URI, with a default, weights
 * and descriptions. The functions of glance_store's multi_backend are its methods.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import type {
  Acls,
  AddOptions,
  AddResult,
  GetOptions,
  GetResult,
  OperationOptions,
  Store,
} from "../store/mod.ts";
import {
  BadStoreConfiguration,
  BadStoreUri,
  NotFound,
  UnknownScheme,
  UnsupportedBackend,
} from "../errors/mod.ts";
import { checkImageId, type Location, maskUri, SchemeMap } from "../location/mod.ts";
import type { ImageData } from "../streams/mod.ts";
import { discard } from "../streams/source.ts";
import { checkLocationMetadata } from "../store/location_metadata.ts";

/** A store with what its configuration says of it. */
export interface StoreEntry {
  /** The store, or why there is none: asking for it throws that. */
  store: Store | Error;
  /** Name of its driver. */
  driver?: string | undefined;
  /** What it is for, in a sentence. */
  description?: string | undefined;
  /** How much it is preferred where an image is in several stores; the highest first. 0 by default. */
  weight?: number | undefined;
  /** Whether the program keeps it for itself: it is never the default. */
  reserved?: boolean | undefined;
}

/** Options of {@linkcode Stores}. */
export interface StoresOptions {
  /** Name of the store that takes new images; the only store that is not reserved by default. */
  default?: string | undefined;
}

/** Which store is meant: the one of that name, or without it the default or any. */
export interface BackendOptions {
  /** Name of the store. */
  backend?: string | undefined;
}

/** What {@linkcode Stores.status} says of a store. */
export interface StoreStatus {
  /** Its name. */
  name: string;
  /** Name of its driver, where known. */
  driver: string | undefined;
  /** What it is for. */
  description: string;
  /** How much it is preferred. */
  weight: number;
  /** Whether the program keeps it for itself. */
  reserved: boolean;
  /** Whether it takes new images where no store is named. */
  default: boolean;
  /** The URI schemes that it answers to. */
  schemes: readonly string[];
  /** What it can do, in words. */
  capabilities: readonly string[];
  /** Why it cannot be used at all. */
  error: Error | undefined;
  /** Why it cannot be written although its driver can. */
  addFailure: Error | undefined;
}

/**
 * Named stores. An instance, so that a program can have several sets.
 *
 * @example Two stores, found by name and by URI
 * ```ts
 * import { Stores } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * await using stores = new Stores({
 *   fast: { store: new MemoryStore("fast"), weight: 10, description: "Copies close by." },
 *   slow: new MemoryStore("slow"),
 * }, { default: "slow" });
 *
 * const { location } = await stores.add("a.img", new Blob(["hello"]));
 * assertEquals(location.uri(), "memory://slow/a.img");
 * const { stream } = await stores.get(location.uri());
 * assertEquals(await new Response(stream).text(), "hello");
 * assertEquals(stores.getStoreWeight("fast"), 10);
 * ```
 */
export class Stores implements AsyncDisposable {
  /** Name of the store that takes new images where no other is named. */
  readonly default: string | undefined;
  readonly #entries = new Map<string, StoreEntry>();
  readonly #schemes = new SchemeMap();

  /**
   * Takes stores by name, which must be the name that each was made with. Throws
   * `BadStoreConfiguration`. Nothing is opened yet.
   */
  constructor(
    stores: Readonly<Record<string, Store | StoreEntry>>,
    options: StoresOptions = {},
  ) {
    for (const [name, given] of Object.entries(stores)) {
      const entry: StoreEntry = "getSchemes" in given ? { store: given } : given;
      checkName(name);
      this.#entries.set(name, entry);
      if (entry.store instanceof Error) continue;
      this.#register(name, entry.store);
    }
    const ordinary = [...this.#entries].filter(([, { reserved }]) => !reserved)
      .map(([name]) => name);
    this.default = options.default ?? (ordinary.length === 1 ? ordinary[0] : undefined);
    if (this.default !== undefined && !ordinary.includes(this.default)) {
      throw new BadStoreConfiguration(
        `the default store "${this.default}" is none of: ${ordinary.join(", ")}`,
      );
    }
  }

  #register(name: string, store: Store): void {
    if (store.name !== name) {
      throw new BadStoreConfiguration(`the store "${store.name}" is given as "${name}"`);
    }
    for (const scheme of store.getSchemes()) {
      this.#schemes.register(scheme, name, {
        parse: (uri) => store.getStoreLocationClass().parse(uri),
        owns: (location) => store.ownsLocation(location),
        imageIdOf: (location) => store.imageIdOf(location),
      });
    }
  }

  /** Names of all stores, in the order of the configuration, those that failed among them. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** The stores that cannot be used, by name, and why. */
  get failures(): Map<string, Error> {
    const failures = new Map<string, Error>();
    for (const [name, { store }] of this.#entries) {
      if (store instanceof Error) failures.set(name, store);
    }
    return failures;
  }

  /** Opens every store and tells how each is. One that fails is reported, not thrown. */
  status(): Promise<StoreStatus[]> {
    return Promise.all([...this.#entries].map(async ([name, entry]) => {
      const { driver, description = "", weight = 0, reserved = false } = entry;
      const settings = { name, driver, description, weight, reserved };
      const isDefault = name === this.default;
      const { store } = entry;
      const error = store instanceof Error ? store : await failureOf(store);
      if (store instanceof Error || error !== undefined) {
        const none = { schemes: [], capabilities: [], addFailure: undefined };
        return { ...settings, ...none, default: isDefault, error };
      }
      return {
        ...settings,
        default: isDefault,
        schemes: store.getSchemes(),
        capabilities: store.describe(),
        error,
        addFailure: store.addFailure,
      };
    }));
  }

  /** The store of that name. Throws `UnsupportedBackend`, or why the store could not be made. */
  getStoreFromStoreIdentifier(name: string): Store {
    const { store } = this.#entry(name);
    if (store instanceof Error) throw store;
    return store;
  }

  /** How much a store is preferred. Throws `UnsupportedBackend`. */
  getStoreWeight(name: string): number {
    return this.#entry(name).weight ?? 0;
  }

  /** The URI schemes that some store answers to. */
  getKnownSchemesForMultiStore(): string[] {
    return this.#schemes.getKnownSchemes();
  }

  /**
   * The location that a URI names, in the first store that owns it. Throws `UnknownScheme` and
   * `BadStoreUri`.
   */
  getLocationFromUri(uri: string): Location {
    return this.#schemes.getLocationFromUri(uri);
  }

  /** The location that a URI names in one store. Throws `UnsupportedBackend` and `BadStoreUri`. */
  getLocationFromUriAndBackend(uri: string, backend: string): Location {
    this.getStoreFromStoreIdentifier(backend);
    return this.#schemes.getLocationFromUriAndBackend(uri, backend);
  }

  /** Opens the default store. Throws `UnsupportedBackend` if there is none, or why it fails. */
  async verifyStore(): Promise<void> {
    await this.#target(undefined).configure();
  }

  /** Adds an image to a store, the default one unless another is named. See `Store.add`. */
  async add(
    imageId: string,
    data: ImageData,
    options: AddOptions & BackendOptions = {},
  ): Promise<AddResult> {
    let store: Store;
    try {
      store = this.#target(options.backend);
    } catch (error) {
      await discard(data, error);
      throw error;
    }
    return await this.storeAddToBackend(imageId, data, store, options);
  }

  /** {@linkcode add} with the digest algorithm of the multihash. */
  addWithMultihash(
    imageId: string,
    data: ImageData,
    hashingAlgo: string,
    options: AddOptions & BackendOptions = {},
  ): Promise<AddResult> {
    return this.add(imageId, data, { ...options, hashingAlgo });
  }

  /** Adds an image to a store, and checks the metadata that its driver gives. */
  async storeAddToBackend(
    imageId: string,
    data: ImageData,
    store: Store,
    options: AddOptions = {},
  ): Promise<AddResult> {
    const result = await store.add(imageId, data, options);
    checkLocationMetadata(result.metadata);
    return result;
  }

  /** {@linkcode storeAddToBackend} with the digest algorithm of the multihash. */
  storeAddToBackendWithMultihash(
    imageId: string,
    data: ImageData,
    hashingAlgo: string,
    store: Store,
    options: AddOptions = {},
  ): Promise<AddResult> {
    return this.storeAddToBackend(imageId, data, store, { ...options, hashingAlgo });
  }

  /**
   * Opens the image of a location URI: in the named store, else in the first that has it. Throws
   * `NotFound` if none has. See `Store.get`.
   */
  get(uri: string, options: GetOptions & BackendOptions = {}): Promise<GetResult> {
    return this.#search(uri, options, (store, location) => store.get(location, options));
  }

  /** Deletes the image of a location URI, found as in {@linkcode get}. See `Store.delete`. */
  delete(uri: string, options: OperationOptions & BackendOptions = {}): Promise<void> {
    return this.#search(uri, options, (store, location) => store.delete(location, options));
  }

  /** Size of an image in bytes, or `undefined` where the backend does not tell. */
  async getSizeFromUriAndBackend(
    uri: string,
    backend: string,
    options: OperationOptions = {},
  ): Promise<number | undefined> {
    const location = this.getLocationFromUriAndBackend(uri, backend);
    return await this.getStoreFromStoreIdentifier(backend).getSize(location, options);
  }

  /**
   * Replaces who may do what with an image. A store without ACLs is passed over, as glance_store
   * does, and `false` says so.
   */
  async setAclsForMultiStore(
    uri: string,
    backend: string,
    acls: Partial<Acls>,
    options: OperationOptions = {},
  ): Promise<boolean> {
    const location = this.getLocationFromUriAndBackend(uri, backend);
    const store = this.getStoreFromStoreIdentifier(backend);
    await store.configure();
    if (!store.isCapable(BitMasks.ACL_WRITE)) return false;
    await store.setAcls(location, acls, options);
    return true;
  }

  /** Closes every store, and then throws what the first that failed threw. */
  async close(): Promise<void> {
    const stores = [...this.#entries.values()].map(({ store }) => store);
    const closed = await Promise.allSettled(
      stores.map((store) => store instanceof Error ? undefined : store.close()),
    );
    const failed = closed.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** The same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #entry(name: string): StoreEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      throw new UnsupportedBackend(
        `no store is named "${name}"; there are: ${this.names.join(", ") || "none"}`,
      );
    }
    return entry;
  }

  #target(backend: string | undefined): Store {
    const name = backend ?? this.default;
    if (name === undefined) throw new UnsupportedBackend("no default store is configured");
    return this.getStoreFromStoreIdentifier(name);
  }

  async #search<T>(
    uri: string,
    { backend }: BackendOptions,
    operation: (store: Store, location: Location) => Promise<T>,
  ): Promise<T> {
    if (backend !== undefined) {
      const location = this.getLocationFromUriAndBackend(uri, backend);
      return await operation(this.getStoreFromStoreIdentifier(backend), location);
    }
    let cause: unknown;
    for (const [name, { store }] of this.#entries) {
      if (store instanceof Error) continue;
      try {
        const location = this.#schemes.getLocationFromUriAndBackend(uri, name);
        return await operation(store, location);
      } catch (error) {
        if (!(error instanceof NotFound || isElsewhere(error))) throw error;
        cause = error;
      }
    }
    const unasked = [...this.failures.keys()];
    const except = unasked.length > 0 ? `, except that ${unasked.join(", ")} cannot be asked` : "";
    throw new NotFound(`no store has ${maskUri(uri)}${except}`, { cause });
  }
}

/** Whether the error says that a URI is another store's. */
function isElsewhere(error: unknown): boolean {
  return error instanceof BadStoreUri || error instanceof UnsupportedBackend ||
    error instanceof UnknownScheme;
}

async function failureOf(store: Store): Promise<Error | undefined> {
  try {
    await store.configure();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** A store's name is a directory of the path tree. */
function checkName(name: string): void {
  try {
    checkImageId(name);
    if (!name.includes("/")) return;
  } catch {
    // Said below.
  }
  throw new BadStoreConfiguration(
    `${JSON.stringify(name)} is no name of a store: it is one segment`,
  );
}
