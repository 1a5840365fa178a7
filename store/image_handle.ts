/**
 * Random access to an image. Loaded when the first one is opened.
 *
 * @module
 */
import type { ByteRange, ByteReader } from "../streams/mod.ts";
import type { ImageHandle } from "./driver.ts";
import { checkRange } from "./reading.ts";

/** Random access of one ranged read a call, for drivers that know nothing better. */
export function rangedHandle(
  size: number,
  open: (range: ByteRange) => Promise<ByteReader>,
): ImageHandle {
  return {
    size,
    read: async (view, position) => {
      if (position >= size) return 0;
      const reader = await open({ offset: position, length: view.length });
      try {
        // The reader may transfer the buffer that it is lent, and this one is the caller's.
        const part = await reader.read(new Uint8Array(Math.min(view.length, size - position)));
        view.set(part);
        return part.length;
      } finally {
        await reader.close();
      }
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A handle whose reads pass through `run`, as all operations of a store do. */
export function runningHandle(
  handle: ImageHandle,
  run: (read: () => Promise<number>) => Promise<number>,
): ImageHandle {
  return {
    size: handle.size,
    read: (view, position) =>
      run(async () => {
        checkRange({ offset: position });
        return view.length === 0 ? 0 : await handle.read(view, position);
      }),
    close: () => handle.close(),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
