/**
 * Errors of stores as the tree tells them.
 *
 * @module
 */
import { StoreError } from "../errors/mod.ts";

/** Does something with what a path of the tree names: errors name that path. */
export async function inTree<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw toldInTree(error, path);
  }
}

/** Makes an error name the path of the tree instead of the path in the store. */
export function toldInTree(error: unknown, path: string): unknown {
  if (!(error instanceof StoreError)) return error;
  error.path = path;
  return error.at({});
}
