/**
 * The JSON Schema of vitrine.json, made of the options that the drivers declare and of their
 * documentation. `deno run -A tests/config/schema.ts` writes docs/vitrine.schema.json and the tables of
 * docs/configuration.md.
 *
 * @module
 */
import { driverNames, loadDriver, type OptionDefinition } from "@vitrine/vitrine";
import { FORMAT_NAMES } from "../../formats/policy.ts";
import { STORE_OPTIONS } from "../../store/options.ts";
import { SETTINGS } from "../../config/settings.ts";

const root = new URL("../../", import.meta.url);

/** The files that are written. */
export const SCHEMA = new URL("docs/vitrine.schema.json", root);
/** The document with the tables of options. */
export const DOCUMENT = new URL("docs/configuration.md", root);

const BEGIN = "<!-- options: made by tests/config/schema.ts -->";
const END = "<!-- end of options -->";

/** An option with what its documentation says. */
interface DocumentedOption {
  name: string;
  definition: OptionDefinition;
  description: string;
}

/** Returns the options of a driver that a file can hold, with the text of their documentation. */
async function optionsOf(driver: string): Promise<DocumentedOption[]> {
  const { OPTIONS } = await loadDriver(driver);
  const texts = await documentationOf(driver);
  return Object.entries(OPTIONS)
    .filter(([, { type }]) => type !== "value")
    .map(([name, definition]) => ({
      name,
      definition,
      description: texts.get(name) ?? definition.help ?? "",
    }));
}

/** Reads the doc comments of a driver's interface of options. */
async function documentationOf(driver: string): Promise<Map<string, string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", new URL(`drivers/${driver}/options.ts`, root).pathname],
  }).output();
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const texts = new Map<string, string>();
  JSON.stringify(nodes, (_, value) => {
    for (const { name, jsDoc } of value?.properties ?? []) {
      if (jsDoc?.doc) texts.set(name, jsDoc.doc.replace(/\s+/g, " ").trim());
    }
    return value;
  });
  return texts;
}

/** Makes the schema. */
export async function configSchema(): Promise<Record<string, unknown>> {
  const settings = Object.entries({ ...SETTINGS, ...STORE_OPTIONS }).filter(([name]) =>
    name !== "driver"
  )
    .map(([name, definition]) => [name, schemaOf(definition, definition.help ?? "")]);
  const drivers = await Promise.all(
    driverNames().map(async (driver) => {
      const options = await optionsOf(driver);
      const required = options.filter(({ definition }) => definition.required);
      return {
        properties: {
          driver: { const: driver },
          ...Object.fromEntries(settings),
          ...Object.fromEntries(
            options.map(({ name, definition, description }) => [
              name,
              schemaOf(definition, description),
            ]),
          ),
        },
        required: ["driver", ...required.map(({ name }) => name)],
        additionalProperties: false,
      };
    }),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "vitrine.json",
    description: "The stores of Vitrine, the default one, and mounts.",
    type: "object",
    properties: {
      $schema: { type: "string" },
      default: { type: "string", description: "The name of the store that takes new images." },
      stores: {
        type: "object",
        description: "The stores by name. A name is a directory at the root of the path tree.",
        propertyNames: { pattern: "^[^/\\\\]+$" },
        additionalProperties: {
          type: "object",
          description: "A store: its settings, and the options of its driver.",
          required: ["driver"],
          oneOf: [...drivers, { properties: { driver: { not: { enum: driverNames() } } } }],
        },
      },
      mounts: {
        type: "object",
        description: "Directories of the path tree that show others.",
        propertyNames: { pattern: "^/" },
        additionalProperties: { type: "string", pattern: "^/" },
      },
    },
    additionalProperties: false,
  };
}

/** Makes the schema of one option. A string may refer to the environment, whatever the type. */
function schemaOf(definition: OptionDefinition, description: string): Record<string, unknown> {
  const { type, choices, min, max, default: value } = definition;
  const variable = { type: "string", pattern: "\\$\\{env:[^}]+\\}" };
  const bounds = {
    ...min === undefined ? {} : { minimum: min },
    ...max === undefined ? {} : { maximum: max },
  };
  const text = description === "" ? {} : { description };
  const preset = value === undefined ? {} : { default: value };
  switch (type) {
    case "string":
      return choices
        ? { ...text, ...preset, anyOf: [{ enum: choices }, variable] }
        : { ...text, type, ...preset };
    case "list":
      return { ...text, type: ["array", "string"], items: { type: "string" }, ...preset };
    case "dict": {
      const strings = { type: "string" };
      return { ...text, type: ["object", "string"], additionalProperties: strings, ...preset };
    }
    case "accept": {
      const names = { type: "array", items: { enum: FORMAT_NAMES } };
      const isAccepted = { type: "boolean" };
      const properties = {
        formats: names,
        unsafe: isAccepted,
        mismatch: isAccepted,
        oddTables: isAccepted,
      };
      const policy = { type: "object", properties, additionalProperties: false };
      return { ...text, ...preset, anyOf: [{ type: "string" }, policy] };
    }
    default:
      return { ...text, ...preset, anyOf: [{ type, ...bounds }, variable] };
  }
}

/** Makes the tables of options, a driver each. */
export async function optionTables(): Promise<string> {
  const tables = await Promise.all(
    driverNames().map(async (driver) => {
      const rows = (await optionsOf(driver)).map(({ name, definition, description }) => {
        const { type, choices, default: value, required, secret } = definition;
        const kind = choices ? choices.map((one) => `\`"${one}"\``).join(", ") : type;
        const preset = required
          ? "required"
          : value === undefined
          ? ""
          : `\`${JSON.stringify(value)}\``;
        const text = description.replaceAll("|", "\\|") +
          (secret ? " Masked wherever printed." : "");
        return `| \`${name}\` | ${kind} | ${preset} | ${text} |`;
      });
      return [`### ${driver}`, "", "| option | type | default | meaning |", "|-|-|-|-|", ...rows]
        .join("\n");
    }),
  );
  return tables.join("\n\n");
}

/** Puts the tables into the document. */
export function withTables(document: string, tables: string): string {
  const [before, rest] = document.split(BEGIN) as [string, string];
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${rest.split(END)[1]}`;
}

/** Returns the schema as text. */
export function schemaText(schema: Record<string, unknown>): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) {
  await Deno.writeTextFile(SCHEMA, schemaText(await configSchema()));
  const document = await Deno.readTextFile(DOCUMENT);
  await Deno.writeTextFile(DOCUMENT, withTables(document, await optionTables()));
  await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", DOCUMENT.pathname, SCHEMA.pathname],
  }).output();
}
