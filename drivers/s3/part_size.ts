/**
 * How large the parts of a multipart upload are
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
 *
 * @module
 */
// Small: one rule of the protocol, for the writer and the copier.

/** One mebibyte. */
export const MIB: number = 2 ** 20;

/** How many parts an upload may have. */
export const MAX_PARTS = 10_000;

/** How large a part may be, in bytes: 5 GiB. */
export const MAX_PART_SIZE: number = 5 * 2 ** 30;

/** From this part on the parts of an image of unknown size grow. */
const GROWS_AFTER = 4_000;

/** How many parts have the same size from then on. */
const STEP = 500;

/**
 * Returns the size of a part. If the size of the image is known, all parts are equal, as large as 10,000 of
 * them need to be. If it is not, they double every 500 parts after the first 4,000, so that 5 TiB fit, unless
 * all have to be equal.
 *
 * @param number The number of the part, from 1 on.
 * @param least The configured size, in bytes.
 * @param total The size of the image in bytes, or `undefined` if it is not known.
 * @param isEqual Whether all parts are equal if the size is not known. Default: `false`.
 * @returns The size of the part, in bytes.
 */
export function partSize(
  number: number,
  least: number,
  total: number | undefined,
  isEqual = false,
): number {
  if (total === undefined && isEqual) return least;
  if (total !== undefined) {
    return Math.max(least, Math.ceil(total / MAX_PARTS / MIB) * MIB);
  }
  const doublings = Math.max(0, Math.ceil((number - GROWS_AFTER) / STEP));
  return Math.min(MAX_PART_SIZE, least * 2 ** doublings);
}

/** By how much the parts of an upload that can be resumed are larger than those of others, in bytes. */
const RESUMABLE = 65_536;

/**
 * Returns the size of the parts of an upload that can be resumed. No other upload has parts of this size, so
 * that none is mistaken for one: uploads have no names, and listings do not show their metadata.
 *
 * @param least The configured size, in bytes.
 * @param total The size of the image in bytes.
 * @returns The size of each part but the last, in bytes.
 */
export function resumablePartSize(least: number, total: number): number {
  return Math.min(partSize(1, least, total) + RESUMABLE, MAX_PART_SIZE - RESUMABLE);
}

/**
 * Returns how the sizes of the parts of an upload follow from their numbers, as an upload chose them.
 *
 * @param least The size of the first part, in bytes.
 * @param size The size of the image, in bytes.
 * @param parts The number of its parts.
 * @returns The size of a part in bytes by its number, from 1 on.
 */
export function partSizes(
  least: number,
  size: number,
  parts: number,
): (number: number) => number {
  const isEqual = Math.ceil(size / least) === parts;
  return (number) => isEqual ? least : partSize(number, least, undefined);
}
