/**
 * Parses values as the types of oslo.config do.
 *
 * @module
 */
import type { OptionDefinition } from "../../store/mod.ts";
import type { Assignment } from "./ini.ts";
import { refuse } from "./settings.ts";

/**
 * Parses the value of an option by its type.
 *
 * @param definition The option, as the driver declares it.
 * @param at The assignment.
 * @returns The value, or `undefined` for the empty text, which glance_store takes for unset.
 * @throws {BadStoreConfiguration} If the text is not of the type. The error has file and line number.
 */
export function readValue({ type, secret }: OptionDefinition, at: Assignment): unknown {
  const text = at.value.trim();
  if (text === "") return undefined;
  const fail = (wanted: string) => refuse(at, `is ${secret ? "***" : `"${text}"`}, not ${wanted}`);
  switch (type) {
    case "integer":
      if (!/^[+-]?\d+(_\d+)*$/.test(text)) throw fail("an integer");
      return Number(text.replaceAll("_", ""));
    case "number":
      if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw fail("a number");
      return Number(text);
    case "boolean":
      if (!/^(true|yes|on|1|false|no|off|0)$/i.test(text)) throw fail("true or false");
      return /^(true|yes|on|1)$/i.test(text);
    case "list":
      return readList(at);
    case "dict":
      return readDict(at);
    default:
      return at.value;
  }
}

/**
 * Parses a list: `a, b`.
 *
 * @param at The assignment.
 * @returns The items, without white space around them.
 */
export function readList({ value }: Assignment): string[] {
  const text = value.trim().replace(/,+$/, "");
  return text === "" ? [] : text.split(",").map((one) => one.trim());
}

/**
 * Parses a dictionary: `a:1, b:2`.
 *
 * @param at The assignment.
 * @returns The values by name.
 * @throws {BadStoreConfiguration} If something is malformed. The error has file and line number.
 */
export function readDict(at: Assignment): Record<string, string> {
  const dict: Record<string, string> = {};
  if (at.value.trim() === "") return dict;
  // A part without a colon belongs to the next pair, as in oslo.config: a name may have a comma.
  let pending = "";
  for (const part of at.value.trim().split(",")) {
    const pair = pending + part;
    const colon = pair.indexOf(":");
    if (colon < 0) {
      pending = `${pair},`;
      continue;
    }
    const name = pair.slice(0, colon).trim();
    if (name === "") throw refuse(at, "has a value without a name");
    if (Object.hasOwn(dict, name)) throw refuse(at, `names ${name} twice`);
    dict[name] = pair.slice(colon + 1).trim();
    pending = "";
  }
  if (pending !== "") throw refuse(at, "is no list of name:value, separated by commas");
  return dict;
}
