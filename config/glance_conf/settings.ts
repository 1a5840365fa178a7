/**
 * Options out of several files: which value counts, and what `$name` in it stands for.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { type Assignment, type Ini, sectionName } from "./ini.ts";

/** A reference in a value: `$$`, `\$`, `$name` or `${name}`, where a name may hold a section. */
const REFERENCE = /\$\$|\\\$|\$([_a-z][._a-z0-9]*)|\$\{([_a-z][._a-z0-9]*)\}/gi;

/** What Puppet's modules write for an option that keeps its default. */
const SERVICE_DEFAULT = "<SERVICE DEFAULT>";

/** The options of all files; what is given last counts. */
export class Settings {
  readonly #sections = new Set<string>();
  readonly #assignments: Assignment[];

  /** Takes the files in order. */
  constructor(files: readonly Ini[]) {
    for (const { sections } of files) {
      for (const section of sections) this.#sections.add(section);
    }
    this.#assignments = files.flatMap(({ assignments }) => assignments);
  }

  /** Whether some file has that section. */
  has(section: string): boolean {
    return this.#sections.has(sectionName(section));
  }

  /** Everything that is given in a section, in order. */
  in(section: string): Assignment[] {
    return this.#assignments.filter((one) => one.section === sectionName(section));
  }

  /** The value of an option, with its references replaced, or `undefined`. */
  get(section: string, name: string): Assignment | undefined {
    return this.all(section, name).at(-1);
  }

  /** All values of an option that may be given several times. */
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

/** An error that says where an option stands. */
export function refuse(at: Assignment, why: string): BadStoreConfiguration {
  return new BadStoreConfiguration(`${at.path}:${at.line}: [${at.section}] ${at.name} ${why}`);
}
