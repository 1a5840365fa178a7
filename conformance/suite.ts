/**
 * How the contract's rules are written down and run.
 *
 * @module
 */
import { BitMasks, type Store } from "../mod.ts";

/** What a test can do to the backend behind the store's back. Without one, the rule asserts less. */
export interface BackendHooks {
  /** Lists everything that the backend has, also what is no image. */
  snapshot?: () => Promise<unknown>;
  /** Makes an image impossible to remove, and resolves to what allows it again. */
  preventRemoval?: (imageId: string) => Promise<() => Promise<void>>;
  /** Puts one thing into a directory that cannot be listed, and resolves to what removes it. */
  hideImage?: (directory: string) => Promise<() => Promise<void>>;
}

/** What a rule is given: a store and names of its own in it. */
export interface RuleContext extends BackendHooks {
  /** The store under test, configured. */
  store: Store;
  /**
   * Returns an image id that no other rule uses.
   *
   * @param name A name that is unique within the rule.
   * @returns The id. It is the same each time for the same name.
   */
  id(name: string): string;
  /** The directory that holds this rule's ids; `""` in a flat store. */
  directory: string;
  /** Whether ids have one segment only. */
  flat: boolean;
}

/** One rule of the contract. */
export interface Rule {
  /** The rule in a sentence. */
  name: string;
  /** Abilities without which the rule says nothing. */
  needs?: number;
  /**
   * Checks that a store keeps the rule.
   *
   * @param context The store, and what the test can do to its backend.
   */
  run(context: RuleContext): Promise<void>;
}

/** What is known of the store under test. */
export interface ConformanceOptions {
  /** The store has no directories: ids have one segment. */
  flat?: boolean;
  /** Rules that the backend cannot keep, by name, each with the reason. */
  skip?: Readonly<Record<string, string>>;
  /** What the test can do to the backend. */
  hooks?: BackendHooks;
  /** Called with the store when all rules have run. */
  cleanup?: (store: Store) => Promise<void> | void;
}

/**
 * Runs the rules as steps of one test. What a store cannot do is skipped by name.
 *
 * @param name The name of the test.
 * @param makeStore Creates the store under test.
 * @param rules The rules, in the order in which they run.
 * @param options What is known of the store, and which rules it is excused from.
 * @throws {Error} If a rule to be skipped does not exist.
 */
export function runRules(
  name: string,
  makeStore: () => Promise<Store> | Store,
  rules: readonly Rule[],
  { flat = false, skip = {}, hooks = {}, cleanup }: ConformanceOptions,
): void {
  for (const rule of Object.keys(skip)) {
    if (!rules.some(({ name }) => name === rule)) throw new Error(`no rule is named "${rule}"`);
  }
  Deno.test(`conformance: ${name}`, async (test) => {
    const store = await makeStore();
    try {
      await store.configure();
      for (const [index, rule] of rules.entries()) {
        const missing = store.isCapable(rule.needs ?? 0) ? "" : "the store is not capable of it";
        const reason = skip[rule.name] ?? missing;
        const unique = `c${index}-${crypto.randomUUID().slice(0, 8)}`;
        const directory = flat ? "" : unique;
        await test.step({
          name: reason ? `${rule.name} [not for this store: ${reason}]` : rule.name,
          ignore: reason !== "",
          fn: () =>
            rule.run({
              ...hooks,
              store,
              directory,
              flat,
              id: (name) => flat ? `${unique}-${name.replaceAll("/", "-")}` : `${unique}/${name}`,
            }),
        });
      }
    } finally {
      await cleanup?.(store);
      await store.close();
    }
  });
}

/** Abilities by short names, for the rules. */
export const { WRITE_ACCESS: WRITE, READ_ACCESS: READ, READ_RANDOM: RANDOM, LIST } = BitMasks;
/** Reading and writing. */
export const RW: number = BitMasks.RW_ACCESS;
