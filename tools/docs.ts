/**
 * The gate `docs`: exported functions and methods say in tags what they take, return and throw, and no
 * text uses words that a newcomer stumbles over.
 *
 * @module
 */
import type { Source } from "./texts.ts";

/** Words and phrases that are not used, each with what is. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bunless (?:said otherwise|given)\b/i, "Default: X."],
  [/\bt(?:ells|[o]ld)\b/i, "says, reports, passes"],
  [/\ba[n]swer(?:s|ed|ing)?\b/i, "response, respond"],
  [/\bwh[o]m\b/i, "a sentence with a subject"],
  [/\bwho only r[e]ads\b/i, "a reader"],
  [/\bm[e]nd(?:s|ed|ing)?\b/i, "resume, repair"],
  [/\bfor g[o]od\b/i, "permanently"],
];

/** A declaration as `deno doc --json` describes it, as far as it is read here. */
export interface DocNode {
  /** The name of a function, class, property or method. */
  name?: string;
  /** `function`, `class`, `interface`, `method`, `getter`, ... */
  kind?: string;
  /** The doc comment. */
  jsDoc?: { doc?: string; tags?: DocTag[] };
  /** Where it is: line and column from 0. */
  location?: { filename: string; line: number; col: number };
  /** What a top-level declaration declares. */
  def?: DocDefinition;
  /** What a method of a class declares. */
  functionDef?: DocDefinition;
  /** Parameters of a constructor, or of a method of an interface. */
  params?: DocParameter[];
  /** The result of a method of an interface. */
  returnType?: DocType;
  /** Type parameters of a method of an interface. */
  typeParams?: { name: string }[];
  /** `private` or `protected`. */
  accessibility?: string;
}

interface DocTag {
  kind: string;
  name?: string;
  doc?: string;
}

interface DocDefinition {
  extends?: string;
  params?: DocParameter[];
  returnType?: DocType;
  typeParams?: { name: string }[];
  methods?: DocNode[];
  constructors?: DocNode[];
}

interface DocParameter {
  kind: string;
  name?: string;
  left?: DocParameter;
  arg?: DocParameter;
  tsType?: DocType;
}

interface DocType {
  repr?: string;
  kind?: string;
  value?: unknown;
}

/** The output of `deno doc --json`. */
export interface DocOutput {
  /** Modules by their URL. */
  nodes: Record<string, { symbols?: { name: string; declarations: DocNode[] }[] }>;
}

/** A function or method, whatever declares it. */
interface Callable extends DocDefinition {
  name: string;
  node: DocNode;
}

/**
 * Finds exported functions, methods and types whose tags are missing or empty.
 *
 * @param output What `deno doc --json` prints of the entry points.
 * @param textOf Returns the text of a module, given its URL.
 * @returns One complaint for each, with path and line.
 */
export function untagged(output: DocOutput, textOf: (url: string) => string): Complaint[] {
  const seen = new Set<string>();
  const complaints: Complaint[] = [];
  for (const { symbols = [] } of Object.values(output.nodes)) {
    for (const { name, declarations } of symbols) {
      for (const declaration of declarations) {
        for (const callable of callablesOf(name, declaration)) {
          const { location, jsDoc } = callable.node;
          const place = location && `${location.filename}:${location.line}`;
          if (!place || seen.has(`${place} ${callable.name}`) || !jsDoc || isInternal(jsDoc)) {
            continue;
          }
          seen.add(`${place} ${callable.name}`);
          for (const what of faultsOf(callable, textOf(location.filename))) {
            complaints.push({ url: location.filename, line: location.line + 1, what });
          }
        }
      }
    }
  }
  return complaints;
}

/**
 * Finds exported functions and classes without an example. A class needs none if its base class, in the same
 * module, has one for the whole family.
 *
 * @param output What `deno doc --json` prints of the entry points.
 * @returns One complaint for each, with path and line.
 */
export function withoutExample(output: DocOutput): Complaint[] {
  const shown = new Map<string, DocNode>();
  for (const { symbols = [] } of Object.values(output.nodes)) {
    for (const { name, declarations } of symbols) {
      for (const node of declarations) {
        const { kind, location } = node;
        if (!location || !/^(?:class|function)$/.test(kind ?? "")) continue;
        shown.set(`${location.filename} ${name}`, { ...node, name });
      }
    }
  }
  const hasExample = ({ jsDoc, def, location }: DocNode): boolean => {
    if (jsDoc?.tags?.some(({ kind }) => kind === "example" || kind === "internal")) return true;
    const base = shown.get(`${location?.filename} ${def?.extends}`);
    return base !== undefined && hasExample(base);
  };
  return [...shown.values()].filter((node) => !hasExample(node)).map(({ name, location }) => ({
    url: location!.filename,
    line: location!.line + 1,
    what: `${name} has no @example`,
  }));
}

/** A fault and its place. */
export interface Complaint {
  /** The module. */
  url: string;
  /** The line, from 1. */
  line: number;
  /** What is wrong there. */
  what: string;
}

function isInternal({ tags = [] }: { tags?: DocTag[] }): boolean {
  return tags.some(({ kind }) => kind === "internal");
}

