/**
 * The registry of drivers: each has a name, and is loaded when a store of it is created.
 *
 * @module
 */
import { DriverLoadFailure } from "../errors/mod.ts";
import { hasFfi } from "../runtime/mod.ts";
import { lacks } from "../runtime/requirements.ts";
import type { StoreClass } from "../store/store.ts";

/** Loads the store class of a driver. */
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
 * Registers a driver, so that configurations can name it. An earlier driver of that name is replaced.
 *
 * @param name The name, as `driver` of a store has it.
 * @param loader Loads the store class, with `import()` for example.
 *
 * @example Register a driver of your own
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

/**
 * Returns the names of all drivers, registered ones included.
 *
 * @returns The names, built-in drivers first.
 *
 * @example List the drivers
 * ```ts
 * import { driverNames } from "@vitrine/vitrine";
 * import { assert } from "@std/assert";
 *
 * assert(driverNames().includes("s3"));
 * ```
 */
export function driverNames(): string[] {
  return [...drivers.keys()];
}

/**
 * Loads the store class of a driver.
 *
 * @param name A built-in or registered driver.
 * @returns The class, whose constructor takes the name and the options of a store.
 * @throws {DriverLoadFailure} If there is no such driver, or its module cannot be loaded.
 *
 * @example Create a store by the name of its driver
 * ```ts
 * import { loadDriver } from "@vitrine/vitrine";
 * import { assertEquals } from "@std/assert";
 *
 * const Store = await loadDriver("memory");
 * assertEquals(new Store("scratch", { capacity: 1_000 }).name, "scratch");
 * ```
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
