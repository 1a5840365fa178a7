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

/** What the runner of a store is made of. */
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

  /** Takes the parts of a store; nothing is opened. */
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

  /** Runs an operation on an image, once the store is able and the image is located. */
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

  /** Makes what users see of an error. The caller's own abort passes as it is. */
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

  /** Throws the refusal of an ability that the store lacks. */
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

  /** Throws where the store cannot read from the middle, or only a part. */
  async requireRange(read: Ability, offset: boolean, length: boolean): Promise<void> {
    const wanted = (offset ? BitMasks.READ_OFFSET : 0) | (length ? BitMasks.READ_CHUNK : 0);
    if (this.capabilities.isCapable(BitMasks.READ_ACCESS, wanted)) return;
    await this.require(read);
    await this.require([wanted, StoreRandomGetNotSupported]);
  }

  /**
   * Returns the driver's location of an image.
   *
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

  /** Returns whether a location of the driver's schemes is this store's. */
  owns(location: L): boolean {
    return this.driver.owns?.(location) ?? this.driver.imageIdAt(location) !== undefined;
  }

  /** Returns a location of the driver as users see it. */
  bind(location: L): Location {
    return new Location(this.name, location, this.driver.imageIdAt(location));
  }
}
