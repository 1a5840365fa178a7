/**
 * The size of the image that the sites hold, in bytes: three chunks and a rest.
 *
 * @module
 */

/** Size of `big.img`. */
export const IMAGE_SIZE = 12_582_917;
