/**
 * Parses the text of glance-api.conf as a configuration of stores.
 *
 * @module
 */
import {
  type OptionDefinition,
  type OptionDefinitions,
  STORE_OPTIONS,
  validateOptions,
} from "../../store/mod.ts";
import type { StoreError } from "../../errors/mod.ts";
import type { Config, StoreConfig } from "../config.ts";
import { driverNames, loadDriver } from "../registry.ts";
import { readImageFormat } from "./image_format.ts";
import { type Assignment, parseIni, sectionName } from "./ini.ts";
import {
  ALIASES,
  DRIVERS,
  NOT_APPLICABLE,
  OTHER_DRIVERS,
  REPEATED,
  RESERVED,
  SCHEMES,
  SETTINGS as SETTINGS_OF_STORES,
} from "./options.ts";
import { refuse, Settings } from "./settings.ts";
import { readDict, readList, readValue } from "./values.ts";

/** The text of a configuration file. */
export interface GlanceConfFile {
  /** Its path, for errors. */
  path: string;
  /** Its content. */
  text: string;
}

/** Options of {@linkcode parseGlanceConf}. */
export interface ParseGlanceConfOptions {
  /** Finds a file that `swift_store_config_file` names. Default: the name is taken as a path. */
  findFile?: ((name: string) => Promise<string> | string) | undefined;
  /**
   * Called with a warning of one line, with file and line number, for each option of a store's section
   * that no store knows. oslo.config ignores such options. Default: `console.warn`.
   */
  onWarning?: ((warning: string) => void) | undefined;
}

/** The prefix of options that only Vitrine has. Glance ignores them. */
const OWN = "vitrine_";

/** The section of options that the section of a backend does not have. */
const FALLBACK = "backend_defaults";

/**
 * Parses the configuration of Glance as oslo.config does: `enabled_backends` with a section for each
 * backend, or the older `stores` in `[glance_store]`. The stores have the names of the backends. Glance's
 * own stores that have a section (`os_glance_staging_store`, `os_glance_tasks_store`) are reserved. A
 * backend whose driver is missing stays, and is among the failures of `openStores`.
 *
 * As Glance does, the stores refuse unsafe images, by the options of `[image_format]`.
 *
 * An option that only Vitrine has stands in a backend's section as `vitrine_allowed_hosts`, which
 * Glance ignores. Sections that are no store's are not looked at.
 *
 * @param files The files, later ones over earlier ones.
 * @param options How to find other files, and what takes warnings.
 * @returns The configuration for `openStores`.
 * @throws {BadStoreConfiguration} If something is malformed. The error has file and line number, and no
 * secret.
 *
 * @example A file store and its default
 * ```ts
 * import { parseGlanceConf } from "@vitrine/vitrine/glance";
 * import { assertEquals } from "@std/assert";
 *
 * const text = `
 * [DEFAULT]
 * enabled_backends = fast:file
 * [glance_store]
 * default_backend = fast
 * [fast]
 * filesystem_store_datadir = /srv/$store_description
 * store_description = ssd
 * `;
 * assertEquals(await parseGlanceConf([{ path: "glance-api.conf", text }]), {
 *   default: "fast",
 *   stores: {
 *     fast: {
 *       driver: "file",
 *       description: "ssd",
 *       datadir: "/srv/ssd",
 *       accept: { unsafe: false, oddTables: false },
 *     },
 *   },
 * });
 * ```
 */
export async function parseGlanceConf(
  files: readonly GlanceConfFile[],
  options: ParseGlanceConfOptions = {},
): Promise<Config> {
  const settings = new Settings(files.map(({ path, text }) => parseIni(text, path)));
  const enabled = settings.get("DEFAULT", "enabled_backends");
  const reader = new BackendReader(settings, options);
  return enabled
    ? await readBackends(settings, enabled, reader)
    : await readSingleStores(settings, reader);
}

async function readBackends(
  settings: Settings,
  enabled: Assignment,
  reader: BackendReader,
): Promise<Config> {
  await reader.check(FALLBACK);
  const stores: Config["stores"] = {};
  for (const [name, type] of Object.entries(readDict(enabled))) {
    if (RESERVED.includes(name)) throw refuse(enabled, `names ${name}, which is Glance's own`);
    stores[name] = await reader.read([name, FALLBACK], type);
  }
  for (const name of RESERVED.filter((name) => settings.has(name))) {
    const read = await reader.read([name], "file");
    // Glance judges what is there when it takes it over.
    const { accept: _, ...staging } = read;
    stores[name] = { datadir: `/var/lib/glance/${name}`, ...staging, reserved: true };
  }
  const chosen = settings.get("glance_store", "default_backend");
  if (!chosen?.value) return { stores };
  if (!Object.hasOwn(stores, chosen.value) || stores[chosen.value]!.reserved) {
    throw refuse(chosen, `is "${chosen.value}", which enabled_backends does not name`);
  }
  return { default: chosen.value, stores };
}

