/**
 * What the file system's errors mean for a store.
 *
 * @module
 */
import {
  BackendException,
  Forbidden,
  Invalid,
  NotFound,
  StorageFull,
  StorageWriteDenied,
  StoreError,
} from "../../errors/mod.ts";

/** The error code of the system, `ENOENT` for example. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

/** The value, or `undefined` where the call fails with one of the codes. */
export async function unless<T>(
  codes: readonly string[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codes.includes(codeOf(error)!)) return undefined;
    throw error;
  }
}

/** The codes of a path that leads nowhere. */
export const NOWHERE: readonly string[] = ["ENOENT", "ENOTDIR", "ELOOP"];

/** The error of the store for an error of the file system, met when reading or writing. */
export function storeError(error: unknown, intent: "read" | "write"): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const Denied = intent === "read" ? Forbidden : StorageWriteDenied;
  const cause = { cause: error };
  // Deno refuses what it has no permission for; its message names the flag that grants it.
  if (error.name === "NotCapable") return new Denied(error.message, cause);
  const code = codeOf(error);
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      if (intent === "read") return new NotFound("no such image", cause);
      if (code === "ENOENT") return new BackendException(error.message, cause);
      return new Invalid("a part of the path is no directory", cause);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Denied(error.message, cause);
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new StorageFull(error.message, cause);
    case "ENAMETOOLONG":
      if (intent === "read") return new NotFound("no such image", cause);
      return new Invalid("a name in the path is longer than the file system allows", cause);
    case "EXDEV":
      return new BackendException(
        "the directory is on another file system than its datadir, where no file can be moved to",
        cause,
      );
    case undefined:
      return error;
    default:
      return new BackendException(error.message, {
        ...cause,
        retryable: ["EAGAIN", "EMFILE", "ENFILE", "ESTALE"].includes(code),
      });
  }
}
