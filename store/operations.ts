/**
 * What a store does beside giving images: adding, changing, listing, ACLs, presigned URLs. `Store`
 * describes each operation; it loads this half with the first of them.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import {
  ImageFormatRefused,
  Invalid,
  StoreAclsNotSupported,
  StoreAddDisabled,
  StoreDeleteNotSupported,
  StoreGetNotSupported,
  StoreListNotSupported,
  StoreMetadataNotSupported,
  StorePresignNotSupported,
  StoreResumeNotSupported,
} from "../errors/mod.ts";
import { canRefuse, refusal } from "../formats/refusal.ts";
import { checkImageId, type Location, type StoreLocation } from "../location/mod.ts";
import { discard, type ImageData, type ImageSource, openSource } from "../streams/source.ts";
import { checkAlgorithm } from "../streams/image_digest.ts";
import { transfer } from "../streams/transfer.ts";
import { addImage, checkLocationMetadata } from "./add.ts";
import { type CopyableStore, copyByStream, type CopyOptions, moveByCopy } from "./copy.ts";
import { deleteOne } from "./delete_many.ts";
import { checkProperties } from "./image_properties.ts";
import { ImageJudge } from "./image_judge.ts";
import { checkPage, nameOf, selectPage, startBelow } from "./ordered_list.ts";
import type { Ability, Runner } from "./runner.ts";
import type {
  Acls,
  AddOptions,
  AddResult,
  CopyResult,
  DeleteResult,
  GcOptions,
  ImageDigest,
  ImageRef,
  Leftover,
  ListEntry,
  ListOptions,
  OperationOptions,
  PresignOptions,
  RecordOptions,
  StoreUsage,
} from "./types.ts";

const READ: Ability = [BitMasks.READ_ACCESS, StoreGetNotSupported];
const WRITE: Ability = [BitMasks.WRITE_ACCESS, StoreAddDisabled];
const DELETE: Ability = [BitMasks.WRITE_ACCESS, StoreDeleteNotSupported];
const LIST: Ability = [BitMasks.LIST, StoreListNotSupported];
const READ_ACLS: Ability = [BitMasks.ACL_READ, StoreAclsNotSupported];
const WRITE_ACLS: Ability = [BitMasks.ACL_WRITE, StoreAclsNotSupported];
const RESUME: Ability = [BitMasks.RESUME, StoreResumeNotSupported];
const PRESIGN: Ability = [BitMasks.PRESIGN, StorePresignNotSupported];

/**
 * Adds an image, and releases the data if that fails.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param imageId The id of the new image.
 * @param data The bytes, in any of the forms of `ImageData`.
 * @param options What is known of the data, which images are accepted, the caller and an abort signal.
 * @returns Location, size in bytes and digests of the image.
 * @throws {StoreError} With store, operation and path. See `Store.add`.
 */
export async function add<L extends StoreLocation>(
  runner: Runner<L>,
  imageId: string,
  data: ImageData,
  options: AddOptions,
): Promise<AddResult> {
  let source: ImageSource | undefined;
  try {
    return await runner.run("add", imageId, options, () => {
      return addSource(runner, imageId, source = openSource(data), options);
    });
  } catch (error) {
    if (source === undefined) await discard(data, error);
    else await source.reader.close(error).catch(() => {});
    throw error;
  }
}

async function addSource<L extends StoreLocation>(
  runner: Runner<L>,
  imageId: string,
  source: ImageSource,
  options: AddOptions,
): Promise<AddResult> {
  const { driver } = runner;
  checkImageId(imageId);
  await runner.require(WRITE);
  if (options.resume) await runner.require(RESUME);
  const properties = checkProperties(options);
  if (properties && !runner.capabilities.isCapable(BitMasks.METADATA)) {
    throw new StoreMetadataNotSupported(
      `the store lacks the ability "metadata" to keep ${Object.keys(properties).join(" and ")}`,
    );
  }
  const { location, metadata, ...image } = await addImage(
    source,
    options,
    runner.policy,
    (write) => {
      if (!driver.openWrite) throw new StoreAddDisabled("the driver does not write");
      return driver.openWrite(imageId, { ...write, ...properties });
    },
  );
  try {
    checkLocationMetadata(metadata);
  } catch (error) {
    await driver.deleteImage?.(location, { context: options.context }).catch(() => {});
    throw error;
  }
  return {
    ...image,
    location: runner.bind(location),
    metadata: { ...metadata, store: runner.name },
  };
}

