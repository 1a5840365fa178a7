/**
 * Random access to an image.
 *
 * @module
 */
import { ImageChanged, Invalid } from "../errors/mod.ts";
import type { ByteRange, Bytes } from "../streams/mod.ts";
import type { DriverHandle, ImageReader } from "./driver.ts";
import { ReadAhead } from "./read_ahead.ts";
import { checkRange } from "./reading.ts";
import type { DriverStat, Extent, ImageHandle } from "./types.ts";

/**
 * Creates random access by ranged reads, for drivers that have nothing better. The handle is pinned to the
 * image that it was opened with: another image of the same id is `ImageChanged`.
 *
 * @param size The size of the image, in bytes.
 * @param opened What was known of the image when it was opened.
 * @param open Opens a range of the image.
 * @param readsAhead Whether reads in order are served from blocks of 4 MiB that are read ahead.
 * @returns The handle.
 */
export function rangedHandle(
  size: number,
  opened: DriverStat,
  open: (range: ByteRange) => Promise<ImageReader>,
  readsAhead: boolean,
): DriverHandle {
  const readRange = async (position: number, view: Bytes) => {
    const reader = await open({ offset: position, length: view.length });
    try {
      if (isOther(reader, { ...opened, size })) {
        throw new ImageChanged("the image was replaced since it was opened");
      }
      return await reader.read(view);
    } finally {
      await reader.close();
    }
  };
  const ahead = readsAhead ? new ReadAhead(size, readRange) : undefined;
  const close = () => Promise.resolve(ahead?.close());
  return {
    size,
    async read(view, position) {
      if (ahead) return await ahead.read(view, position);
      // The reader may transfer the buffer that it is lent.
      const own = new Uint8Array(Math.min(view.length, size - position));
      const bytes = await readRange(position, own);
      view.set(bytes);
      return bytes.length;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Returns whether a reader reads another image than the one that was opened.
 *
 * @param reader The reader.
 * @param opened What was known of the image when it was opened.
 * @returns Whether something that is known of both is different.
 */
export function isOther({ total, etag, modified }: ImageReader, opened: DriverStat): boolean {
  const differs = <T>(now: T | undefined, then: T | undefined) =>
    now !== undefined && then !== undefined && now !== then;
  return differs(total, opened.size) || differs(etag, opened.etag) ||
    differs(modified?.getTime(), opened.modified?.getTime());
}

/**
 * Creates a handle that checks its arguments and fails once it is closed.
 *
 * @param handle The driver's handle.
 * @param run Runs a read as all operations of a store are run.
 * @returns The handle for the caller.
 */
export function checkedHandle(
  handle: DriverHandle,
  run: <Result>(read: () => Promise<Result>) => Promise<Result>,
): ImageHandle {
  let closed = false;
  const close = () => {
    closed = true;
    return handle.close();
  };
  const requireOpen = () => {
    if (closed) throw new Invalid("the handle is closed");
  };
  return {
    size: handle.size,
    read: (view, position) =>
      run(async () => {
        requireOpen();
        checkRange({ offset: position });
        return view.length === 0 ? 0 : await handle.read(view, position);
      }),
    extents: (offset, length) =>
      run(async (): Promise<Extent[]> => {
        requireOpen();
        checkRange({ offset, length });
        const known = Math.min(length, handle.size - offset);
        if (known <= 0) return [];
        return await handle.extents?.(offset, known) ?? [{ kind: "data", offset, length: known }];
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