/** What of a declaration takes arguments or type parameters: itself, its constructors and its methods. */
function callablesOf(name: string, node: DocNode): Callable[] {
  if (node.jsDoc && isInternal(node.jsDoc)) return [];
  const { methods = [], constructors = [], typeParams } = node.def ?? {};
  if (node.kind === "function") return [{ ...node.def, name, node }];
  if (!/^(?:class|interface|typeAlias)$/.test(node.kind ?? "")) return [];
  const members = methods.filter(({ kind, accessibility }) =>
    !/^[gs]etter$/.test(kind ?? "") && accessibility !== "private"
  );
  return [
    { name, node, ...(typeParams ? { typeParams } : {}) },
    ...constructors.map((node): Callable => ({ name, node, params: node.params ?? [] })),
    ...members.map((node): Callable => ({
      ...node,
      ...node.functionDef,
      name: `${name}.${node.name}`,
      node,
    })),
  ];
}

function faultsOf(callable: Callable, text: string): string[] {
  const { name, node, params = [], returnType, typeParams = [] } = callable;
  const tags = node.jsDoc?.tags ?? [];
  const faults: string[] = [];
  if (isCalled(node) && !/^[A-Z][a-z]+s\b/.test(node.jsDoc?.doc ?? "")) {
    faults.push(`${name}: the comment does not begin with a verb: Returns, Opens, ...`);
  }
  const documented = tags.filter(({ kind }) => kind === "param");
  params.forEach((parameter, at) => {
    const called = nameOf(parameter);
    const tag = called === undefined
      ? documented[at]
      : documented.find(({ name }) => name === called);
    if (tag === undefined) {
      faults.push(`${name} has no @param for ${called ?? `parameter ${at + 1}`}`);
    } else if (repeats(tag.doc, tag.name, parameter.tsType)) {
      faults.push(`${name}: @param ${tag.name} says no more than the name`);
    }
  });
  const names = params.map(nameOf);
  documented.forEach(({ name: said }, at) => {
    if (names[at] !== undefined && !names.includes(said)) {
      faults.push(`${name}: @param ${said} is no parameter`);
    }
  });
  if (returnType && !isVoid(returnType)) {
    const tag = tags.find(({ kind }) => kind === "return");
    if (tag === undefined) faults.push(`${name} has no @returns`);
    else if (repeats(tag.doc, node.name ?? name, returnType)) {
      faults.push(`${name}: @returns says no more than the type`);
    }
  }
  for (const { name: parameter } of typeParams) {
    const tag = tags.find(({ kind, name }) => kind === "template" && name === parameter);
    if (tag === undefined) faults.push(`${name} has no @typeParam for ${parameter}`);
  }
  const isTagged = tags.some(({ kind }) => kind === "throws");
  if (!isTagged && /^\s*throw /m.test(bodyOf(node, text))) faults.push(`${name} has no @throws`);
  return faults;
}

/** Whether a declaration is a function or a method, and no type or constructor. */
function isCalled({ kind, functionDef }: DocNode): boolean {
  return kind === "function" || kind === "method" || functionDef !== undefined;
}

function nameOf({ kind, name, left, arg }: DocParameter): string | undefined {
  if (kind === "identifier") return name;
  if (kind === "assign") return left && nameOf(left);
  return kind === "rest" ? arg && nameOf(arg) : undefined;
}

function isVoid({ repr, value }: DocType): boolean {
  if (repr === "void" || repr === "never") return true;
  const { typeName, typeParams: [result] = [] } = (value ?? {}) as {
    typeName?: string;
    typeParams?: DocType[];
  };
  return /^(?:Promise|Generator|AsyncGenerator)$/.test(typeName ?? "") && result?.repr === "void";
}

/** A method of an object inside a function. What it throws is not thrown by the function. */
const INNER_METHOD =
  /^( +)(?:async )?(?!(?:if|for|while|switch|catch)\b)\w+\([^)]*\) \{\n[^]*?^\1\}/gm;

/** The text of a function or method: formatted code ends it with a brace that is indented as it is. */
function bodyOf({ location, kind, functionDef }: DocNode, text: string): string {
  if (!location || (kind !== "function" && !functionDef)) return "";
  const lines = text.split("\n").slice(location.line);
  const end = lines.findIndex((line) => line === `${" ".repeat(location.col)}}`);
  return lines.slice(1, Math.max(end, 1)).join("\n").replace(INNER_METHOD, "");
}

/** Words without meaning of their own. */
const FILLERS = new Set(["a", "an", "the", "of", "to", "that", "this", "its", "it", "is", "in"]);

/** Whether a text has no word that is not in the name or type which it describes. */
function repeats(doc = "", name = "", type?: DocType): boolean {
  const known = new Set(wordsOf(`${name} ${JSON.stringify(type ?? "")}`));
  return wordsOf(doc).every((word) => FILLERS.has(word) || known.has(word));
}

function wordsOf(text: string): string[] {
  const words = text.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().match(/[a-z]+/g) ?? [];
  return words.map((word) => word.replace(/s$/, ""));
}

/**
 * Finds words and phrases that are not used in comments, messages and documents.
 *
 * @param sources All source files.
 * @returns One line per complaint.
 */
export function bannedWords(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, at) =>
      BANNED.filter(([pattern]) => pattern.test(line)).map(([pattern, instead]) =>
        `${path}:${at + 1}: "${pattern.exec(line)![0]}", better: ${instead}`
      )
    )
  );
}
