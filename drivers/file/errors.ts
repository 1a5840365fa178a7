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
import { ERROR_NUMBERS } from "./system.ts";

/** Returns the error code of the system, `ENOENT` for example. */
export function codeOf(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  // A DOMException has a number there, and errors of Node names like `ERR_INVALID_ARG_VALUE`.
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  // Deno does not name all that reads and writes of an open file fail with.
  const number = Number(/\(os error (\d+)\)/.exec(message ?? "")?.[1]);
  return Object.entries(ERROR_NUMBERS).find(([, one]) => one === number)?.[0];
}

/** Returns what the system says went wrong, its code first. */
export function reasonOf(error: Error): string {
  const code = codeOf(error);
  return code && !error.message.startsWith(code) ? `${code}: ${error.message}` : error.message;
}

/** Returns the value, or `undefined` where the call fails with one of the codes. */
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

/** What is done with an image when an error is met. */
export type Intent = "read" | "write" | "delete";

/** Returns the error of the store for an error of the file system. */
export function storeError(error: unknown, intent: Intent): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const Denied = intent === "read" ? Forbidden : StorageWriteDenied;
  const cause = { cause: error };
  // Deno refuses what it has no permission for; its message names the flag that grants it.
  if (error.name === "NotCapable") return new Denied(error.message, cause);
  const code = codeOf(error);
  const detail = code && !error.message.includes(code)
    ? `${code}: ${error.message}`
    : error.message;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      if (intent !== "write") return new NotFound("no such image", cause);
      if (code === "ENOENT") return new BackendException(detail, cause);
      return new Invalid("a part of the path is no directory", cause);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Denied(detail, cause);
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new StorageFull(detail, cause);
    case "ENAMETOOLONG":
      if (intent !== "write") return new NotFound("no such image", cause);
      return new Invalid("a name in the path is longer than the file system allows", cause);
    case "EXDEV":
      return new BackendException(
        "the directory is on another file system than its datadir, where no file can be moved to",
        cause,
      );
    case undefined:
      return error;
    default:
      return new BackendException(detail, {
        ...cause,
        retryable: ["EAGAIN", "EMFILE", "ENFILE", "ESTALE"].includes(code),
      });
  }
}
