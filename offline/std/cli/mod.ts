/**
 * A stand-in for what is used of `@std/cli`, for where JSR is out of reach: `unicodeWidth`, and
 * `parseArgs` with the same signature and results, but that dotted names stay flat and aliases have
 * no types.
 *
 * `node:util`'s own `parseArgs` is of no help: there an option not declared takes no value, and
 * neither numbers nor short options' values are distinguished as they are here.
 *
 * @module
 */

/** One name or several. */
export type Names<Name extends string> = Name | readonly Name[];

/** What to expect among the arguments. */
export interface ParseOptions<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  Defaults extends Record<string, unknown> = Record<never, never>,
  DoubleDash extends boolean = false,
> {
  /** Options without a value. Default: `false`; `true`: every `--option` without `=`. */
  boolean?: boolean | Names<Booleans>;
  /** Options whose value is a text always; `_` says so of the operands. */
  string?: Names<Strings>;
  /** Options that may be repeated; their values come as an array. */
  collect?: Names<Collected>;
  /** Options that `--no-name` sets to `false`. */
  negatable?: Names<Negatable>;
  /** Other names of an option; a value is found under each name. */
  alias?: Record<string, Names<string>>;
  /** Values of options that are not given. */
  default?: Defaults;
  /** Whether everything after the first operand is an operand. */
  stopEarly?: boolean;
  /** Whether what follows `--` is kept apart, under `--`. */
  "--"?: DoubleDash;
  /** Called for each operand and for each option that was not declared; `false` drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** An option's value: of its kind, in an array where it may be repeated, or its default. */
export type Value<Name, Booleans, Strings, Collected, Negatable, Defaults> =
  | (Name extends Collected ? Kind<Name, Booleans, Strings>[] : Kind<Name, Booleans, Strings>)
  | (Name extends Negatable ? false : never)
  | (Name extends keyof Defaults ? Defaults[Name] : never);

/** What an option's kind makes of a value. */
export type Kind<Name, Booleans, Strings> = Name extends Booleans ? boolean
  : Name extends Strings ? string
  : unknown;

/** The arguments by option name, `_` being the operands. */
export type Args<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  Defaults extends Record<string, unknown> = Record<never, never>,
  DoubleDash extends boolean = false,
> =
  & ([Booleans | Strings | Collected] extends [never]
    // deno-lint-ignore no-explicit-any -- as it is in @std/cli
    ? Record<string, any>
    :
      & Record<string, unknown>
      & {
        [Name in Booleans | Collected | Extract<Strings, keyof Defaults>]: Value<
          Name,
          Booleans,
          Strings,
          Collected,
          Negatable,
          Defaults
        >;
      }
      & {
        [Name in Exclude<Strings, "_">]?: Value<
          Name,
          Booleans,
          Strings,
          Collected,
          Negatable,
          Defaults
        >;
      })
  & { _: (string | number)[] }
  & (DoubleDash extends true ? { "--": string[] } : unknown);

/** Parses command line arguments. */
export function parseArgs<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  Defaults extends Record<string, unknown> = Record<never, never>,
  DoubleDash extends boolean = false,
>(
  args: readonly string[],
  options: ParseOptions<Booleans, Strings, Collected, Negatable, Defaults, DoubleDash> = {},
): Args<Booleans, Strings, Collected, Negatable, Defaults, DoubleDash> {
  /** Every name of the option that `name` is one of. */
  const namesOf = (name: string): string[] => {
    for (const [main, others] of Object.entries(options.alias ?? {})) {
      const names = [main, ...[others].flat()];
      if (names.includes(name)) return names;
    }
    return [name];
  };
  const all = (names: boolean | Names<string> = []) =>
    new Set([names].flat().filter((name) => typeof name === "string").flatMap(namesOf));
  const booleans = all(options.boolean);
  const strings = all(options.string);
  const collected = all(options.collect);
  const negatable = all(options.negatable);

  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const rest = args.slice(end + 1);
  const left = args.slice(0, end);
  const operands: (string | number)[] = [];
  const values = new Map<string, unknown>();

  const set = (name: string, text: unknown, arg: string, mayCollect = true) => {
    const names = namesOf(name);
    const declared = names.length > 1 || booleans.has(name) || strings.has(name) ||
      collected.has(name) || (options.boolean === true && /^--[^=]+$/.test(arg));
    if (!declared && options.unknown?.(arg, name, text) === false) return;
    const value = strings.has(name) ? text : numbered(text);
    for (const each of names) {
      const before = values.get(each);
      const collect = mayCollect && collected.has(each);
      values.set(each, collect ? [...(Array.isArray(before) ? before : []), value] : value);
    }
  };
  /** Sets an option by the argument after it where that is its value. */
  const setByNext = (name: string, arg: string, isFlag: boolean, nextIsFlag: RegExp) => {
    const next = left[0];
    if (next && !isFlag && !nextIsFlag.test(next)) return set(name, left.shift(), arg);
    if (next === "true" || next === "false") return set(name, left.shift() !== "false", arg);
    set(name, strings.has(name) ? "" : true, arg);
  };

  while (left.length > 0) {
    const arg = left.shift()!;
    const long = /^--(no-)?(.+?)(?:=(.*))?$/s.exec(arg);
    if (long) {
      const [, no = "", name = "", text] = long;
      if (text !== undefined) set(name, booleans.has(name) ? text !== "false" : text, arg);
      else if (no && negatable.has(name)) set(name, false, arg, false);
      else {
        const isFlag = options.boolean === true || booleans.has(no + name);
        setByNext(no + name, arg, isFlag, /^-/);
      }
    } else if (/^-./s.test(arg)) {
      const { letters, text } = shortOptions(arg.slice(1));
      const last = letters.pop()!;
      for (const name of letters) set(name, strings.has(name) ? "" : true, arg);
      if (text !== undefined) set(last, text, arg);
      else setByNext(last, arg, booleans.has(last), /^--?[^-]/);
    } else {
      if (options.unknown?.(arg) !== false) operands.push(strings.has("_") ? arg : numbered(arg));
      if (options.stopEarly) operands.push(...left.splice(0));
    }
  }

  const preset = (name: string, value: unknown) => {
    if (!values.has(name)) { for (const each of namesOf(name)) values.set(each, value); }
  };
  for (const [name, value] of Object.entries(options.default ?? {})) preset(name, value);
  for (const name of booleans) preset(name, collected.has(name) ? [] : false);
  for (const name of strings) if (collected.has(name)) preset(name, []);
  const result = options["--"] ? { _: operands, "--": rest } : { _: [...operands, ...rest] };
  return { ...Object.fromEntries(values), ...result } as Args<
    Booleans,
    Strings,
    Collected,
    Negatable,
    Defaults,
    DoubleDash
  >;
}

/** The letters of `-abc`, and the value written on to the last of them: `-n5`, `-n=5`, `-o./x`. */
function shortOptions(group: string): { letters: string[]; text?: string | undefined } {
  for (let i = 1; i < group.length; i++) {
    const text = valueAfter(group.charAt(i - 1), group.slice(i));
    if (text !== undefined) return { letters: [...group.slice(0, i)], text };
  }
  return { letters: [...group] };
}

function valueAfter(letter: string, rest: string): string | undefined {
  if (rest === "-") return "-";
  if (rest === "=") return "";
  if (/[A-Za-z]/.test(letter)) {
    const text = /=(.+)/.exec(rest)?.[1];
    if (text !== undefined) return text;
    if (/-?\d+(\.\d*)?(e-?\d+)?$/.test(rest)) return rest;
  }
  return /^\W./.test(rest) ? rest : undefined;
}

/** A text that reads as a number as that number. */
function numbered<T>(text: T): T | number {
  if (typeof text !== "string" || !/\S/.test(text)) return text;
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

/** What takes no column: marks over other letters, joiners, the inner parts of Hangul syllables. */
const NARROWEST = /^[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\p{Cc}\u1160-\u11ff]$/u;

/** What takes two columns: the letters of East Asia, and pictures (Unicode Annex 11, "W" and "F"). */
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]$/u;

/** Returns how many columns of a terminal a text takes. Control characters take none. */
export function unicodeWidth(str: string): number {
  let width = 0;
  for (const char of str) width += NARROWEST.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}
