/**
 * Native libraries of Linux by Deno's FFI, where the permission is granted already: nothing here makes
 * Deno ask.
 *
 * @module
 */
import { hasLinuxFfi } from "./mod.ts";

/**
 * Opens a library. The permission must be granted for all libraries, which the address of a buffer needs.
 *
 * @typeParam S The functions that are wanted.
 * @param name The name of the library, without a folder: `libc.so.6`.
 * @param symbols The functions that are wanted.
 * @returns The library, or `undefined` if the runtime has no FFI, the permission is not granted, or the
 * system has no such library with all of these functions.
 */
export function openLibrary<const S extends Deno.ForeignLibraryInterface>(
  name: string,
  symbols: S,
): Deno.DynamicLibrary<S> | undefined {
  if (!hasLinuxFfi()) return undefined;
  const { state, partial } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted" || partial) return undefined;
  try {
    return Deno.dlopen(name, symbols);
  } catch {
    return undefined;
  }
}
