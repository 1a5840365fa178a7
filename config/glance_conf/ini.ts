/**
 * The INI dialect of oslo.config, by the rules of its iniparser: a section before any option, `=` or
 * `:`, comments on lines of their own, an indented line goes on with the value before it, one pair of
 * quotes around a value is dropped, an option may be given several times.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";

/** One option as a file gives it. */
export interface Assignment {
  /** Path of the file. */
  path: string;
  /** Number of the line, from 1. */
  line: number;
  /** Name of the section: oslo.config tells `DEFAULT` from the others, which are in lower case here. */
  section: string;
  /** Name of the option. */
  name: string;
  /** Its value, lines joined by line feeds. */
  value: string;
}

/** A file, read. */
export interface Ini {
  /** Names of the sections, those without options among them. */
  sections: Set<string>;
  /** The options in order. */
  assignments: Assignment[];
}

/**
 * Reads the text of a configuration file. Throws `BadStoreConfiguration` with file and line, and
 * nothing of what stands there, which may be a secret.
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

/** The name of a section as it is looked up. */
export function sectionName(name: string): string {
  return name === "DEFAULT" ? name : name.toLowerCase();
}

function plain(line: string, at: number): string {
  const value = line.slice(at + 1).trim();
  const quoted = /^["']/.test(value) && value[0] === value.at(-1);
  return quoted ? value.slice(1, -1) : value;
}
