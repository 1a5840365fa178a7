/**
 * Values as oslo.config's types read them.
 *
 * @module
 */
import type { OptionDefinition } from "../../store/mod.ts";
import type { Assignment } from "./ini.ts";
import { refuse } from "./settings.ts";

/**
 * The value of an option that is given once, by its type; `undefined` for the empty text, which means
 * none to glance_store. Throws `BadStoreConfiguration` with file and line.
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

/** A list: `a, b`. */
export function readList({ value }: Assignment): string[] {
  const text = value.trim().replace(/,+$/, "");
  return text === "" ? [] : text.split(",").map((one) => one.trim());
}

/** A dictionary: `a:1, b:2`. Throws `BadStoreConfiguration` with file and line. */
export function readDict(at: Assignment): Record<string, string> {
  const dict: Record<string, string> = {};
  if (at.value.trim() === "") return dict;
  // What has no colon belongs to the next pair, as oslo.config has it: a comma in a name.
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
