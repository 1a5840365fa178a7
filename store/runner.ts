/**
 * How every operation of a store runs: the store is opened first, it is able, the image has a location,
 * and errors say where they happened.
 *
 * @module
 */
import { BitMasks, type StoreCapability } from "../capabilities/mod.ts";
import { BadStoreUri, type StoreError, StoreRandomGetNotSupported } from "../errors/mod.ts";
import type { AcceptPolicy } from "../formats/policy.ts";
import {
  checkImageId,
  Location,
  type StoreLocation,
  type StoreLocationClass,
} from "../location/mod.ts";
import { raceAbort } from "../streams/abort.ts";
import { checkOptions } from "./check_options.ts";
import type { Driver } from "./driver.ts";
import type { OptionDefinitions } from "./options.ts";
import type { ImageRef, OperationOptions } from "./types.ts";

/** What an operation needs of a store, and the error of a store that lacks it. */
export type Ability = readonly [
  wanted: number,
  Refusal: new (detail: string, options?: ErrorOptions) => StoreError,
];

/** What a driver declares, without its code. */
export interface Declaration {
  /** The driver's options. */
  readonly OPTIONS: OptionDefinitions;
  /** The URI schemes of its locations. */
  readonly SCHEMES: readonly string[];
  /** Its class of locations. */
  readonly LOCATION: StoreLocationClass;
}

/**
 * What the runner of a store is made of.
 *
 * @typeParam L The driver's class of locations.
 */
export interface RunnerParts<L extends StoreLocation> {
  /** Name of the store. */
  name: string;
  /** The validated options, for the secrets among them. */
  options: Readonly<Record<string, unknown>>;
  /** Which images can be added. */
  policy: AcceptPolicy | undefined;
  /** What the store can do now. */
  capabilities: StoreCapability;
  /** The driver. */
  driver: Driver<L>;
  /** What the driver declares. */
  declaration: Declaration;
}

/**
 * Runs the operations of one store.
 *
 * @typeParam L The driver's class of locations.
 */
export class Runner<L extends StoreLocation = StoreLocation> {
  /** Name of the store. */
  readonly name: string;
  /** The driver. */
  readonly driver: Driver<L>;
  /** What the store can do now. */
  readonly capabilities: StoreCapability;
  /** Which images can be added. Default: all. */
  policy: AcceptPolicy;
  readonly #declaration: Declaration;
  readonly #options: Readonly<Record<string, unknown>>;
  #configured: Promise<void> | undefined;
  #isOpen = false;
  #closing: Promise<void> = Promise.resolve();
  #addFailure: unknown;

  /**
   * Takes the parts of a store. Nothing is opened.
   *
   * @param parts The driver, its options and its capabilities.
   */
  constructor({ name, options, policy, capabilities, driver, declaration }: RunnerParts<L>) {
    this.policy = policy ?? {};
    this.name = name;
    this.driver = driver;
    this.capabilities = capabilities;
    this.#declaration = declaration;
    this.#options = options;
  }

  /** Why the store cannot be written although its driver can, or `undefined`. */
  get addFailure(): Error | undefined {
    return this.#addFailure as Error | undefined;
  }

  /**
   * Opens the store, once for all operations that wait for it.
   *
   * @throws {StoreError} What the driver throws when it cannot even read.
   */
  configure(): Promise<void> {
    if (this.#configured) return this.#configured;
    const configured = this.#closing.then(() => this.#configure()).catch(async (error) => {
      if (this.#configured === configured) this.#configured = undefined;
      throw await this.wrap(error, "configure", undefined, undefined);
    });
    return this.#configured = configured;
  }

