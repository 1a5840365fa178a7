/**
 * `vitrine config`: the configuration as it is read, and as a `vitrine.json`.
 *
 * @module
 */
import { Duplicate } from "../../errors/mod.ts";
import { maskOption } from "../../location/mod.ts";
import {
  type OptionDefinition,
  type OptionDefinitions,
  STORE_OPTIONS,
  validateOptions,
} from "../../store/mod.ts";
import { type Config, loadDriver, type StoreConfig } from "../../config/mod.ts";
import { SETTINGS } from "../../config/settings.ts";
import { type Command, UsageError } from "../command.ts";

/** `vitrine config`. */
export const config: Command = {
  operands: "show|convert [FILE]",
  count: [1, 2],
  description: "convert writes to FILE, vitrine.json by default; - is standard output.",
  options: [{ name: "force", letters: ["f"], help: "replace the file if it exists" }],
  candidates: ["show", "convert"],
  examples: ["vitrine --glance-conf /etc/glance/glance-api.conf config convert"],
  async run({ config, out, json }, args) {
    const [action, file = "vitrine.json"] = args.operands;
    if (action === "show" && args.operands.length === 1 && !args.has("force")) {
      return await out.json(await masked(await config()));
    }
    if (action !== "convert") throw new UsageError("config takes show, or convert and a file");
    const read = await config();
    if (file === "-") return await out.json(read);
    await writeSecret(file, `${JSON.stringify(read, null, 2)}\n`, args.has("force"));
    if (json) await out.json({ file });
    else await out.line(`wrote ${file}, which holds the secrets`);
  },
};

/** Writes a file that only its owner can read, whole or not at all. */
async function writeSecret(path: string, text: string, replace: boolean): Promise<void> {
  const partial = `${path}.${crypto.randomUUID()}.partial`;
  try {
    await Deno.writeTextFile(partial, text, { mode: 0o600, createNew: true });
    if (replace) await Deno.rename(partial, path);
    else await Deno.link(partial, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new Duplicate(`${path} exists already; --force replaces it`, { cause: error });
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
}

async function masked(config: Config): Promise<Config> {
  const stores = await Promise.all(
    Object.entries(config.stores).map(async ([name, store]) =>
      [name, await maskedStore(store)] as const
    ),
  );
  return { ...config, stores: Object.fromEntries(stores) };
}

async function maskedStore(store: StoreConfig): Promise<StoreConfig> {
  // A driver that cannot be loaded does not say what its secrets are, so everything is one.
  const options = await loadDriver(`${store.driver}`).then(({ OPTIONS }) => OPTIONS, () => ({}));
  const definitions: OptionDefinitions = { ...options, ...STORE_OPTIONS, ...SETTINGS };
  return Object.fromEntries(
    Object.entries(store).map(([name, value]) => {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      const isShown = definition && !definition.secret && isOfType(definition, value);
      return [name, isShown ? maskOption(value) : "***"];
    }),
  );
}

/** Returns whether a value is of an option's type. What is not may be a secret in a wrong place. */
function isOfType(definition: OptionDefinition, value: unknown): boolean {
  const { type } = definition;
  try {
    validateOptions({ value: { type } }, { value }, "");
    return true;
  } catch {
    return false;
  }
}
