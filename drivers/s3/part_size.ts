/**
 * How large the parts of a multipart upload are
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
 *
 * @module
 */

/** One mebibyte. */
export const MIB: number = 2 ** 20;

/** How many parts an upload may have. */
export const MAX_PARTS = 10_000;

/** How large a part may be, in bytes: 5 GiB. */
export const MAX_PART_SIZE: number = 5 * 2 ** 30;

/** From this part on the parts of an image of unknown size grow. */
const GROWS_AFTER = 4_000;

/**
 * The size in bytes of part `number`, from 1 on, of an image that has `total` bytes or nobody knows
 * how many. `least` is what was configured. Where the size is known all parts are equal, as large as
 * 10,000 of them need to be. Where it is not, they double every 500 parts after the first 4,000, so
 * that 5 TiB fit whatever the least.
 */
export function partSize(number: number, least: number, total: number | undefined): number {
  if (total !== undefined) {
    return Math.max(least, Math.ceil(total / MAX_PARTS / MIB) * MIB);
  }
  const doublings = Math.max(0, Math.ceil((number - GROWS_AFTER) / 500));
  return Math.min(MAX_PART_SIZE, least * 2 ** doublings);
}