/**
 * Runs a changing operation that only one driver has.
 *
 * @typeParam L The driver's class of locations.
 * @typeParam T What the operation returns.
 * @param runner What runs the operations of the store.
 * @param operation The name of the operation, for errors.
 * @param image The image: its id, its location or its location URI.
 * @param options The caller, and an abort signal.
 * @param body What to do with the image's location.
 * @returns What `body` returns.
 */
export function modify<L extends StoreLocation, T>(
  runner: Runner<L>,
  operation: string,
  image: ImageRef,
  options: OperationOptions,
  body: (location: L) => Promise<T>,
): Promise<T> {
  return runner.onImage(operation, image, options, WRITE, body);
}

/**
 * Computes the digests of an image and has the driver record them.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param image The image: its id, its location or its location URI.
 * @param options The algorithm of the multihash, an observer of the chunks, the caller, an abort signal.
 * @returns The size in bytes and the digests.
 */
export function recordDigests<L extends StoreLocation>(
  runner: Runner<L>,
  image: ImageRef,
  { hashingAlgo = "sha512", verifier, ...options }: RecordOptions,
): Promise<ImageDigest> {
  const { driver } = runner;
  return runner.onImage("recordDigests", image, options, WRITE, async (location) => {
    if (!driver.recordDigests) throw new StoreAddDisabled("the store keeps no digests of images");
    checkAlgorithm(hashingAlgo);
    const reader = await driver.openRead(location, { offset: 0, length: undefined }, options);
    const judge = new ImageJudge({ verifier }, undefined);
    const digest = await transfer(reader, {
      size: reader.size,
      hashingAlgo,
      verifier: judge,
      signal: options.signal,
      write: () => Promise.resolve(),
    });
    const { inspection } = await judge.end();
    await driver.recordDigests(location, { ...digest, inspection }, options);
    return digest;
  });
}

/**
 * Deletes an image.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param image The image: its id, its location or its location URI.
 * @param options The caller, and an abort signal.
 * @returns Why the backend keeps the data, if it does.
 */
export function remove<L extends StoreLocation>(
  runner: Runner<L>,
  image: ImageRef,
  options: OperationOptions,
): Promise<DeleteResult> {
  return runner.onImage("delete", image, options, DELETE, (location) => {
    return deleteOne(runner, location, options);
  });
}

/**
 * Removes what the backend keeps of a directory itself.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param directory The path of the directory, without a slash at its end.
 * @param options The caller, and an abort signal.
 */
export function removeDirectory<L extends StoreLocation>(
  runner: Runner<L>,
  directory: string,
  options: OperationOptions,
): Promise<void> {
  return runner.run("removeDirectory", directory, options, async () => {
    checkImageId(directory);
    await runner.require(DELETE);
    await runner.driver.removeDirectory?.(directory, options);
  });
}

/**
 * Reads how much space is taken and free.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param options The caller, and an abort signal.
 * @returns What the backend says.
 */
export function usage<L extends StoreLocation>(
  runner: Runner<L>,
  options: OperationOptions,
): Promise<StoreUsage> {
  return runner.run("usage", undefined, options, async () => {
    await runner.require(READ);
    const known = await runner.driver.readUsage?.(options) ?? {};
    // What backends send can be anything.
    return Object.fromEntries(
      Object.entries(known).filter(([, value]) => Number.isSafeInteger(value) && value >= 0),
    );
  });
}

/**
 * Removes what adds that never ended left.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param options The least age in milliseconds, whether to only list, and what to call with what is passed
 * over.
 * @returns Each leftover, after it was removed.
 */
