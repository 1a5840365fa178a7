/**
 * Builds a qcow2 image, version 3, with data at the start of a larger virtual disk (QEMU's
 * docs/interop/qcow2.txt), so that the demo has a real disk image on any machine.
 *
 * @module
 */

const CLUSTER_BITS = 16;
const CLUSTER = 1 << CLUSTER_BITS;
/** Clusters of the file: header, refcount table, refcount block, L1 table, L2 table, then data. */
const [REFCOUNT_TABLE, REFCOUNT_BLOCK, L1_TABLE, L2_TABLE, DATA] = [1, 2, 3, 4, 5];
/** The flag of a cluster that nothing else refers to. */
const COPIED = 1n << 63n;

function cluster(fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(CLUSTER);
  fill(new DataView(bytes.buffer));
  return bytes;
}

/**
 * The image in pieces. `blocks` are clusters of 64 KiB, `count` of them: at most 8,192, which one L2
 * table holds; `virtualSize` is in bytes.
 */
export function* buildQcow2(
  blocks: Iterable<Uint8Array>,
  count: number,
  virtualSize: number,
): Generator<Uint8Array> {
  const l1Entries = Math.ceil(virtualSize / (CLUSTER * (CLUSTER / 8)));
  yield cluster((view) => {
    view.setUint32(0, 0x514649fb);
    view.setUint32(4, 3);
    view.setUint32(20, CLUSTER_BITS);
    view.setBigUint64(24, BigInt(virtualSize));
    view.setUint32(36, l1Entries);
    view.setBigUint64(40, BigInt(L1_TABLE * CLUSTER));
    view.setBigUint64(48, BigInt(REFCOUNT_TABLE * CLUSTER));
    view.setUint32(56, 1);
    view.setUint32(96, 4);
    view.setUint32(100, 104);
  });
  yield cluster((view) => view.setBigUint64(0, BigInt(REFCOUNT_BLOCK * CLUSTER)));
  yield cluster((view) => {
    for (let i = 0; i < DATA + count; i++) view.setUint16(i * 2, 1);
  });
  yield cluster((view) => view.setBigUint64(0, BigInt(L2_TABLE * CLUSTER) | COPIED));
  yield cluster((view) => {
    for (let i = 0; i < count; i++) {
      view.setBigUint64(i * 8, BigInt((DATA + i) * CLUSTER) | COPIED);
    }
  });
  yield* blocks;
}
