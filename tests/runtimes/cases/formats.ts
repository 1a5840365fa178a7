/**
 * The formats of images: by whole data, by streams and by chunks.
 *
 * @module
 */
import { FormatInspector, inspect } from "../../../formats/mod.ts";
import { equal } from "../check.ts";
import type { Cases } from "../case.ts";

/** A qcow2 of version 2 with a backing file. */
function qcow2(): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(300_000);
  const view = new DataView(image.buffer);
  for (
    const [at, value] of [[0, 0x514649fb], [4, 2], [12, 72 + 8], [16, 11], [20, 16], [28, 4096]]
  ) {
    view.setUint32(at!, value!);
  }
  image.set(new TextEncoder().encode("/etc/passwd"), 80);
  return image;
}

const found = { format: "qcow2", virtualSize: 4096, backingFile: "/etc/passwd", safe: false };

/** The cases. */
export const formatCases: Cases = {
  "formats: bytes, a Blob and a stream are judged alike": async () => {
    const image = qcow2();
    for (const data of [image, new Blob([image]), new Blob([image]).stream()]) {
      const { format, virtualSize, backingFile, safe } = await inspect(data);
      equal({ format, virtualSize, backingFile, safe }, found);
    }
  },
  "formats: an image is judged while it passes by": () => {
    const image = qcow2();
    const inspector = new FormatInspector();
    for (let at = 0; at < image.length; at += 4_001) {
      inspector.update(image.subarray(at, at + 4_001));
    }
    const { format, virtualSize, backingFile, safe } = inspector.end();
    equal({ format, virtualSize, backingFile, safe }, found);
    return Promise.resolve();
  },
  "formats: a picture has a width and a height": async () => {
    const { format, width, height } = await inspect(new Blob(["GIF89a\x20\0\x10\0"]));
    equal([format, width, height], ["gif", 32, 16]);
  },
};