export function gc<L extends StoreLocation>(
  runner: Runner<L>,
  options: GcOptions,
): AsyncGenerator<Leftover> {
  const { olderThan = 86_400_000, dryRun = false, signal, context } = options;
  const { onSkipped = () => {} } = options;
  const [wanted, Refusal] = DELETE;
  const needed: Ability = [dryRun ? BitMasks.NONE : wanted, Refusal];
  return each(runner, "gc", undefined, options, needed, async function* () {
    for await (const leftover of runner.driver.leftovers?.({ signal, context, onSkipped }) ?? []) {
      const { path, since } = leftover;
      if (since === undefined || Number.isNaN(since.getTime())) {
        onSkipped({ path, reason: new Invalid("its age is not known, so it counts as young") });
        continue;
      }
      if (!(since.getTime() <= Date.now() - olderThan)) continue;
      if (!dryRun) {
        try {
          await leftover.remove();
        } catch (error) {
          signal?.throwIfAborted();
          onSkipped({ path, reason: await runner.wrap(error, "gc", path, signal) as Error });
          if (!options.onSkipped) throw error;
          continue;
        }
      }
      yield leftover;
    }
  });
}

/**
 * Lists images.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param options The directory, the page, and what to call with what is passed over.
 * @returns The entries. They are in the order of names if a page is requested.
 */
export function list<L extends StoreLocation>(
  runner: Runner<L>,
  options: ListOptions,
): AsyncGenerator<ListEntry> {
  const { directory = "", recursive = false, startAfter, limit, signal, context } = options;
  const { onSkipped = () => {} } = options;
  return each(runner, "list", directory || "/", options, LIST, () => {
    if (directory !== "") checkImageId(directory);
    if (!runner.driver.listImages) throw new StoreListNotSupported("the driver does not list");
    checkPage({ startAfter, limit });
    const entries = runner.driver.listImages(directory, recursive, {
      signal,
      context,
      onSkipped,
      onDirectory: options.onDirectory,
      startAfter: startBelow(startAfter, directory, recursive),
      limit,
    });
    if (startAfter === undefined && limit === undefined) return entries;
    return selectPage(entries, { startAfter, limit }, nameOf);
  });
}

/**
 * Copies an image to another id of the store.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param store The store itself, for a copy as a stream.
 * @param image The image: its id, its location or its location URI.
 * @param imageId The id of the copy.
 * @param options Whether to verify it, which images are accepted, the caller, and an abort signal.
 * @returns Where the copy is, and its digests if they were computed on the way.
 */
export function copy<L extends StoreLocation>(
  runner: Runner<L>,
  store: CopyableStore,
  image: ImageRef,
  imageId: string,
  options: CopyOptions,
): Promise<CopyResult> {
  return toNewId(runner, "copy", image, imageId, options, (from) => {
    return copyLocation(runner, store, from, imageId, options);
  });
}

async function copyLocation<L extends StoreLocation>(
  runner: Runner<L>,
  store: CopyableStore,
  from: L,
  imageId: string,
  options: CopyOptions,
): Promise<CopyResult> {
  const { driver, capabilities } = runner;
  const { signal, context } = options;
  const policies = [runner.policy, options.accept ?? {}];
  const isCopied = capabilities.isCapable(BitMasks.COPY) && driver.copyImage !== undefined;
  if (isCopied && policies.some(canRefuse)) {
    // What another program put there was never judged, so that what is kept of it will not do.
    const inspection = await store.inspect(from, { signal, context, kept: false });
    for (const policy of policies) {
      const reason = refusal(inspection, policy, undefined);
      if (reason !== undefined) throw new ImageFormatRefused(reason);
    }
  }
  const copied = isCopied
    ? await driver.copyImage?.(from, imageId, { signal, context })
    : undefined;
  if (copied !== undefined) return { location: runner.bind(copied) };
  const known = await store.stat(from, { signal, context });
  return await copyByStream({ store, image: from }, known, { store, imageId }, options);
}

/**
 * Renames an image: in one step if the driver can, otherwise by copying and deleting.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param store The store itself, for a copy as a stream.
 * @param image The image: its id, its location or its location URI.
 * @param imageId The new id.
 * @param options The caller, and an abort signal.
 * @returns The new location.
 */
export function rename<L extends StoreLocation>(
  runner: Runner<L>,
  store: CopyableStore,
  image: ImageRef,
  imageId: string,
  options: OperationOptions,
): Promise<Location> {
  return toNewId(runner, "rename", image, imageId, options, async (from) => {
    const { driver } = runner;
    if (driver.renameImage) {
      return runner.bind(await driver.renameImage(from, imageId, options));
    }
    const source = { store, image: from };
    const move = async () => {
      const moved = await moveByCopy(source, { store, imageId }, options, () => {
        return copyLocation(runner, store, from, imageId, options);
      });
      return moved.location;
    };
    return await (driver.whileLocked?.(from, options, move) ?? move());
  });
}

