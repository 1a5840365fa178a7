/**
 * Drivers with methods of a test's own, for faults that no real driver commits on demand.
 *
 * @module
 */
import type { Driver, StoreLocation } from "@vitrine/vitrine";

/** Methods in place of a driver's; `undefined` takes one away. */
type Replacements<L extends StoreLocation> = {
  [Name in keyof Driver<L>]?: Driver<L>[Name] | undefined;
};

/**
 * Replaces methods of a driver.
 *
 * @param driver The driver, in a subclass of a store its `this.driver`.
 * @param replace Makes the new methods; it is given the old ones.
 */
export function replaceMethods<L extends StoreLocation>(
  driver: Driver<L>,
  replace: (original: Required<Driver<L>>) => Replacements<L>,
): void {
  const methods = Object.assign(
    Object.create(null),
    Object.fromEntries(
      [...methodNames(driver)].map((name) => [
        name,
        (driver as unknown as Record<string, () => unknown>)[name]!.bind(driver),
      ]),
    ),
  );
  Object.assign(driver, replace(methods));
}

function* methodNames(driver: object): Generator<string> {
  for (let at = driver; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const value = Object.getOwnPropertyDescriptor(at, name)!.value;
      if (name !== "constructor" && typeof value === "function") yield name;
    }
  }
}
