/**
 * Parses the INI dialect of oslo.config, by the rules of its iniparser: a section before any option, `=`
 * or `:`, comments on lines of their own. An indented line continues the value before it, one pair of
 * quotes around a value is dropped, and an option may be repeated.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";

/** One option as it stands in a file. */
export interface Assignment {
  /** The path of the file. */
  path: string;
  /** The number of the line, from 1. */
  line: number;
  /** The name of the section: `DEFAULT`, or another in lower case. */
  section: string;
  /** The name of the option. */
  name: string;
  /** Its value, with lines joined by line feeds. */
  value: string;
}

/** What a file holds. */
export interface Ini {
  /** The names of the sections, also of those without options. */
  sections: Set<string>;
  /** The options in order. */
  assignments: Assignment[];
}

/**
 * Parses the text of a configuration file.
 *
 * @param text The text.
 * @param path The path of the file, for errors.
 * @returns The sections and options, in order.
 * @throws {BadStoreConfiguration} If a line is malformed. The error has file and line number, and nothing
 * of the line, which may be a secret.
 */
export function parseIni(text: string, path: string): Ini {
  const sections = new Set<string>();
  const assignments: Assignment[] = [];
  let section: string | undefined;
  let current: Assignment | undefined;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const fail = (why: string): never => {
      throw new BadStoreConfiguration(`${path}:${index + 1}: ${why}`);
    };
    const line = raw.trimEnd();
    if (line === "") {
      current = undefined;
    } else if (/^[ \t]/.test(line)) {
      if (current === undefined) fail("an indented line with no option before it");
      current!.value += `\n${line.trimStart()}`;
    } else if (line.startsWith("[")) {
      current = undefined;
      if (!line.endsWith("]")) fail("the name of a section does not end with ]");
      if (line.length <= 2) fail("a section without a name");
      section = sectionName(line.slice(1, -1));
      sections.add(section);
    } else if (/^[#;]/.test(line)) {
      current = undefined;
    } else {
      const at = line.search(/[=:]/);
      if (at < 0) fail("neither a section, nor a comment, nor an option with = or :");
      const name = line.slice(0, at).trim();
      if (name === "") fail("a value without a name");
      if (section === undefined) fail(`the option ${name} stands before any section`);
      current = { path, line: index + 1, section: section!, name, value: plain(line, at) };
      assignments.push(current);
    }
  }
  return { sections, assignments };
}

/**
 * Returns the name of a section as it is looked up. Only `DEFAULT` keeps its case.
 *
 * @param name The name as it stands in a file.
 * @returns The name in lower case, or `DEFAULT`.
 */
export function sectionName(name: string): string {
  return name === "DEFAULT" ? name : name.toLowerCase();
}

function plain(line: string, at: number): string {
  const value = line.slice(at + 1).trim();
  const quoted = /^["']/.test(value) && value[0] === value.at(-1);
  return quoted ? value.slice(1, -1) : value;
}
