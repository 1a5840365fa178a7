/**
 * The drivers by name, each loaded only when a store of it is opened.
 *
 * @module
 */
import { DriverLoadFailure } from "../errors/mod.ts";
import { hasFfi } from "../runtime/mod.ts";
import { lacks } from "../runtime/requirements.ts";
import type { StoreClass } from "../store/store.ts";

/** Loads a driver's store class. */
export type DriverLoader = () => Promise<StoreClass>;

const drivers = new Map<string, DriverLoader>([
  ["file", async () => (await import("../drivers/file/mod.ts")).FileStore],
  ["memory", async () => (await import("../drivers/memory/mod.ts")).MemoryStore],
  ["http", async () => (await import("../drivers/http/mod.ts")).HttpStore],
  ["s3", async () => (await import("../drivers/s3/mod.ts")).S3Store],
  ["swift", async () => (await import("../drivers/swift/mod.ts")).SwiftStore],
  ["rbd", async () => {
    if (!hasFfi()) throw lacks("Deno.dlopen", "Deno 2.7");
    return (await import("../drivers/rbd/mod.ts")).RbdStore;
  }],
]);

/**
 * Adds a driver of one's own, so that configurations can name it. An earlier one of that name is
 * replaced.
 *
 * @example A driver under a name of one's own
 * ```ts
 * import { loadDriver, registerDriver } from "@vitrine/vitrine";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * registerDriver("shelf", () => Promise.resolve(MemoryStore));
 * assertEquals(await loadDriver("shelf"), MemoryStore);
 * ```
 */
export function registerDriver(name: string, loader: DriverLoader): void {
  drivers.set(name, loader);
}

/** The names of all drivers. */
export function driverNames(): string[] {
  return [...drivers.keys()];
}

/**
 * Loads a driver's store class. Throws `DriverLoadFailure` if the name is not known or the module
 * cannot be loaded.
 */
export async function loadDriver(name: string): Promise<StoreClass> {
  const load = drivers.get(name);
  if (load === undefined) {
    throw new DriverLoadFailure(`unknown driver "${name}"; known are: ${driverNames().join(", ")}`);
  }
  try {
    return await load();
  } catch (error) {
    throw new DriverLoadFailure(
      `the driver "${name}" cannot be loaded: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}
