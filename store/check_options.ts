/**
 * The check of an operation's options: one that the operation lacks is refused, never ignored.
 *
 * @module
 */
// Small: it is loaded with every store, and the table of options only with the first option.

let table: Promise<typeof import("./operation_options.ts")> | undefined;

/**
 * Returns whether a read has preconditions.
 *
 * @param options The options of the read.
 * @returns Whether one is among them.
 */
export function isConditional(options: object): boolean {
  return Object.keys(options).some((name) => name.startsWith("if"));
}

/**
 * Checks that an operation takes the options that it is called with. An option that is `undefined` is
 * not set.
 *
 * @param operation The name of the operation.
 * @param options Its options.
 * @returns Nothing where the options are those of every operation, else a promise.
 * @throws {Invalid} If the operation does not take an option; the promise rejects with it.
 */
export function checkOptions(operation: string, options: object): Promise<void> | undefined {
  const given = Object.entries(options)
    .filter(([name, value]) => value !== undefined && name !== "signal" && name !== "context")
    .map(([name]) => name);
  if (given.length === 0) return undefined;
  table ??= import("./operation_options.ts").catch((error) => {
    table = undefined;
    throw error;
  });
  return table.then(({ refuseUnknownOptions }) => refuseUnknownOptions(operation, given));
}
