/**
 * What a store can do: glance_store's `BitMasks` with its values, new bits above 255 for what it
 * cannot say, and the class that tracks them for one store.
 *
 * @module
 */

/**
 * Abilities of a store, to be combined with `|`. The values up to 255 are glance_store's.
 *
 * @example Combining abilities
 * ```ts
 * import { BitMasks } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(BitMasks.READ_OFFSET | BitMasks.READ_CHUNK, BitMasks.READ_RANDOM);
 * ```
 */
export const BitMasks = {
  NONE: 0,
  /** All that glance_store knows; none of the bits above 255. */
  ALL: 255,
  READ_ACCESS: 0b0000_0001,
  READ_OFFSET: 0b0000_0011,
  READ_CHUNK: 0b0000_0101,
  READ_RANDOM: 0b0000_0111,
  WRITE_ACCESS: 0b0000_1000,
  WRITE_OFFSET: 0b0001_1000,
  WRITE_CHUNK: 0b0010_1000,
  WRITE_RANDOM: 0b0011_1000,
  RW_ACCESS: 0b0000_1001,
  RW_OFFSET: 0b0001_1011,
  RW_CHUNK: 0b0010_1101,
  RW_RANDOM: 0b0011_1111,
  /** The driver keeps no state between operations. */
  DRIVER_REUSABLE: 0b0100_0000,
  /** `getAcls` works. */
  ACL_READ: 1 << 8,
  /** `setAcls` is carried out. */
  ACL_WRITE: 1 << 9,
  /** `list` works. */
  LIST: 1 << 10,
  /** `copy` stays inside the backend. */
  COPY: 1 << 11,
  /** Images are held through snapshots. */
  SNAPSHOT: 1 << 12,
  /** `presign` makes URLs. */
  PRESIGN: 1 << 13,
  /** Runs of zero bytes take no space. */
  SPARSE: 1 << 14,
  /** `stat` has the digests that `add` computed. */
  CHECKSUM: 1 << 15,
  /** A presigned `PUT` creates an image and never replaces one, where the server knows conditions. */
  PRESIGN_CREATE: 1 << 16,
  /** `add` keeps a media type, cache control and metadata. */
  METADATA: 1 << 17,
  /** `add` with `resume` sends only what an add that died has not sent. */
  RESUME: 1 << 18,
} as const;

/** Names that are not printed: what they stand for is. */
const COMBINED = /^(NONE|ALL|RW_.*|.*_RANDOM)$/;

/**
 * Returns whether a mask has every ability of another.
 *
 * @param mask The abilities that there are.
 * @param wanted The abilities that are needed.
 * @returns `true` if none is missing.
 *
 * @example What a mask has
 * ```ts
 * import { BitMasks, contains } from "@vitrine/vitrine";
 * import { assert } from "@std/assert";
 *
 * assert(contains(BitMasks.ALL, BitMasks.RW_RANDOM));
 * assert(!contains(BitMasks.READ_ACCESS, BitMasks.READ_OFFSET));
 * ```
 */
export function contains(mask: number, wanted: number): boolean {
  return (mask & wanted) === wanted;
}

/**
 * The abilities of one store: static ones of its driver, switched off and on as the backend's state
 * and the configuration have it.
 *
 * @example A store that loses write access
 * ```ts
 * import { BitMasks, StoreCapability } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const capability = new StoreCapability(BitMasks.RW_ACCESS | BitMasks.LIST);
 * capability.unsetCapabilities(BitMasks.WRITE_ACCESS);
 * assertEquals(capability.describe(), ["read", "list"]);
 * ```
 */
export class StoreCapability {
  #capabilities: number;

  /**
   * Creates the abilities of a store.
   *
   * @param capabilities Those of its driver, as a mask of {@linkcode BitMasks}. Default: none.
   */
  constructor(capabilities: number = BitMasks.NONE) {
    this.#capabilities = capabilities;
  }

  /** The abilities as they are now. */
  get capabilities(): number {
    return this.#capabilities;
  }

  /**
   * Returns whether the store has all of the abilities.
   *
   * @param capabilities Masks of {@linkcode BitMasks}.
   * @returns `true` if none is missing.
   */
  isCapable(...capabilities: number[]): boolean {
    return contains(this.#capabilities, capabilities.reduce((all, one) => all | one, 0));
  }

  /**
   * Adds abilities.
   *
   * @param capabilities Masks of {@linkcode BitMasks}.
   */
  setCapabilities(...capabilities: number[]): void {
    for (const one of capabilities) this.#capabilities |= one;
  }

  /**
   * Takes abilities away, as glance_store does: every bit of each, so taking READ_OFFSET takes
   * READ_ACCESS with it.
   *
   * @param capabilities Masks of {@linkcode BitMasks}.
   */
  unsetCapabilities(...capabilities: number[]): void {
    for (const one of capabilities) this.#capabilities &= ~one;
  }

  /**
   * Brings the abilities up to date with the backend. Called after configuration and once after a
   * failed check; a driver whose abilities change overrides it. It throws nothing.
   *
   * @returns A promise, if that takes time.
   */
  updateCapabilities(): void | Promise<void> {}

  /**
   * Returns the abilities in words, as the command prints them.
   *
   * @returns Names of {@linkcode BitMasks} in lower case with hyphens; of combinations their parts.
   */
  describe(): string[] {
    return Object.entries(BitMasks)
      .filter(([name, bits]) => !COMBINED.test(name) && this.isCapable(bits))
      .map(([name]) => name.toLowerCase().replaceAll("_", "-").replace(/^driver-|-access$/, ""));
  }
}
