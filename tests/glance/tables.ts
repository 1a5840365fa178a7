/**
 * The tables of docs/glance.md, made of glance_store's own lists and of the drivers' options.
 * `deno run -A tests/glance/tables.ts` writes them anew.
 *
 * @module
 */
import { loadDriver, type OptionDefinition } from "../../mod.ts";
import { NOT_APPLICABLE, OTHER_DRIVERS } from "../../config/glance_conf/options.ts";
import { service } from "../services/mod.ts";
import { counterpartOf } from "./names.ts";

/** An option as glance_store declares it. */
export interface GlanceOption {
  /** Its name. */
  name: string;
  /** Its default. */
  default: unknown;
}

/** What glance_store says of itself. */
export interface GlanceLists {
  /** Options by driver. */
  options: Record<string, GlanceOption[]>;
  /** Public names by module. */
  names: Record<string, string[]>;
}

const PYTHON = `
import importlib, inspect, json
from glance_store import multi_backend

drivers = {"cinder": "cinder", "file": "file", "http": "http", "rbd": "rbd", "s3": "s3", "swift": "swift",
           "vmware_datastore": "vsphere"}
options = {}
for entry, opts in multi_backend._list_driver_opts().items():
    name = drivers[entry.split(".")[2] if "." in entry else entry]
    options[name] = [{"name": opt.name, "default": opt.default} for opt in opts]

names = {}
for module in ["backend", "multi_backend", "location", "capabilities", "driver", "exceptions"]:
    found = importlib.import_module("glance_store." + module)
    names[module] = []
    for name, value in vars(found).items():
        foreign = getattr(value, "__module__", found.__name__) != found.__name__
        if name.startswith("_") or inspect.ismodule(value) or foreign or name in ["CONF", "LOG"]:
            continue
        names[module].append(name)
        if inspect.isclass(value):
            names[module] += [name + "." + own for own in vars(value) if not own.startswith("_")]
    names[module].sort()
print(json.dumps({"options": options, "names": names}))
`;

/** Asks glance_store. */
export async function glanceLists(python: string): Promise<GlanceLists> {
  const child = new Deno.Command(python, {
    args: ["-W", "ignore", "-c", PYTHON],
    stderr: "inherit",
  });
  return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
}

/** What becomes of an option; `undefined` where nobody knows. */
async function fateOf(driver: string, name: string): Promise<[string, string] | undefined> {
  const reason = NOT_APPLICABLE[name];
  if (reason !== undefined) return ["not applicable", reason];
  const found = await definitionOf(driver, name);
  if (found) return [`\`${found[0]}\``, shown(found[1].default)];
  const known = OTHER_DRIVERS.includes(name);
  return known ? ["not applicable", "there is no driver for it"] : undefined;
}

async function definitionOf(
  driver: string,
  glance: string,
): Promise<[string, OptionDefinition] | undefined> {
  const Driver = await loadDriver(driver).catch(() => undefined);
  return Object.entries(Driver?.OPTIONS ?? {}).find(([, option]) => option.glance === glance);
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text === "[]" || text === "{}" ? "" : `\`${text}\``;
}

/** The options of glance_store that are neither honoured nor explained. */
export async function unknownOptions({ options }: GlanceLists): Promise<string[]> {
  const unknown: string[] = [];
  for (const [driver, list] of Object.entries(options)) {
    for (const { name } of list) {
      if (await fateOf(driver, name) === undefined) unknown.push(`${driver}: ${name}`);
    }
  }
  return unknown;
}

/** The public names of glance_store that have neither a counterpart nor a reason. */
export function unknownNames({ names }: GlanceLists): string[] {
  return Object.entries(names).flatMap(([module, list]) =>
    list.filter((name) => counterpartOf(module, name) === undefined).map((name) =>
      `${module}.${name}`
    )
  );
}

/** The tables by the name of their place in the document. */
export async function tables({ options, names }: GlanceLists): Promise<Record<string, string>> {
  const lines = [
    "| glance_store | default there | Vitrine | default here, or why not |",
    "| --- | --- | --- | --- |",
  ];
  for (const driver of ["file", "http", "s3", "swift", "rbd", "cinder", "vsphere"]) {
    const list = options[driver]!;
    for (const option of list) {
      const fate = await fateOf(driver, option.name) ?? ["?", ""];
      lines.push(`| \`${option.name}\` | ${shown(option.default)} | ${fate.join(" | ")} |`);
    }
    // What releases after this glance_store have.
    const Driver = await loadDriver(driver).catch(() => undefined);
    for (const [key, { glance, default: value }] of Object.entries(Driver?.OPTIONS ?? {})) {
      if (glance === undefined || list.some(({ name }) => name === glance)) continue;
      lines.push(`| \`${glance}\` | newer than 4.1 | \`${key}\` | ${shown(value)} |`);
    }
  }
  const rows = Object.entries(names).flatMap(([module, list]) =>
    list.filter((name) => !name.endsWith(".message")).map((name) => {
      const { name: here, note = "" } = counterpartOf(module, name) ?? {};
      return `| \`${module}.${name}\` | ${here ? `\`${here}\`` : "none"} | ${note} |`;
    })
  );
  return {
    options: lines.join("\n"),
    names: ["| glance_store | Vitrine | |", "| --- | --- | --- |", ...rows].join("\n"),
  };
}

/** The document with its tables replaced. Throws where it has no place for one. */
export function withTables(document: string, tables: Record<string, string>): string {
  for (const [name, table] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- ${name}: .* -->\n)[^]*?(<!-- end of ${name} -->)`);
    if (!place.test(document)) throw new Error(`no place for the table of ${name}`);
    document = document.replace(place, (_, before, after) => `${before}\n${table}\n\n${after}`);
  }
  return document;
}

/** The document. */
export const DOCUMENT = new URL("../../docs/glance.md", import.meta.url);

if (import.meta.main) {
  const endpoints = await service("glance_store");
  if (endpoints === undefined) throw new Error("the service glance_store does not run");
  const made = await tables(await glanceLists(endpoints.python));
  await Deno.writeTextFile(DOCUMENT, withTables(await Deno.readTextFile(DOCUMENT), made));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", DOCUMENT.pathname] }).output();
}