  async #configure(): Promise<void> {
    await this.driver.configureGet?.();
    if (this.capabilities.isCapable(BitMasks.WRITE_ACCESS)) {
      try {
        await this.driver.configureAdd?.();
      } catch (error) {
        this.#addFailure = await this.wrap(error, "configureAdd", undefined, undefined);
        this.capabilities.unsetCapabilities(BitMasks.WRITE_ACCESS);
      }
    }
    await this.capabilities.updateCapabilities();
    this.#isOpen = true;
  }

  /** Closes the store. If it is still opening, returns at once and closes it when opening ends. */
  async close(): Promise<void> {
    const configured = this.#configured;
    if (configured === undefined) return;
    const wasOpen = this.#isOpen;
    this.#configured = undefined;
    this.#isOpen = false;
    const released = configured.then(() => {
      this.#isOpen = false;
      return this.driver.release?.();
    });
    this.#closing = released.catch(() => {});
    if (wasOpen) await released;
  }

  /**
   * Runs an operation with the store open.
   *
   * @param operation The name of the operation, for errors.
   * @param image The image, for errors.
   * @param options The options of the operation.
   * @param body What to do.
   * @returns What `body` returns.
   * @throws {Invalid} If the operation does not take one of the options.
   * @throws {StoreError} With store, operation and path, and no secret in it.
   */
  async run<T>(
    operation: string,
    image: ImageRef | undefined,
    options: OperationOptions,
    body: () => Promise<T>,
  ): Promise<T> {
    const { signal } = options;
    try {
      signal?.throwIfAborted();
      await checkOptions(operation, options);
      if (!this.#isOpen) await raceAbort(this.configure(), signal);
      return await body();
    } catch (error) {
      throw await this.wrap(error, operation, image, signal);
    }
  }

  /**
   * Runs an operation on an image, once the store is able and the image is located.
   *
   * @typeParam T What the operation returns.
   * @param operation The name of the operation, for errors.
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @param ability What the store must be able to do, and the error if it is not.
   * @param body What to do with the image's location.
   * @returns What `body` returns.
   */
  onImage<T>(
    operation: string,
    image: ImageRef,
    options: OperationOptions,
    ability: Ability,
    body: (location: L) => Promise<T>,
  ): Promise<T> {
    return this.run(operation, image, options, async () => {
      await this.require(ability);
      return await body(await this.resolve(image, options));
    });
  }

  /**
   * Returns what users see of an error. The caller's own abort reason passes as it is.
   *
   * @param error Anything that was thrown.
   * @param operation The name of the operation.
   * @param image The image, if the operation is about one.
   * @param signal The abort signal of the operation.
   * @returns A `StoreError` with store, operation and path, without secrets; or the abort reason.
   */
  async wrap(
    error: unknown,
    operation: string,
    image: ImageRef | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const { wrapError } = await import("./errors.ts");
    const { OPTIONS } = this.#declaration;
    const { name: store } = this;
    return wrapError(error, { store, operation, image, signal, options: [OPTIONS, this.#options] });
  }

  /**
   * Checks that the store is able to do something. Capabilities that are missing are refreshed once first.
   *
   * @param ability The capabilities, and the class of the error.
   * @throws {StoreError} Of the class that the ability names, if the store lacks a capability.
   */
  async require([wanted, Refusal]: Ability): Promise<void> {
    if (this.capabilities.isCapable(wanted)) return;
    await this.capabilities.updateCapabilities();
    if (this.capabilities.isCapable(wanted)) return;
    if (this.#addFailure && wanted === BitMasks.WRITE_ACCESS) {
      const { detail, message } = this.#addFailure as StoreError;
      throw new Refusal(`the store is read-only: ${detail ?? message}`, {
        cause: this.#addFailure,
      });
    }
    throw new Refusal("the store does not support it");
  }

  /**
   * Checks that the store can read a range.
   *
   * @param read The ability to read at all, and the error if it is missing.
   * @param offset Whether the range starts after the first byte.
   * @param length Whether the range ends before the last byte.
   * @throws {StoreRandomGetNotSupported} If the store can only read whole images.
   */
  async requireRange(read: Ability, offset: boolean, length: boolean): Promise<void> {
    const wanted = (offset ? BitMasks.READ_OFFSET : 0) | (length ? BitMasks.READ_CHUNK : 0);
    if (this.capabilities.isCapable(BitMasks.READ_ACCESS, wanted)) return;
    await this.require(read);
    await this.require([wanted, StoreRandomGetNotSupported]);
  }

  /**
   * Returns the driver's location of an image.
   *
   * @param image The image: its id, its location or its location URI.
   * @param options The caller, and an abort signal.
   * @returns The location, whether the image exists or not.
   * @throws {InvalidImageId} If it is an id that no image can have.
   * @throws {BadStoreUri} If it is a location of another store.
   */
  async resolve(image: ImageRef, options: OperationOptions): Promise<L> {
    if (typeof image === "string" && !image.includes("://")) {
      return await this.driver.locate(checkImageId(image), options);
    }
    const location = typeof image === "string"
      ? this.#declaration.LOCATION.parse(image) as L
      : image instanceof Location
      ? image.storeLocation as L
      : image as L;
    if (!this.#declaration.SCHEMES.includes(location.scheme) || !this.owns(location)) {
      throw new BadStoreUri(`${location} lies outside the store`);
    }
    return location;
  }

  /**
   * Returns whether a location of the driver's schemes belongs to the store.
   *
   * @param location A location of any store with the driver's schemes.
   * @returns What the driver says. Default: whether the location has an image id in this store.
   */
  owns(location: L): boolean {
    return this.driver.owns?.(location) ?? this.driver.imageIdAt(location) !== undefined;
  }

  /**
   * Returns a location of the driver as users see it.
   *
   * @param location A location in the driver's terms.
   * @returns The location with the name of the store, and with its image id if it has one there.
   */
  bind(location: L): Location {
    return new Location(this.name, location, this.driver.imageIdAt(location));
  }
}
