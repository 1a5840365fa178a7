/**
 * What a store does beside giving images: adding, changing, listing, ACLs, presigned URLs. Loaded with
 * the first such call, so that who only reads does not pay for it.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import {
  Forbidden,
  InUseByStore,
  Invalid,
  NotFound,
  StoreAclsNotSupported,
  StoreAddDisabled,
  StoreCopyNotSupported,
  StoreDeleteNotSupported,
  StoreError,
  StoreListNotSupported,
  StorePresignNotSupported,
} from "../errors/mod.ts";
import { checkImageId, type Location, type StoreLocation } from "../location/mod.ts";
import { discard, type ImageData, type ImageSource, openSource } from "../streams/source.ts";
import type { Acls, Leftover, ListEntry, OperationOptions } from "./driver.ts";
import type {
  AddOptions,
  AddResult,
  CopyResult,
  GcOptions,
  ImageRef,
  ListOptions,
  PresignOptions,
} from "./operations.ts";
import type { Ability, Store } from "./store.ts";

/** What the manager needs of its store that nobody else may call. */
export interface StoreInside<L extends StoreLocation> {
  /** Runs an operation: the store configured, errors wrapped. */
  run<T>(
    operation: string,
    image: ImageRef | undefined,
    options: OperationOptions,
    body: () => Promise<T>,
  ): Promise<T>;
  /** The error that users see. */
  wrap(
    error: unknown,
    operation: string,
    path: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown>;
  /** Throws where the store lacks an ability. */
  require(ability: Ability): Promise<void>;
  /** The driver's location of an image. */
  resolve(image: ImageRef, options: OperationOptions): Promise<L>;
  /** The location as users see it. */
  bind(location: L): Location;
}

const WRITE: Ability = [BitMasks.WRITE_ACCESS, StoreAddDisabled];
const DELETE: Ability = [BitMasks.WRITE_ACCESS, StoreDeleteNotSupported];
const LIST: Ability = [BitMasks.LIST, StoreListNotSupported];
const READ_ACLS: Ability = [BitMasks.ACL_READ, StoreAclsNotSupported];
const WRITE_ACLS: Ability = [BitMasks.ACL_WRITE, StoreAclsNotSupported];
const PRESIGN: Ability = [BitMasks.PRESIGN, StorePresignNotSupported];

/**
 * The operations of one store, as {@linkcode Store} describes them. Hooks are called in brackets: they
 * are hidden from everybody but the store, whose other half this is.
 */
export class StoreManager<L extends StoreLocation> {
  readonly #store: Store<L>;
  readonly #inside: StoreInside<L>;

  /** Takes the store, and what is inside it. */
  constructor(store: Store<L>, inside: StoreInside<L>) {
    this.#store = store;
    this.#inside = inside;
  }

