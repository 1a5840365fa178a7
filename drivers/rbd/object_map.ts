/**
 * The object map of an RBD image: which of its objects exist.
 *
 * @module
 */

/** Bytes of the header: its length, a version, the length of the rest, the number of objects. */
const HEADER = 18;

/**
 * Bytes that the objects of an image take, each counted whole as `rbd du` does. The map holds two
 * bits an object, the first object in the highest bits of the first byte, none set where there is no
 * object; see ceph/src/common/bit_vector.hpp.
 */
export function usedBytes(map: Uint8Array, size: number, objectSize: number): number {
  const count = Math.ceil(size / objectSize);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const state = map[HEADER + (i >> 2)]! >> (6 - 2 * (i & 3)) & 3;
    if (state !== 0) used += Math.min(objectSize, size - i * objectSize);
  }
  return used;
}
