/**
 * One configured store: its name, its settings, and its state when it has been opened.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { checkImageId } from "../location/mod.ts";
import type { Store } from "../store/mod.ts";

/** A store with the settings of its configuration. */
export interface StoreEntry {
  /** The store, or the error for which there is none. Every use of the store throws that error. */
  store: Store | Error;
  /** The name of its driver. */
  driver?: string | undefined;
  /** What it is for, in a sentence. Default: empty. */
  description?: string | undefined;
  /** How much it is preferred if an image is in several stores; the highest first. Default: 0. */
  weight?: number | undefined;
  /** Whether the program keeps it for its own work, so that it is never the default. Default: `false`. */
  reserved?: boolean | undefined;
}

/** The state of one store, as `Stores.status` returns it. */
export interface StoreStatus {
  /** Its name. */
  name: string;
  /** The name of its driver, if known. */
  driver: string | undefined;
  /** What it is for, in a sentence. */
  description: string;
  /** How much it is preferred; the highest first. */
  weight: number;
  /** Whether the program keeps it for its own work. */
  reserved: boolean;
  /** Whether it takes new images for which no store is named. */
  default: boolean;
  /** The schemes of its location URIs. */
  schemes: readonly string[];
  /** What it can do, in words. */
  capabilities: readonly string[];
  /** Why it cannot be used at all. */
  error: Error | undefined;
  /** Why it cannot be written to although its driver can write. */
  addFailure: Error | undefined;
}

/**
 * Opens a store and returns its state. A failure is part of the state and is not thrown.
 *
 * @param name The name of the store.
 * @param entry The store, or why there is none, with its settings.
 * @param isDefault Whether it is the default store.
 * @returns The state.
 */
export async function statusOf(
  name: string,
  { store, driver, description = "", weight = 0, reserved = false }: StoreEntry,
  isDefault: boolean,
): Promise<StoreStatus> {
  const settings = { name, driver, description, weight, reserved, default: isDefault };
  const error = store instanceof Error ? store : await failureOf(store);
  if (store instanceof Error || error !== undefined) {
    return { ...settings, schemes: [], capabilities: [], error, addFailure: undefined };
  }
  return {
    ...settings,
    schemes: store.getSchemes(),
    capabilities: store.describe(),
    error,
    addFailure: store.addFailure,
  };
}

async function failureOf(store: Store): Promise<Error | undefined> {
  try {
    await store.configure();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/**
 * Checks that a name can be a directory at the root of the path tree.
 *
 * @param name The name of a store.
 * @throws {BadStoreConfiguration} If the name is not one segment of a path.
 */
export function checkStoreName(name: string): void {
  try {
    checkImageId(name);
    if (!name.includes("/")) return;
  } catch {
    // The error below is the same for every fault.
  }
  throw new BadStoreConfiguration(
    `${JSON.stringify(name)} is no name of a store: it must be one segment of a path`,
  );
}
