/**
 * Small images, sound and hostile.
 *
 * @module
 */

/** A qcow2 of version 3 of 5 MiB without data, and the same with a backing file. */
export function qcow2Image(): { safe: Uint8Array<ArrayBuffer>; unsafe: Uint8Array<ArrayBuffer> } {
  const safe = new Uint8Array(300_000);
  const view = new DataView(safe.buffer);
  const fields = [
    ...[[0, 0x514649fb], [4, 3], [20, 16], [28, 5 * 2 ** 20], [36, 1], [44, 0x30000]],
    ...[[52, 0x10000], [56, 1], [96, 4], [100, 104]],
  ];
  for (const [at, value] of fields) view.setUint32(at!, value!);
  const unsafe = safe.slice();
  new DataView(unsafe.buffer).setUint32(12, 112);
  new DataView(unsafe.buffer).setUint32(16, 11);
  unsafe.set(new TextEncoder().encode("/etc/passwd"), 112);
  return { safe, unsafe };
}

/** A descriptor file whose extent is another file. */
export function hostileVmdk(): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    '# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 4 FLAT "/etc/passwd" 0\n',
  );
}
