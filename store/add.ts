/**
 * What `add` does once the store agrees: the transfer into the driver's writer, then all or nothing.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { ImageSource } from "../streams/mod.ts";
import { checkAlgorithm } from "../streams/image_digest.ts";
import { transfer } from "../streams/transfer.ts";
import type { ImageWriter, WriteOptions } from "./driver.ts";
import type { AddOptions, ImageDigest } from "./types.ts";

/** What went in, where to, and what the driver says of it. */
export interface AddedImage<L extends StoreLocation> extends ImageDigest {
  /** Where the image is. */
  location: L;
  /** What the driver adds to the metadata. */
  metadata: Record<string, unknown>;
}

/** Moves a source into the writer that `openWrite` opens, and commits it or removes all of it. */
export async function addImage<L extends StoreLocation>(
  source: ImageSource,
  options: AddOptions,
  openWrite: (options: WriteOptions) => Promise<ImageWriter<L>>,
): Promise<AddedImage<L>> {
  const { expected, verifier, signal, context } = options;
  const size = options.size ?? source.size;
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
    throw new Invalid(`a size is a whole number of bytes, not ${size}`);
  }
  const hashingAlgo = options.hashingAlgo ?? expected?.multihash?.algo ?? "sha512";
  checkAlgorithm(hashingAlgo);
  const writer = await openWrite({ size, expected, signal, context });
  try {
    const image = await transfer(source.reader, {
      size,
      hashingAlgo,
      expected,
      verifier,
      signal,
      partSize: writer.partSize,
      write: (chunk, md5s) => writer.write(chunk, md5s),
    });
    const metadata = await writer.commit(image) ?? {};
    return { ...image, location: writer.location, metadata };
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  }
}
