/**
 * The functions of the runtime's own file system that the driver uses. They are not imported but taken
 * from the runtime: bundlers for browsers fail on an import of `node:`.
 *
 * @module
 */
import { type BuiltinModules, isDeno } from "../../runtime/mod.ts";
import { lacks, requireBuiltin } from "../../runtime/requirements.ts";

export const {
  chmod,
  chown,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  readFile,
  realpath,
  rmdir,
  stat,
  statfs,
  unlink,
  writeFile,
} = requireBuiltin("node:fs/promises", ["statfs"]);

/** The flags of files: `O_RDONLY`, `COPYFILE_FICLONE`, ...; and calls that need no disk where they are used. */
export const { constants: FILE_FLAGS, fstatSync, readlinkSync, readSync } = requireBuiltin(
  "node:fs",
);

export const { createHash } = requireBuiltin("node:crypto");
export const { dirname, resolve } = requireBuiltin("node:path");
export const { constants: { errno: ERROR_NUMBERS }, hostname } = requireBuiltin("node:os");
export const { setImmediate } = requireBuiltin("node:timers/promises");

/** This process. */
export const process: BuiltinModules["node:process"] = requireBuiltin("node:process");

// Deno before 2.7 has no lock that is tried once.
if (isDeno() && !("tryLock" in Deno.FsFile.prototype)) throw lacks("Deno.FsFile.tryLock");
