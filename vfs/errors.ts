/**
 * Errors of stores with the path of the tree in them.
 *
 * @module
 */
import { StoreError } from "../errors/mod.ts";
import { checkOptions } from "../store/check_options.ts";

/**
 * Runs an operation on what a path of the tree names. Errors of it name that path instead of the path
 * in the store.
 *
 * @typeParam T What the operation resolves to.
 * @param path The path of the tree, or two joined by "to" for a copy.
 * @param operation The work to do.
 * @returns What `operation` resolves to.
 */
export async function withTreePath<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw setTreePath(error, path);
  }
}

/**
 * Makes an error of a store name the path of the tree instead of the path in the store.
 *
 * @param error Anything that was thrown; what is no `StoreError` is left as it is.
 * @param path The path of the tree.
 * @returns The same error.
 */
export function setTreePath(error: unknown, path: string): unknown {
  if (!(error instanceof StoreError)) return error;
  error.path = path;
  return error.at({});
}

/**
 * Refuses the options that an operation of the tree does not take.
 *
 * @param operation The name of the operation.
 * @param path The path of the tree, or two joined by "to" for a copy.
 * @param options The options.
 * @throws {Invalid} If the operation does not take one of them.
 */
export async function checkTreeOptions(
  operation: string,
  path: string,
  options: object,
): Promise<void> {
  try {
    await checkOptions(operation, options);
  } catch (error) {
    throw setTreePath(error instanceof StoreError ? error.at({ operation }) : error, path);
  }
}
