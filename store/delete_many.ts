/**
 * Deletes many images, and says what became of each.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { NotFound, StoreDeleteNotSupported, StoreError } from "../errors/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { Runner } from "./runner.ts";
import type {
  DeletedImage,
  DeleteManyOptions,
  DeleteResult,
  ImageRef,
  OperationOptions,
} from "./types.ts";

/**
 * Deletes many images. Those that do not exist are no failure.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param images Ids, locations or location URIs. They need not all be known at the start.
 * @param options The caller, and an abort signal.
 * @returns What became of each image, in the order of `images`.
 */
export function removeMany<L extends StoreLocation>(
  runner: Runner<L>,
  images: Iterable<ImageRef> | AsyncIterable<ImageRef>,
  options: OperationOptions,
): Promise<DeletedImage[]> {
  const { driver } = runner;
  const results: DeletedImage[] = [];
  const byLocation = new Map<StoreLocation, DeletedImage>();
  const onDeleted: DeleteManyOptions["onDeleted"] = (location, result) => {
    const found = byLocation.get(location);
    if (found) Object.assign(found, result);
  };
  async function* locations(): AsyncGenerator<L> {
    for await (const image of images) {
      const location = await runner.resolve(image, options);
      const result: DeletedImage = { image, status: "gone" };
      results.push(result);
      byLocation.set(location, result);
      yield location;
    }
  }
  return runner.run("delete", undefined, options, async () => {
    await runner.require([BitMasks.WRITE_ACCESS, StoreDeleteNotSupported]);
    if (driver.deleteImages) {
      await driver.deleteImages(locations(), { ...options, onDeleted });
      return results;
    }
    for await (const location of locations()) {
      try {
        const result = await deleteOne(runner, location, options);
        onDeleted(location, { status: "deleted", ...result });
      } catch (error) {
        if (error instanceof StoreError) {
          error.at({ path: driver.imageIdAt(location) ?? location.path });
        }
        if (!(error instanceof NotFound)) throw error;
        onDeleted(location, { status: "missing" });
      }
    }
    return results;
  });
}

/**
 * Deletes the image at a location.
 *
 * @typeParam L The driver's class of locations.
 * @param runner What runs the operations of the store.
 * @param location The location.
 * @param options The caller, and an abort signal.
 * @returns Why the backend keeps the data, if it does.
 * @throws {StoreDeleteNotSupported} If the driver does not delete.
 */
export async function deleteOne<L extends StoreLocation>(
  { driver }: Runner<L>,
  location: L,
  options: OperationOptions,
): Promise<DeleteResult> {
  if (!driver.deleteImage) throw new StoreDeleteNotSupported("the driver does not delete");
  return await driver.deleteImage(location, options) ?? {};
}
