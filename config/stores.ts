/**
 * The configured stores of one program, found by name or by location URI.
 *
 * @module
 */
import {
  BadStoreConfiguration,
  BadStoreUri,
  DriverLoadFailure,
  NotFound,
  RemoteServiceUnavailable,
  TimeoutError,
  UnknownScheme,
  UnsupportedBackend,
} from "../errors/mod.ts";
import { type Location, maskUri, SchemeMap } from "../location/mod.ts";
import type {
  AddOptions,
  AddResult,
  DeleteResult,
  GetOptions,
  GetResult,
  OperationOptions,
  Store,
} from "../store/mod.ts";
import type { ImageData } from "../streams/mod.ts";
import { discard } from "../streams/source.ts";
import { checkStoreName, statusOf, type StoreEntry, type StoreStatus } from "./store_entry.ts";

/** Options of {@linkcode Stores}. */
export interface StoresOptions {
  /** The name of the store that takes new images. Default: the only store that is not reserved. */
  default?: string | undefined;
}

/** Options of operations that work on one of several stores. */
export interface BackendOptions {
  /** The name of the store. Default: the default store for `add`, every store for the others. */
  backend?: string | undefined;
}

/**
 * Named stores, with a default, weights and descriptions. A program may have several sets of them.
 *
 * A weight decides where an image is read that is in several stores: in the one with the highest
 * weight, and in the next if that one does not have it or cannot be reached. Stores of the same weight
 * are tried in the order of the configuration.
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
  /** The name of the store that takes new images for which no other is named. */
  readonly default: string | undefined;
  readonly #entries = new Map<string, StoreEntry>();
  readonly #schemes = new SchemeMap();

  /**
   * Takes stores by name. Nothing is opened yet.
   *
   * @param stores The stores, each by the name with which it was created.
   * @param options The name of the default store.
   * @throws {BadStoreConfiguration} If a name is not that of its store or no segment of a path, or if
   * the default store is missing or reserved.
   */
  constructor(
    stores: Readonly<Record<string, Store | StoreEntry>>,
    options: StoresOptions = {},
  ) {
    for (const [name, value] of Object.entries(stores)) {
      checkStoreName(name);
      this.#entries.set(name, "getSchemes" in value ? { store: value } : value);
    }
    for (const [name, { store }] of this.#byWeight()) {
      if (!(store instanceof Error)) this.#register(name, store);
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
      throw new BadStoreConfiguration(`the store "${store.name}" is configured as "${name}"`);
    }
    for (const scheme of store.getSchemes()) {
      this.#schemes.register(scheme, name, {
        parse: (uri) => store.getStoreLocationClass().parse(uri),
        owns: (location) => store.ownsLocation(location),
        imageIdOf: (location) => store.imageIdOf(location),
      });
    }
  }

  /** The names of all stores, in the order of the configuration, failed ones included. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** The stores that cannot be used, by name, each with the reason. */
  get failures(): Map<string, Error> {
    const failures = new Map<string, Error>();
    for (const [name, { store }] of this.#entries) {
      if (store instanceof Error) failures.set(name, store);
    }
    return failures;
  }

  /**
   * Opens every store and returns the state of each. A store that fails is reported, not thrown.
   *
   * @returns The states, in the order of the configuration.
   */
  status(): Promise<StoreStatus[]> {
    return Promise.all(
      [...this.#entries].map(([name, entry]) => statusOf(name, entry, name === this.default)),
    );
  }

  /**
   * Returns a store by its name.
   *
   * @param name One of {@linkcode names}.
   * @returns The store, which opens with its first operation.
   * @throws {UnsupportedBackend} If there is no store of that name.
   * @throws {StoreError} If the store could not be configured.
   */
  getStoreFromStoreIdentifier(name: string): Store {
    const { store } = this.#entry(name);
    if (store instanceof Error) throw store;
    return store;
  }

  /**
   * Returns how much a store is preferred.
   *
   * @param name The name of the store.
   * @returns The weight of its configuration, or 0.
   * @throws {UnsupportedBackend} If there is no store of that name.
   */
  getStoreWeight(name: string): number {
    return this.#entry(name).weight ?? 0;
  }

  /**
   * Returns the URI schemes of all stores.
   *
   * @returns The schemes without the colon, each once.
   */
  getKnownSchemesForMultiStore(): string[] {
    return this.#schemes.getKnownSchemes();
  }

  /**
   * Returns the location that a URI names, in the store of the highest weight that owns the URI.
   *
   * @param uri The location URI.
   * @returns The location with the name of its store.
   * @throws {UnknownScheme} If no store has the scheme.
   * @throws {BadStoreUri} If no store owns the URI.
   */
  getLocationFromUri(uri: string): Location {
    return this.#schemes.getLocationFromUri(uri);
  }

  /**
   * Returns the location that a URI names in one store.
   *
   * @param uri The location URI.
   * @param backend The name of the store.
   * @returns The location, bound to that store.
   * @throws {UnsupportedBackend} If there is no such store, or if it does not have the scheme.
   * @throws {BadStoreUri} If the URI lies outside the store.
   */
  getLocationFromUriAndBackend(uri: string, backend: string): Location {
    this.getStoreFromStoreIdentifier(backend);
    return this.#schemes.getLocationFromUriAndBackend(uri, backend);
  }

  /**
   * Opens the default store.
   *
   * @throws {UnsupportedBackend} If there is no default store.
   * @throws {StoreError} If the store cannot be opened.
   */
  async verifyStore(): Promise<void> {
    await this.#target(undefined).configure();
  }

  /**
   * Adds an image to one store. See `Store.add`.
   *
   * @param imageId The id that the image gets.
   * @param data The bytes of the image.
   * @param options The options of `Store.add`, with the name of the store. Default: the default store.
   * @returns Location, size in bytes, digests and metadata of the new image.
   * @throws {UnsupportedBackend} If there is no such store, or no default store.
   * @throws {Duplicate} If the store has an image of that id.
   */
  async add(
    imageId: string,
    data: ImageData,
    { backend, ...options }: AddOptions & BackendOptions = {},
  ): Promise<AddResult> {
    let store: Store;
    try {
      store = this.#target(backend);
    } catch (error) {
      await discard(data, error);
      throw error;
    }
    return await store.add(imageId, data, options);
  }

  /**
   * Opens the image of a location URI for reading. See `Store.get`.
   *
   * Without a `backend` the stores are tried by weight: one that does not have the image or cannot be
   * reached is followed by the next.
   *
   * @param uri The location URI.
   * @param options The options of `Store.get`, with the name of the store. Default: every store.
   * @returns The bytes as a stream, and their number.
   * @throws {NotFound} If no store has the image.
   * @throws {RemoteServiceUnavailable} If a store that may have the image cannot be reached and no
   * other has it.
   */
  get(
    uri: string,
    { backend, ...options }: GetOptions & BackendOptions = {},
  ): Promise<GetResult> {
    return this.#search(
      uri,
      backend,
      isUnreachable,
      (store, location) => store.get(location, options),
    );
  }

  /**
   * Deletes the image of a location URI. See `Store.delete`.
   *
   * Without a `backend` the stores are tried by weight until one has the image. A store that cannot be
   * reached ends the search: the image may be there.
   *
   * @param uri The location URI.
   * @param options The caller, an abort signal, and the name of the store. Default: every store.
   * @returns Whether the backend keeps the data, and why.
   * @throws {NotFound} If no store has the image.
   */
  delete(
    uri: string,
    { backend, ...options }: OperationOptions & BackendOptions = {},
  ): Promise<DeleteResult> {
    return this.#search(
      uri,
      backend,
      () => false,
      (store, location) => store.delete(location, options),
    );
  }

  /**
   * Closes every store.
   *
   * @throws {Error} The first failure, after all stores have been closed.
   */
  async close(): Promise<void> {
    const stores = [...this.#entries.values()].map(({ store }) => store);
    const closed = await Promise.allSettled(
      stores.map((store) => store instanceof Error ? undefined : store.close()),
    );
    const failed = closed.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Does the same as {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The stores, those of the highest weight first. */
  #byWeight(): [string, StoreEntry][] {
    return [...this.#entries].sort(([, a], [, b]) => (b.weight ?? 0) - (a.weight ?? 0));
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
    backend: string | undefined,
    isSkipped: (error: unknown) => boolean,
    operation: (store: Store, location: Location) => Promise<T>,
  ): Promise<T> {
    if (backend !== undefined) {
      const location = this.getLocationFromUriAndBackend(uri, backend);
      return await operation(this.getStoreFromStoreIdentifier(backend), location);
    }
    let cause: unknown;
    let unreachable: unknown;
    for (const [name, { store }] of this.#byWeight()) {
      if (store instanceof Error) continue;
      try {
        const location = this.#schemes.getLocationFromUriAndBackend(uri, name);
        return await operation(store, location);
      } catch (error) {
        if (isSkipped(error)) unreachable ??= error;
        else if (!(error instanceof NotFound || isElsewhere(error))) throw error;
        else cause = error;
      }
    }
    // The image may be in the store that could not be reached, so it is not known to be missing.
    if (unreachable !== undefined) throw unreachable;
    const failed = [...this.failures.keys()];
    const except = failed.length > 0 ? `, except that ${failed.join(", ")} cannot be used` : "";
    throw new NotFound(`no store has ${maskUri(uri)}${except}`, { cause });
  }
}

/** Whether the error means that a URI belongs to another store. */
function isElsewhere(error: unknown): boolean {
  return error instanceof BadStoreUri || error instanceof UnsupportedBackend ||
    error instanceof UnknownScheme;
}

/** Whether the error means that a store cannot be reached or opened, whatever is in it. */
function isUnreachable(error: unknown): boolean {
  return error instanceof RemoteServiceUnavailable || error instanceof TimeoutError ||
    error instanceof BadStoreConfiguration || error instanceof DriverLoadFailure;
}
