/**
 * glance_store's file of Swift accounts (`swift_store_config_file`), in the dialect of Python's
 * `configparser` with glance_store's quotes.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { builtin } from "../../runtime/mod.ts";
import { decodeText } from "../../streams/decode_text.ts";

/**
 * Reads such a file.
 *
 * @param path The path of the file.
 * @returns The options by section.
 * @throws {BadStoreConfiguration} If the file cannot be read, or a line is malformed.
 */
export async function readConfigFile(
  path: string,
): Promise<Record<string, Record<string, string>>> {
  const fs = builtin("node:fs/promises");
  if (fs === undefined) throw new BadStoreConfiguration("this runtime has no files for configFile");
  let bytes: Uint8Array;
  try {
    bytes = await fs.readFile(path);
  } catch (cause) {
    throw new BadStoreConfiguration(`the file of accounts ${path} cannot be read`, { cause });
  }
  return parseConfigFile(decodeText(bytes));
}

/**
 * Parses the sections of such a file: options by section, the names of options in lower case, values
 * without the quotes around them, `%%` for a percent sign. A line that begins with a space goes on the
 * value before it.
 *
 * @param text The text of the file.
 * @returns The options by section.
 * @throws {BadStoreConfiguration} If a line is malformed. The message has its number and not its text.
 *
 * @example An account
 * ```ts
 * import { parseConfigFile } from "./config_file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseConfigFile('[ref1]\nuser = "pro:me"\nkey = 5%%;x\n'), {
 *   ref1: { user: "pro:me", key: "5%;x" },
 * });
 * ```
 */
export function parseConfigFile(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let defaults: Record<string, string> = {};
  let section: Record<string, string> | undefined;
  let last: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fail = (why: string) => {
      throw new BadStoreConfiguration(`line ${index + 1} of the file of accounts ${why}`);
    };
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) {
      last = undefined;
      if (header === "DEFAULT") section = defaults = {};
      else sections[header] = section = {};
    } else if (/^\s/.test(line) && section && last !== undefined) {
      section[last] += `\n${line.trim()}`;
    } else {
      const [, name, value] = /^([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined || section === undefined) fail("is no option of a section");
      last = name!.toLowerCase();
      section![last] = value!;
    }
  }
  return Object.fromEntries(
    Object.entries(sections).map(([name, values]) => [
      name,
      Object.fromEntries(
        Object.entries({ ...defaults, ...values }).map(([key, value]) => [
          key,
          plain(value, name, key),
        ]),
      ),
    ]),
  );
}

function plain(value: string, section: string, name: string): string {
  const fail = (why: string) => {
    throw new BadStoreConfiguration(`${name} of account ${section} ${why}`);
  };
  if (/(^|[^%])(%%)*%([^%]|$)/.test(value)) fail("holds a single %, which is written %%");
  const text = value.replaceAll("%%", "%");
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  if (text.length === 1 || text.at(-1) !== quote) fail("begins with a quote that is not closed");
  return text.slice(1, -1);
}
