/**
 * A stand-in for what is used of `@std/path/posix`, over the same half of `node:path`.
 *
 * @module
 */
import { posix } from "node:path";

export const { isAbsolute, join, normalize, relative, resolve } = posix;
