/**
 * The S3 store: images as objects of one bucket, on Amazon S3 and on everything that speaks its
 * protocol.
 *
 * @module
 */
import { BitMasks } from "../../capabilities/mod.ts";
import type { StoreLocationClass } from "../../location/mod.ts";
import type { DriverClass } from "../../store/driver.ts";
import type { OptionDefinitions, StoreOptions } from "../../store/options.ts";
import { Store } from "../../store/store.ts";
import { S3Driver } from "./driver.ts";
import { S3Location, SCHEMES } from "./location.ts";
import { OPTIONS, type S3Options, type S3Settings } from "./options.ts";

/**
 * A store in an S3 bucket. An image id is the object's key.
 *
 * An image is one object, uploaded with one `PUT` up to `largeObjectSize` MiB, else in parts. Either way it
 * appears whole or not at all. If a failed add cannot remove its parts because the server is away, they are
 * removed before the next add or by `close`. If the process ends, the parts stay until
 * {@linkcode Store.gc} removes them.
 *
 * Aborting does not cancel the request that makes an image appear, or begins an upload in parts. It waits
 * for it (at most 40 s plus 1 s per 64 KiB of a `PUT`, or 10 minutes where the server copies or completes)
 * and then deletes the result, for which a server that does not respond has 30 s.
 *
 * An id is never overwritten where the server decides by `If-None-Match: *`: Amazon S3 always, Ceph for
 * images of one `PUT`. On other servers, Swift among them, the store checks for the id immediately before
 * the object appears. Two processes that end adds of one id within that moment can both succeed, and the
 * later image stays. Two adds of one store object never do.
 *
 * A rename is a copy and then a deletion of what was copied. Of two renames of one image, one fails and
 * leaves nothing: within one store object always, among processes where the server decides by `If-Match`
 * (Amazon S3).
 *
 * Digests are kept with the object. Of an image in parts that is not `expected` to have them they are known
 * only after the last part; then they are kept as tags of the object (Amazon, Ceph), or sent with the request
 * that completes it (OpenStack Swift). A server that takes neither has such images without digests.
 *
 * @example Images in a bucket
 * ```ts
 * import { S3Store } from "@vitrine/vitrine/s3";
 *
 * async function backUp(image: ReadableStream<Uint8Array>): Promise<string> {
 *   await using store = new S3Store("backup", {
 *     host: "https://s3.eu-west-1.amazonaws.com",
 *     bucket: "images",
 *     accessKey: "AKIA...",
 *     secretKey: "...",
 *   });
 *   const { location } = await store.add("debian/12.qcow2", image);
 *   return location.uri();
 * }
 * ```
 */
export class S3Store extends Store<S3Location, S3Settings> {
  /** The driver. */
  static override readonly DRIVER: DriverClass = S3Driver;
  /** The options, as data. */
  static override readonly OPTIONS: OptionDefinitions = OPTIONS;
  /** `s3`, `s3+https`, `s3+http`. */
  static override readonly SCHEMES: readonly string[] = SCHEMES;
  /** Reading anywhere, writing, listing, copying, digests, ACLs, presigned URLs. */
  static override readonly CAPABILITIES: number = BitMasks.READ_RANDOM | BitMasks.WRITE_ACCESS |
    BitMasks.DRIVER_REUSABLE | BitMasks.ACL_READ | BitMasks.ACL_WRITE | BitMasks.LIST |
    BitMasks.COPY | BitMasks.CHECKSUM | BitMasks.PRESIGN | BitMasks.PRESIGN_CREATE |
    BitMasks.METADATA | BitMasks.RESUME;
  /** {@linkcode S3Location}. */
  static override readonly LOCATION: StoreLocationClass<S3Location> = S3Location;

  /**
   * Creates a store. Nothing is opened yet.
   *
   * @param name Name of the store: one segment of a path.
   * @param options The options of the driver.
   * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed.
   */
  constructor(name: string, options: S3Options & StoreOptions) {
    super(name, { ...options });
  }
}
