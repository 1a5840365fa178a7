/**
 * What `add` does once the store agrees: the transfer into the driver's writer, then all or nothing.
 *
 * @module
 */
import { BackendException, Invalid } from "../errors/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { ImageSource } from "../streams/mod.ts";
import { checkAlgorithm } from "../streams/image_digest.ts";
import { transfer } from "../streams/transfer.ts";
import type { AcceptPolicy } from "../formats/policy.ts";
import type { ImageWriter, WriteOptions } from "./driver.ts";
import { ImageJudge } from "./image_judge.ts";
import type { AddOptions, ImageFacts, ImageFormat } from "./types.ts";

/** What went in, where to, and what the driver says of it. */
export interface AddedImage<L extends StoreLocation> extends ImageFacts, ImageFormat {
  /** Its entity tag, where the driver knows it. */
  etag?: string | undefined;
  /** When it was stored, where the driver knows it. */
  modified?: Date | undefined;
  /** Where the image is. */
  location: L;
  /** What the driver adds to the metadata. */
  metadata: Record<string, unknown>;
}

/**
 * Moves a source into the writer that `openWrite` opens, and commits it or removes all of it.
 *
 * @typeParam L The driver's class of locations.
 * @param source The data.
 * @param options The options of the add.
 * @param policy The policy of the store.
 * @param openWrite Begins the image.
 * @returns What was added.
 * @throws {ImageFormatRefused} If the image is not accepted.
 */
export async function addImage<L extends StoreLocation>(
  source: ImageSource,
  options: AddOptions,
  policy: AcceptPolicy | undefined,
  openWrite: (options: WriteOptions) => Promise<ImageWriter<L>>,
): Promise<AddedImage<L>> {
  const { expected, sparse, resume, signal, context } = options;
  const size = options.size ?? source.size;
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
    throw new Invalid(`a size is a whole number of bytes, not ${size}`);
  }
  if (resume && size === undefined) {
    throw new Invalid("an add can only be resumed if the size of the data is known");
  }
  const hashingAlgo = options.hashingAlgo ?? expected?.multihash?.algo ?? "sha512";
  checkAlgorithm(hashingAlgo);
  const judge = new ImageJudge(options, policy);
  const writer = await openWrite({ size, expected, sparse, resume, signal, context });
  // A hole that stays one is neither read nor written.
  const movedOf = (chunk: Uint8Array) =>
    sparse && options.verifier ? writer.countData?.(chunk) : undefined;
  try {
    const digest = await transfer(source.reader, {
      size,
      hashingAlgo,
      expected,
      verifier: { update: (chunk) => judge.update(chunk, movedOf(chunk)) },
      signal,
      partSize: writer.partSize,
      write: (chunk, md5s) => writer.write(chunk, md5s),
    });
    const { inspection, ...format } = await judge.end();
    const image: ImageFacts = { ...digest, inspection };
    const metadata = await writer.commit(image) ?? {};
    const { location, etag, modified } = writer;
    return {
      ...image,
      ...format,
      ...etag !== undefined && { etag },
      ...modified !== undefined && { modified },
      location,
      metadata,
    };
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}

/**
 * Checks that the metadata of a location is made of records, lists and strings alone, as glance_store
 * demands.
 *
 * @param value The metadata.
 * @param key The key that the value has in it, for the error. Default: none.
 * @throws {BackendException} If a value is something else; it names the key.
 *
 * @example Good and bad metadata
 * ```ts
 * import { BackendException, checkLocationMetadata } from "@vitrine/vitrine";
 * import { assertThrows } from "@std/assert";
 *
 * checkLocationMetadata({ store: "local", hosts: ["a", "b"] });
 * assertThrows(() => checkLocationMetadata({ port: 80 }), BackendException, "port");
 * ```
 */
export function checkLocationMetadata(value: unknown, key = ""): void {
  if (typeof value === "string") return;
  if (typeof value !== "object" || value === null) {
    throw new BackendException(
      `the location metadata "${key}" is a ${typeof value}, not a record, a list or a string`,
    );
  }
  for (const [name, inner] of Object.entries(value)) {
    checkLocationMetadata(inner, key === "" ? name : `${key}.${name}`);
  }
}