  /** Adds an image. */
  async add(imageId: string, data: ImageData, options: AddOptions): Promise<AddResult> {
    let source: ImageSource | undefined;
    try {
      return await this.#inside.run("add", imageId, options, () => {
        return this.#add(imageId, source = openSource(data), options);
      });
    } catch (error) {
      if (source === undefined) await discard(data, error);
      else await source.reader.close(error).catch(() => {});
      throw error;
    }
  }

  async #add(imageId: string, source: ImageSource, options: AddOptions): Promise<AddResult> {
    checkImageId(imageId);
    await this.#inside.require(WRITE);
    const { addImage } = await import("./add.ts");
    const added = await addImage(source, options, (write) => {
      if (!this.#store["openWrite"]) throw new StoreAddDisabled("the driver does not write");
      return this.#store["openWrite"](imageId, write);
    });
    return {
      ...added,
      location: this.#inside.bind(added.location),
      metadata: { ...added.metadata, store: this.#store.name },
    };
  }

  /** Deletes an image. */
  delete(image: ImageRef, options: OperationOptions): Promise<void> {
    return this.#on("delete", image, options, DELETE, (location) => {
      return this.#delete(location, options);
    });
  }

  async #delete(location: L, options: OperationOptions): Promise<void> {
    if (!this.#store["deleteImage"]) {
      throw new StoreDeleteNotSupported("the driver does not delete");
    }
    await this.#store["deleteImage"](location, options);
  }

  /** Deletes images, missing ones aside. */
  deleteMany(
    images: Iterable<ImageRef> | AsyncIterable<ImageRef>,
    options: OperationOptions,
  ): Promise<void> {
    const { run, require, resolve } = this.#inside;
    async function* locations(): AsyncGenerator<L> {
      for await (const image of images) yield await resolve(image, options);
    }
    return run("delete", undefined, options, async () => {
      await require(DELETE);
      if (this.#store["deleteImages"]) {
        return await this.#store["deleteImages"](locations(), options);
      }
      for await (const location of locations()) {
        try {
          await this.#delete(location, options);
        } catch (error) {
          if (error instanceof StoreError) {
            error.at({ path: this.#store.imageIdOf(location) ?? location.path });
          }
          if (!(error instanceof NotFound)) throw error;
        }
      }
    });
  }

  /** Removes what adds that never ended left. */
  gc(options: GcOptions): AsyncGenerator<Leftover> {
    const { olderThan = 86_400_000, dryRun = false, signal, context } = options;
    const [wanted, Refusal] = DELETE;
    const needed: Ability = [dryRun ? BitMasks.NONE : wanted, Refusal];
    const leftovers = () => this.#store["leftovers"]?.({ signal, context }) ?? [];
    return this.#each("gc", undefined, options, needed, async function* () {
      for await (const leftover of leftovers()) {
        if (leftover.since.getTime() > Date.now() - olderThan) continue;
        if (!dryRun) await leftover.remove();
        yield leftover;
      }
    });
  }

  /** Lists images. */
  list(options: ListOptions): AsyncGenerator<ListEntry> {
    const { directory = "", recursive = false, signal, context } = options;
    return this.#each("list", directory || "/", options, LIST, () => {
      if (directory !== "") checkImageId(directory);
      if (!this.#store["listImages"]) throw new StoreListNotSupported("the driver does not list");
      return this.#store["listImages"](directory, recursive, { signal, context });
    });
  }

  /** Copies an image. */
  copy(image: ImageRef, imageId: string, options: OperationOptions): Promise<CopyResult> {
    const store = this.#store;
    return this.#to("copy", image, imageId, options, async (from) => {
      if (store.isCapable(BitMasks.COPY)) {
        if (!store["copyImage"]) throw new StoreCopyNotSupported("the driver does not copy");
        return { location: this.#inside.bind(await store["copyImage"](from, imageId, options)) };
      }
      const { stream, size } = await store.get(from, options);
      return await store.add(imageId, stream, { ...options, size });
    });
  }

  /** Renames an image. */
  rename(image: ImageRef, imageId: string, options: OperationOptions): Promise<Location> {
    const store = this.#store;
    return this.#to("rename", image, imageId, options, async (from) => {
      if (store["renameImage"]) {
        return this.#inside.bind(await store["renameImage"](from, imageId, options));
      }
      const { location } = await store.copy(from, imageId, options);
      try {
        await store.delete(from, options);
      } catch (error) {
        // Only here is it sure that the image keeps its old name.
        if (error instanceof Forbidden || error instanceof InUseByStore) {
          await store.delete(location, { context: options.context }).catch(() => {});
        }
        throw error;
      }
      return location;
    });
  }

  /** Reads who may do what. */
  getAcls(image: ImageRef, options: OperationOptions): Promise<Acls> {
    return this.#on("getAcls", image, options, READ_ACLS, async (location) => {
      if (!this.#store["readAcls"]) throw new StoreAclsNotSupported("the driver has no ACLs");
      return await this.#store["readAcls"](location, options);
    });
  }

  /** Replaces who may do what. */
  setAcls(image: ImageRef, acls: Partial<Acls>, options: OperationOptions): Promise<void> {
    const { public: open = false, readTenants = [], writeTenants = [] } = acls;
    const whole = { public: open, readTenants, writeTenants };
    return this.#on("setAcls", image, options, WRITE_ACLS, async (location) => {
      if (!this.#store["writeAcls"]) throw new StoreAclsNotSupported("the driver has no ACLs");
      await this.#store["writeAcls"](location, whole, options);
    });
  }

  /** Makes a URL that gives access for a while. */
  presign(image: ImageRef, options: PresignOptions): Promise<URL> {
    const { method = "GET", expiresIn = 3_600_000 } = options;
    return this.#on("presign", image, options, PRESIGN, async (location) => {
      if (!(expiresIn > 0)) throw new Invalid(`expiresIn is ${expiresIn} ms, not more than 0`);
      if (!this.#store["presignImage"]) {
        throw new StorePresignNotSupported("the driver does not presign");
      }
      return await this.#store["presignImage"](location, { method, expiresIn });
    });
  }

  /** Runs a changing operation of the driver's own. */
  modify<T>(
    operation: string,
    image: ImageRef,
    options: OperationOptions,
    body: (location: L) => Promise<T>,
  ): Promise<T> {
    return this.#on(operation, image, options, WRITE, body);
  }

  /** Runs an operation on an image, once the store is able and the image located. */
  #on<T>(
    operation: string,
    image: ImageRef,
    options: OperationOptions,
    ability: Ability,
    body: (location: L) => Promise<T>,
  ): Promise<T> {
    const { run, require, resolve } = this.#inside;
    return run(operation, image, options, async () => {
      await require(ability);
      return await body(await resolve(image, options));
    });
  }

  /** Runs an operation that gives an image another id. */
  #to<T>(
    operation: string,
    image: ImageRef,
    imageId: string,
    options: OperationOptions,
    body: (from: L) => Promise<T>,
  ): Promise<T> {
    const { run, require, resolve } = this.#inside;
    return run(operation, image, options, async () => {
      checkImageId(imageId);
      await require(WRITE);
      return await body(await resolve(image, options));
    });
  }

  /** Runs an operation that gives many things, one by one. */
  async *#each<T>(
    operation: string,
    path: string | undefined,
    { signal }: OperationOptions,
    ability: Ability,
    body: () => Iterable<T> | AsyncIterable<T>,
  ): AsyncGenerator<T> {
    try {
      const { run, require } = this.#inside;
      await run(operation, path, { signal }, () => require(ability));
      for await (const one of body()) {
        yield one;
        signal?.throwIfAborted();
      }
    } catch (error) {
      throw await this.#inside.wrap(error, operation, path, signal);
    }
  }
}
