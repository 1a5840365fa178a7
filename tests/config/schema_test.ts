/**
 * docs/vitrine.schema.json and docs/configuration.md are what the drivers declare.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { driverNames, loadDriver, openStores } from "@vitrine/vitrine";
import { configSchema, DOCUMENT, optionTables, SCHEMA, withTables } from "./schema.ts";

Deno.test("vitrine.schema.json: is what the drivers declare (deno run -A tests/config/schema.ts)", async () => {
  assertEquals(JSON.parse(await Deno.readTextFile(SCHEMA)), await configSchema());
});

Deno.test("docs/configuration.md: has the tables as they are (deno run -A tests/config/schema.ts)", async () => {
  const document = await Deno.readTextFile(DOCUMENT);
  const words = (text: string) => text.replace(/[\s-]+/g, " ");
  assertEquals(words(document), words(withTables(document, await optionTables())));
});

Deno.test("docs/configuration.md: names every driver, and its example is a configuration", async () => {
  const document = await Deno.readTextFile(DOCUMENT);
  for (const name of driverNames()) assertStringIncludes(document, `### ${name}\n`);
  const example = JSON.parse(/```json\n([^]*?)```/.exec(document)![1]!);
  const env = { HOME: "/home/me", S3_SECRET_KEY: "secret" };
  await using stores = await openStores(example, { env });
  assertEquals([...stores.failures.values()], []);
  assertEquals(validate(await configSchema(), example), []);
});

Deno.test("vitrine.schema.json: refuses what openStores refuses", async () => {
  const schema = await configSchema();
  const good = [
    {},
    { stores: { a: { driver: "file", datadir: "/srv", weight: 3, filePerm: "${env:PERM}" } } },
    { stores: { a: { driver: "file", datadirs: ["/srv:1"] } }, mounts: { "/x": "/a/x" } },
    { stores: { a: { driver: "shelf", anything: [1] } } },
  ];
  for (const config of good) assertEquals(validate(schema, config), [], JSON.stringify(config));
  const bad = [
    { store: {} },
    { default: 1 },
    { stores: [] },
    { stores: { a: {} } },
    { stores: { "a/b": { driver: "memory" } } },
    { stores: { a: { driver: "memory", kapacity: 3 } } },
    { stores: { a: { driver: "memory", capacity: -1 } } },
    { stores: { a: { driver: "memory", weight: "heavy" } } },
    { stores: { a: { driver: "s3", host: "h" } } },
    { mounts: { "/x": 1 } },
  ];
  for (const config of bad) assert(validate(schema, config).length > 0, JSON.stringify(config));
  const { OPTIONS } = await loadDriver("s3");
  assert(OPTIONS["bucket"]!.required);
});

// deno-lint-ignore no-explicit-any -- a schema is plain JSON
type Schema = any;

/** Validates a value by the keywords of JSON Schema that the schema uses. */
function validate(schema: Schema, value: unknown, at = "$"): string[] {
  const complaints: string[] = [];
  const types = [schema.type ?? []].flat() as string[];
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
    complaints.push(`${at} is no ${types}`);
  }
  if ("const" in schema && value !== schema.const) complaints.push(`${at} is not ${schema.const}`);
  if (schema.enum && !schema.enum.includes(value)) complaints.push(`${at} is none of the values`);
  if (typeof value === "number" && (value < schema.minimum || value > schema.maximum)) {
    complaints.push(`${at} is out of bounds`);
  }
  if (typeof value === "string" && schema.pattern && !new RegExp(schema.pattern).test(value)) {
    complaints.push(`${at} does not match`);
  }
  if (schema.not && validate(schema.not, value, at).length === 0) {
    complaints.push(`${at} is not so`);
  }
  for (const [keyword, count] of [["anyOf", -1], ["oneOf", 1]] as const) {
    if (!schema[keyword]) continue;
    const matching = schema[keyword].filter((one: Schema) => validate(one, value, at).length === 0);
    if (count < 0 ? matching.length === 0 : matching.length !== 1) {
      complaints.push(`${at} matches ${matching.length} of ${keyword}`);
    }
  }
  if (Array.isArray(value) && schema.items) {
    complaints.push(...value.flatMap((one, i) => validate(schema.items, one, `${at}[${i}]`)));
  }
  if (!isOfType("object", value)) return complaints;
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value as object, name)) complaints.push(`${at}.${name} is missing`);
  }
  for (const [name, inner] of Object.entries(value as object)) {
    if (schema.propertyNames) complaints.push(...validate(schema.propertyNames, name, at));
    const own = schema.properties?.[name];
    const rule = own ?? schema.additionalProperties;
    if (rule === false) complaints.push(`${at}.${name} is unknown`);
    else if (rule) complaints.push(...validate(rule, inner, `${at}.${name}`));
  }
  return complaints;
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "boolean":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number";
    default:
      return typeof value === "string";
  }
}
