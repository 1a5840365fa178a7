/**
 * A stand-in for what is used of `@std/path/windows`, over the same half of `node:path`.
 *
 * @module
 */
import { win32 } from "node:path";

export const { isAbsolute, join, normalize, relative, resolve } = win32;
