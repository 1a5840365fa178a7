/**
 * Options of stores, declared as data and validated once for all drivers.
 *
 * @module
 */
import { BadStoreConfiguration } from "../errors/mod.ts";
import { type AcceptPolicy, parsePolicy } from "../formats/policy.ts";
import { maskOption } from "../location/mod.ts";

/** One option of a driver. */
export interface OptionDefinition {
  /**
   * What values it takes. `accept` takes an `AcceptPolicy`, `value` takes anything (a function, a
   * client) and only from code.
   */
  type: "string" | "integer" | "number" | "boolean" | "list" | "dict" | "accept" | "value";
  /** The value where none is given. */
  default?: unknown;
  /** Whether it must be given. */
  required?: boolean;
  /** What it is, for those who left it out although it must be given. */
  help?: string;
  /** The only values allowed. */
  choices?: readonly string[];
  /** What a text matches, or each value of a `dict`. */
  pattern?: RegExp;
  /** The pattern in words, for the error. */
  format?: string;
  /** Least value of a number. */
  min?: number;
  /** Greatest value of a number. */
  max?: number;
  /** Whether the value is masked wherever it would be printed. */
  secret?: boolean;
  /** glance_store's name of the option. */
  glance?: string;
}

/** The options of a driver, by name. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

/** Options that every store has beside those of its driver. */
export interface StoreOptions {
  /** Which images can be added, on every way. Default: all. */
  accept?: AcceptPolicy | string | undefined;
}

/** The options of every store, as data. */
export const STORE_OPTIONS: OptionDefinitions = {
  accept: {
    type: "accept",
    help: "Which images can be added: formats, and whether unsafe ones are refused. Default: all.",
  },
};

/**
 * Checks the options of a store and fills in the defaults. Text from a configuration file or the
 * environment is read as the option's type: `"true"`, `"8"`, `"a,b"`, `"a:1,b:2"`.
 *
 * @param definitions What the driver declares.
 * @param values What the user configured, by the options' names.
 * @param store The store by name, for the error.
 * @returns The values, each of its option's type. Options without a value and a default are left out.
 * @throws {BadStoreConfiguration} If an option is unknown, missing or has a value that is not allowed. The
 * error names the option, its value (if that is no secret) and what is allowed.
 *
 * @example Validating options
 * ```ts
 * import { BadStoreConfiguration, type OptionDefinitions, validateOptions } from "@vitrine/vitrine";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const OPTIONS: OptionDefinitions = {
 *   depth: { type: "integer", min: 1, default: 4 },
 * };
 * assertEquals(validateOptions(OPTIONS, {}, "shelf"), { depth: 4 });
 * assertThrows(() => validateOptions(OPTIONS, { depth: 0 }, "shelf"), BadStoreConfiguration);
 * ```
 */
export function validateOptions(
  definitions: OptionDefinitions,
  values: Readonly<Record<string, unknown>>,
  store: string,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(definitions, name)) {
      const known = Object.keys(definitions).join(", ") || "none";
      throw new BadStoreConfiguration(`unknown option "${name}"; known are: ${known}`, { store });
    }
  }
  for (const [name, definition] of Object.entries(definitions)) {
    const value = values[name] ?? definition.default;
    if (value === undefined || value === null) {
      if (definition.required) {
        const { help = "" } = definition;
        throw new BadStoreConfiguration(`option "${name}" is required${help && `: ${help}`}`, {
          store,
        });
      }
      continue;
    }
    const read = readValue(definition, value);
    if (read === undefined) {
      const shown = definition.secret ? "***" : describe(value);
      throw new BadStoreConfiguration(
        `option "${name}" is ${shown}, allowed is ${allowed(definition)}`,
        { store },
      );
    }
    result[name] = read;
  }
  return result;
}

/** Shows a value without its secrets. Those of lists and records could be anywhere. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object"
    ? "an object"
    : JSON.stringify(maskOption(value)) ?? typeof value;
}

/**
 * Returns the options of a store as they may be printed: without secrets, without the credentials in URLs,
 * and without what only code can give.
 *
 * @param definitions The driver's options.
 * @param options Their values.
 * @returns A copy with `***` for every secret.
 */
export function describeOptions(
  definitions: OptionDefinitions,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, printable(definitions[name], value)]),
  );
}

function printable(definition: OptionDefinition | undefined, value: unknown): unknown {
  if (definition?.secret) return "***";
  return definition?.type === "value" ? `[${typeof value}]` : maskOption(value);
}

function allowed({ type, choices, format, min, max }: OptionDefinition): string {
  if (format) return format;
  if (type === "accept") return 'a list of formats, "safe", or an object of both';
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(" or ");
  if (type === "list" || type === "dict") return `a ${type} of texts`;
  const bounds = [min === undefined ? "" : `from ${min}`, max === undefined ? "" : `to ${max}`];
  return [/^[aeiou]/.test(type) ? "an" : "a", type, ...bounds].filter(Boolean).join(" ");
}

function readValue(definition: OptionDefinition, value: unknown): unknown {
  const { type, choices, pattern = /^/, min = -Infinity, max = Infinity } = definition;
  switch (type) {
    case "value":
      return value;
    case "accept":
      return parsePolicy(value);
    case "string": {
      // A choice that looks like a number is written as one in JSON.
      const text = typeof value === "number" && choices ? `${value}` : value;
      if (typeof text !== "string" || (choices && !choices.includes(text))) return undefined;
      return pattern.test(text) ? text : undefined;
    }
    case "integer":
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || !(number >= min && number <= max)) return undefined;
      return type === "integer" && !Number.isSafeInteger(number) ? undefined : number;
    }
    case "boolean":
      if (typeof value === "boolean") return value;
      if (typeof value !== "string") return undefined;
      if (/^(true|yes|on|1)$/i.test(value)) return true;
      return /^(false|no|off|0)$/i.test(value) ? false : undefined;
    case "list": {
      const list = typeof value === "string" ? value.split(",").map((one) => one.trim()) : value;
      return Array.isArray(list) && list.every((one) => typeof one === "string") ? list : undefined;
    }
    case "dict": {
      if (typeof value === "string") {
        const pairs = value.split(",").map((pair) => pair.split(/:(.*)/s, 2).map((s) => s.trim()));
        return pairs.every((pair) => pair.length === 2 && pattern.test(pair[1]!))
          ? Object.fromEntries(pairs)
          : undefined;
      }
      const isRecord = typeof value === "object" && !Array.isArray(value);
      return isRecord &&
          Object.values(value!).every((one) => typeof one === "string" && pattern.test(one))
        ? value
        : undefined;
    }
  }
}
