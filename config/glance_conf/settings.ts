/**
 * Options from several files: which value counts, and what `$name` in it refers to.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { type Assignment, type Ini, sectionName } from "./ini.ts";

/** A reference in a value: `$$`, `\$`, `$name` or `${name}`, where a name may hold a section. */
const REFERENCE = /\$\$|\\\$|\$([_a-z][._a-z0-9]*)|\$\{([_a-z][._a-z0-9]*)\}/gi;

/** What Puppet's modules write for an option that keeps its default. */
const SERVICE_DEFAULT = "<SERVICE DEFAULT>";

/** The options of all files. Of several values the last counts. */
export class Settings {
  readonly #sections = new Set<string>();
  readonly #assignments: Assignment[];

  /**
   * Collects the options.
   *
   * @param files The files, later ones over earlier ones.
   */
  constructor(files: readonly Ini[]) {
    for (const { sections } of files) {
      for (const section of sections) this.#sections.add(section);
    }
    this.#assignments = files.flatMap(({ assignments }) => assignments);
  }

  /**
   * Returns whether some file has a section.
   *
   * @param section The name of the section.
   * @returns Whether one has it.
   */
  has(section: string): boolean {
    return this.#sections.has(sectionName(section));
  }

  /**
   * Returns everything that stands in a section.
   *
   * @param section The name of the section.
   * @returns The assignments in order, with references as they stand.
   */
  in(section: string): Assignment[] {
    return this.#assignments.filter((one) => one.section === sectionName(section));
  }

  /**
   * Returns the value of an option.
   *
   * @param section The name of the section.
   * @param name The name of the option.
   * @returns The last assignment, with its references replaced, or `undefined`.
   * @throws {BadStoreConfiguration} If a reference leads nowhere, or to itself.
   */
  get(section: string, name: string): Assignment | undefined {
    return this.all(section, name).at(-1);
  }

  /**
   * Returns all values of an option that may be repeated.
   *
   * @param section The name of the section.
   * @param name The name of the option.
   * @returns The assignments in order, with their references replaced.
   * @throws {BadStoreConfiguration} If a reference leads nowhere, or to itself.
   */
  all(section: string, name: string): Assignment[] {
    return this.in(section).filter((one) => one.name === name && one.value !== SERVICE_DEFAULT)
      .map((one) => ({ ...one, value: this.#substitute(one, [one]) }));
  }

  #substitute(found: Assignment, within: readonly Assignment[]): string {
    return found.value.replace(REFERENCE, (_, named?: string, braced?: string) => {
      const key = named ?? braced;
      if (key === undefined) return "$";
      const [section, name] = key.includes(".") ? key.split(/\.(.*)/s) : [found.section, key];
      const target = this.in(section!).findLast((one) => one.name === name) ??
        this.in("DEFAULT").findLast((one) => one.name === key);
      // The text may be part of a password, so it is not shown.
      if (target === undefined) {
        throw refuse(found, "refers by $ to an option that is not there; a plain $ is written $$");
      }
      if (within.includes(target)) throw refuse(found, "refers by $ to itself");
      return this.#substitute(target, [...within, target]);
    });
  }
}

/**
 * Creates an error with the place of an option.
 *
 * @param at The option.
 * @param why What is wrong, as the rest of a sentence that begins with the name of the option.
 * @returns The error, with file, line, section and name.
 */
export function refuse(at: Assignment, why: string): BadStoreConfiguration {
  return new BadStoreConfiguration(`${at.path}:${at.line}: [${at.section}] ${at.name} ${why}`);
}