/**
 * Reads who may read and write an image.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param image The image: its id, its location or its location URI.
 * @param options The caller, and an abort signal.
 * @returns The grants.
 */
export function getAcls<L extends StoreLocation>(
  runner: Runner<L>,
  image: ImageRef,
  options: OperationOptions,
): Promise<Acls> {
  return runner.onImage("getAcls", image, options, READ_ACLS, (location) => {
    if (!runner.driver.readAcls) throw new StoreAclsNotSupported("the driver has no ACLs");
    return runner.driver.readAcls(location, options);
  });
}

/**
 * Replaces who may read and write an image.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param image The image: its id, its location or its location URI.
 * @param acls The grants. What is left out is denied.
 * @param options The caller, and an abort signal.
 */
export function setAcls<L extends StoreLocation>(
  runner: Runner<L>,
  image: ImageRef,
  acls: Partial<Acls>,
  options: OperationOptions,
): Promise<void> {
  const { public: open = false, readTenants = [], writeTenants = [] } = acls;
  const whole = { public: open, readTenants, writeTenants };
  return runner.onImage("setAcls", image, options, WRITE_ACLS, (location) => {
    if (!runner.driver.writeAcls) throw new StoreAclsNotSupported("the driver has no ACLs");
    return runner.driver.writeAcls(location, whole, options);
  });
}

/**
 * Creates a URL that gives access for a limited time.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param image The image: its id, its location or its location URI.
 * @param options The method, and for how many milliseconds the URL is valid. Default: `GET`, for an hour.
 * @returns The URL with its signature.
 * @throws {Invalid} If the method or the time is not allowed.
 * @throws {StorePresignNotSupported} If the store cannot presign, or has a policy that a `PUT` would evade.
 */
export function presign<L extends StoreLocation>(
  runner: Runner<L>,
  image: ImageRef,
  options: PresignOptions,
): Promise<URL> {
  const { method = "GET", expiresIn = 3_600_000, overwrite = false } = options;
  return runner.onImage("presign", image, options, PRESIGN, (location) => {
    // Callers without types can pass anything; a URL that deletes is never wanted.
    if (method !== "GET" && method !== "PUT") {
      throw new Invalid(`method is ${JSON.stringify(method)}, allowed are "GET" and "PUT"`);
    }
    if (method === "PUT" && canRefuse(runner.policy)) {
      throw new StorePresignNotSupported("what is put there would not be judged by the policy");
    }
    if (!(expiresIn > 0 && Number.isFinite(expiresIn))) {
      throw new Invalid(`expiresIn is ${expiresIn}, allowed is a number of ms above 0`);
    }
    if (overwrite && method === "GET") throw new Invalid("overwrite is for a PUT");
    if (!overwrite && method === "PUT" && !runner.capabilities.isCapable(BitMasks.PRESIGN_CREATE)) {
      throw new StorePresignNotSupported(
        "a PUT would replace an image that is there; the option overwrite allows that",
      );
    }
    if (!runner.driver.presignImage) {
      throw new StorePresignNotSupported("the driver does not presign");
    }
    return runner.driver.presignImage(location, { method, expiresIn, overwrite });
  });
}

/** Runs an operation that gives an image another id. */
function toNewId<L extends StoreLocation, T>(
  runner: Runner<L>,
  operation: string,
  image: ImageRef,
  imageId: string,
  options: OperationOptions,
  body: (from: L) => Promise<T>,
): Promise<T> {
  return runner.run(operation, image, options, async () => {
    checkImageId(imageId);
    await runner.require(WRITE);
    return await body(await runner.resolve(image, options));
  });
}

/** Runs an operation that gives many things, one by one. */
async function* each<L extends StoreLocation, T>(
  runner: Runner<L>,
  operation: string,
  path: string | undefined,
  options: OperationOptions,
  ability: Ability,
  body: () => Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<T> {
  const { signal } = options;
  try {
    await runner.run(operation, path, options, () => runner.require(ability));
    for await (const one of body()) {
      yield one;
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw await runner.wrap(error, operation, path, signal);
  }
}