async function readSingleStores(settings: Settings, reader: BackendReader): Promise<Config> {
  const listed = settings.get("glance_store", "stores");
  const stores: Config["stores"] = {};
  for (const type of listed ? readList(listed) : ["file", "http"]) {
    const name = DRIVERS[type] ?? type;
    stores[name] = await reader.read(["glance_store"], type);
  }
  const chosen = settings.get("glance_store", "default_store");
  const name = chosen?.value ? SCHEMES[chosen.value] : "file";
  if (name !== undefined && Object.hasOwn(stores, name)) return { default: name, stores };
  if (chosen?.value) throw refuse(chosen, `is "${chosen.value}", the scheme of no enabled store`);
  return { stores };
}

/** Reads the options of stores from their sections. */
class BackendReader {
  readonly #settings: Settings;
  readonly #findFile: NonNullable<ParseGlanceConfOptions["findFile"]>;
  readonly #onWarning: NonNullable<ParseGlanceConfOptions["onWarning"]>;

  constructor(settings: Settings, options: ParseGlanceConfOptions) {
    this.#settings = settings;
    this.#findFile = options.findFile ?? ((name) => name);
    this.#onWarning = options.onWarning ?? ((warning) => console.warn(warning));
  }

  /** Reads the store of a type. An option is taken from the first of the sections that has it. */
  async read(sections: readonly string[], type: string): Promise<StoreConfig> {
    const driver = DRIVERS[type] ?? type;
    const definitions = await optionsOf(driver);
    if (definitions !== undefined) await this.check(sections[0]!, definitions);

    const store: StoreConfig = { driver };
    const find = (name: string) => {
      const section = sections.find((section) => this.#settings.get(section, name));
      return section === undefined ? [] : this.#settings.all(section, name);
    };
    const [description, weight] = [find("store_description").at(-1), find("weight").at(-1)];
    if (description?.value) store.description = description.value;
    if (weight) store.weight = readValue({ type: "integer" }, weight) as number;

    for (const [key, definition] of Object.entries(definitions ?? {})) {
      for (const name of namesOf(key, definition)) {
        const assignments = find(name);
        if (assignments.length === 0) continue;
        const value = await this.#valueOf(key, definition, assignments);
        if (value !== undefined) store[key] = value;
      }
    }
    store["accept"] ??= readImageFormat(this.#settings);
    return store;
  }

  /** Warns of the options of a section that no driver and nobody else knows. */
  async check(section: string, definitions: OptionDefinitions = {}): Promise<void> {
    for (const option of this.#settings.in(section)) {
      const { name } = option;
      if (namesIn(definitions).includes(name) || isKnown(name, section)) continue;
      const known = await Promise.all(driverNames().map(optionsOf));
      if (known.some((one) => one && namesIn(one).includes(name) && !name.startsWith(OWN))) {
        continue;
      }
      this.#onWarning(refuse(option, "is not known to any store: it is ignored").message);
    }
  }

  async #valueOf(
    key: string,
    definition: OptionDefinition,
    assignments: readonly Assignment[],
  ): Promise<unknown> {
    const at = assignments.at(-1)!;
    const repeated = REPEATED.includes(definition.glance ?? "");
    const texts = assignments.map(({ value }) => value).filter(Boolean);
    let value = repeated ? texts : readValue(definition, at);
    if (value === undefined || (repeated && texts.length === 0)) return undefined;
    if (definition.glance === "swift_store_config_file") {
      value = await this.#findFile(value as string);
    }
    try {
      return validateOptions({ [key]: definition }, { [key]: value }, "")[key];
    } catch (error) {
      throw refuse(at, `cannot be used: ${(error as StoreError).detail}`);
    }
  }
}

/** Returns the options of a driver, or `undefined` if there is no such driver. */
async function optionsOf(driver: string): Promise<OptionDefinitions | undefined> {
  try {
    return { ...(await loadDriver(driver)).OPTIONS, ...STORE_OPTIONS };
  } catch {
    return undefined;
  }
}

/** Returns the names that an option may have in a section: glance_store's names for it, old ones first. */
function namesOf(key: string, { type, glance }: OptionDefinition): string[] {
  if (type === "value") return [];
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (glance === undefined) return [OWN + snake];
  const old = Object.keys(ALIASES).filter((name) => ALIASES[name] === glance);
  return [...old, glance];
}

function namesIn(definitions: OptionDefinitions): string[] {
  return Object.entries(definitions).flatMap(([key, definition]) => namesOf(key, definition));
}

/** The options of `[glance_store]` that belong to no driver. */
const SHARED = ["stores", "default_store", "default_backend"];

function isKnown(name: string, section: string): boolean {
  return Object.hasOwn(SETTINGS_OF_STORES, name) || Object.hasOwn(NOT_APPLICABLE, name) ||
    Object.hasOwn(ALIASES, name) || OTHER_DRIVERS.includes(name) ||
    (sectionName(section) === "glance_store" && SHARED.includes(name));
}
