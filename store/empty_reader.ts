/**
 * Reading nothing of an image that exists. Loaded with the first such read.
 *
 * @module
 */
import { NO_BYTES } from "../streams/bytes.ts";
import type { DriverStat, ImageReader } from "./driver.ts";
import { pastEnd } from "./reading.ts";

/** The reader of no bytes of an image that exists, from an offset inside it or at its end. */
export async function emptyReader(
  offset: number,
  stat: () => Promise<DriverStat>,
): Promise<ImageReader> {
  const { size: total, etag, modified } = await stat();
  if (total !== undefined && offset > total) throw pastEnd(offset, total);
  return { size: 0, total, etag, modified, ...NO_BYTES };
}
