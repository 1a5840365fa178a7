/**
 * Judges an image that is stored: by what the store keeps of it, by a few ranges, or read whole.
 *
 * @module
 */
import { BitMasks } from "../capabilities/mod.ts";
import { ImageChanged, StoreGetNotSupported, StoreRandomGetNotSupported } from "../errors/mod.ts";
import { HEAD_SIZE } from "../formats/format.ts";
import { type ImageInspection, inspect, inspectRanges } from "../formats/mod.ts";
import type { StoreLocation } from "../location/mod.ts";
import type { ByteReader } from "../streams/bytes.ts";
import { exactSizeReader } from "../streams/exact_size.ts";
import type { ImageReader } from "./driver.ts";
import { isOther } from "./image_handle.ts";
import { guarded } from "./reading.ts";
import type { Ability, Runner } from "./runner.ts";
import type { DriverStat, ImageRef, InspectOptions, OperationOptions } from "./types.ts";

const READ: Ability = [BitMasks.READ_ACCESS, StoreGetNotSupported];

/**
 * Inspects a stored image; `Store.inspect` describes it.
 *
 * @typeParam L The driver's class of locations.
 * @param runner Runs the operations of the store.
 * @param image The image: its id, its location or its location URI.
 * @param options Whether what is kept will do, the caller, and an abort signal.
 * @returns What the image is.
 */
export function inspectImage<L extends StoreLocation>(
  runner: Runner<L>,
  image: ImageRef,
  options: InspectOptions,
): Promise<ImageInspection> {
  return runner.onImage("inspect", image, options, READ, (location) => {
    return new StoredImage(runner, location, options).inspect();
  });
}

/** An image of a store. */
class StoredImage<L extends StoreLocation> {
  readonly #runner: Runner<L>;
  readonly #location: L;
  readonly #options: OperationOptions;
  readonly #useKept: boolean;

  constructor(runner: Runner<L>, location: L, { kept = true, signal, context }: InspectOptions) {
    this.#runner = runner;
    this.#location = location;
    this.#options = { signal, context };
    this.#useKept = kept;
  }

  async inspect(): Promise<ImageInspection> {
    const { capabilities } = this.#runner;
    const hasRanges = capabilities.isCapable(BitMasks.READ_ACCESS, BitMasks.READ_RANDOM);
    const first = await this.#open(0, hasRanges ? HEAD_SIZE : undefined);
    try {
      const kept = this.#useKept ? await this.#kept(first) : undefined;
      if (kept) return kept;
      if (!hasRanges) return await inspect(this.#bytes(first));
      const size = first.total ?? (await this.#stat()).size;
      if (size !== undefined) return await this.#byRanges(first, size);
    } catch (error) {
      if (!(error instanceof StoreRandomGetNotSupported)) throw error;
    } finally {
      await first.close();
    }
    // Only reading showed that the backend has no ranges, or does not know the size.
    const whole = await this.#open(0, undefined);
    return await inspect(this.#bytes(whole));
  }

  /** What the store keeps of the image: opening it says so, or else its `stat`. */
  async #kept({ inspection }: ImageReader): Promise<ImageInspection | null | undefined> {
    if (inspection !== undefined) return inspection;
    const { capabilities } = this.#runner;
    return capabilities.isCapable(BitMasks.CHECKSUM) ? (await this.#stat()).inspection : undefined;
  }

  /** Inspects the image by ranges, the first of which is open. */
  #byRanges(first: ImageReader, size: number): Promise<ImageInspection> {
    const opened: DriverStat = { size, etag: first.etag, modified: first.modified };
    return inspectRanges({
      read: async (offset, length) => {
        const reader = offset === 0 ? first : await this.#open(offset, length);
        try {
          if (isOther(reader, opened)) {
            throw new ImageChanged("the image was replaced while it was being inspected");
          }
          const view = new Uint8Array(Math.min(length, Math.max(0, size - offset)));
          return { bytes: await this.#bytes(reader).read(view), size };
        } finally {
          await reader.close();
        }
      },
    });
  }

  #open(offset: number, length: number | undefined): Promise<ImageReader> {
    return this.#runner.driver.openRead(this.#location, { offset, length }, this.#options);
  }

  #stat(): Promise<DriverStat> {
    return this.#runner.driver.statImage(this.#location, this.#options);
  }

  /** The bytes of a reader, which is held to the size that it announced, and ends with the signal. */
  #bytes(reader: ImageReader): ByteReader {
    const { size } = reader;
    const sized = size === undefined ? reader : exactSizeReader(reader, size);
    return guarded(sized, this.#options.signal, (error) => error);
  }
}
