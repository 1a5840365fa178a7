/**
 * The gates that judge source files by their text alone.
 *
 * @module
 */
import type { Config } from "./project.ts";

/** A source file: its path in the checkout and its text. */
export interface Source {
  /** The path, relative to the checkout. */
  path: string;
  /** The whole text. */
  text: string;
}

/** The most lines of code that a module may have, comments aside; tests may be longer. */
export const MOST_LINES = 400;

/** Modules that do not begin by saying, in a comment with `@module`, what they are for. */
export function undescribed(sources: Source[]): string[] {
  const described = /^(#!.*\n)?(\/\/.*\n)*\/\*\*(?:(?!\*\/)[^])*@module/;
  return modules(sources).filter(({ text }) => !described.test(text))
    .map(({ path }) => `${path}: does not begin with a comment that says what it is for (@module)`);
}

/** Modules too long to be one idea each. */
export function overlong(sources: Source[]): string[] {
  return modules(sources).filter(({ path }) => !path.startsWith("tests/"))
    .map(({ path, text }) => ({ path, lines: linesOfCode(text) }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines of code, more than ${MOST_LINES}`);
}

/** The least lines of code of a module in the rooms where files were once cut for bytes. */
const LEAST_LINES = 25;

/** The files that every driver has, however little is in them. */
const DRIVER_FILES = /^drivers\/\w+\/(?:store|options|location|errors|leftovers)\.ts$/;

/**
 * Modules of a few lines that do not say why they are files of their own, in a comment `// Small: ...`.
 *
 * @param sources All source files.
 * @returns One line per complaint.
 */
export function slivers(sources: Source[]): string[] {
  return modules(sources)
    .filter(({ path }) => /^(?:transport|streams|store|drivers)\//.test(path))
    .filter(({ path }) => !path.endsWith("/mod.ts") && !DRIVER_FILES.test(path))
    .map(({ path, text }) => ({ path, text, lines: linesOfCode(text) }))
    .filter(({ text, lines }) => lines < LEAST_LINES && !/^\/\/ Small: ./m.test(text))
    .map(({ path, lines }) => `${path}: ${lines} lines of code, and no reason (// Small: ...)`);
}

/** A test, registered by `Deno.test` or by a function of a name like `serviceTest`, with its name. */
const TEST =
  /^[ \t]*(?:Deno\.)?\w*[tT]est(?:\.\w+)?\(\s*(?:\{\s*name:\s*)?(["`])((?:\\.|(?!\1)[^])*)\1/gm;

/**
 * Finds tests whose name does not have the form "symbol or command: behaviour".
 *
 * @param sources All source files.
 * @returns One line per complaint.
 */
export function misnamed(sources: Source[]): string[] {
  return modules(sources).flatMap(({ path, text }) =>
    [...text.matchAll(TEST)].filter(([, , name]) => !/\S: \S|\$\{name\}/.test(name!))
      .map(({ 2: name, index }) => {
        const line = text.slice(0, index).split("\n").length;
        return `${path}:${line}: "${name}" does not say symbol or command, colon, behaviour`;
      })
  );
}

/** Lines that put off work. */
export function unfinished(sources: Source[]): string[] {
  return matches(sources, /\b(?:T[O]DO|F[I]XME|X[X]X)\b/);
}

/** What only Deno loads, and what no user loads. */
const DENO_ONLY =
  /^(cli|conformance|examples|tests|tools|bench|offline|drivers\/rbd|server\/http1)\//;

/** Lines of modules for Node with what Node 20 does not have. */
export function tooNew(sources: Source[]): string[] {
  const forNode = sources.filter(({ path }) => path.endsWith(".ts") && !DENO_ONLY.test(path));
  return matches(
    forNode,
    /^(?!\s*\*)(?:\s*(?:await )?using |.*\b(?:Promise\.(?:try|withResolvers)|Array\.fromAsync)\b)/,
  );
}

/** Lines that name a folder of the machine at hand. */
export function homebound(sources: Source[], folders: string[]): string[] {
  const names = folders.map((folder) => folder.replace(/\/*$/, "")).filter(Boolean);
  if (names.length === 0) return [];
  const quoted = names.map((name) => name.replace(/[^\w/]/g, "\\$&"));
  return matches(sources, new RegExp(`(?<![\\w.-])(?:${quoted.join("|")})(?:/|$)`));
}

/**
 * Finds dependencies that docs/dependencies.md does not list with their version, those in the import map
 * that no module uses, and those that a published module names itself.
 *
 * @param sources All source files.
 * @param imports The import map of deno.json.
 * @returns One line per complaint.
 */
export function unexplained(sources: Source[], imports: Config["imports"]): string[] {
  const documented = sources.find(({ path }) => path === "docs/dependencies.md")?.text ?? "";
  const code = modules(sources).map(({ text }) => text).join("\n");
  const complaints: string[] = [];
  const inline = inlineDependencies(sources);
  for (const [name, target] of [...Object.entries(imports), ...inline]) {
    const version = target.slice(target.lastIndexOf("@") + 1);
    const line = documented.split("\n").find((line) => line.includes(`\`${name}\``));
    if (!line?.includes(version)) {
      complaints.push(`docs/dependencies.md: has no line for ${name} at ${version}`);
    }
  }
  for (const name of Object.keys(imports)) {
    if (!new RegExp(`["']${name}(?:/[^"']*)?["']`).test(code)) {
      complaints.push(`deno.json: imports ${name}, which no module uses`);
    }
  }
  for (const [name, , path] of inline) {
    if (/^(?:tests|bench|examples|tools)\//.test(path)) continue;
    complaints.push(`${path}: imports ${name} by itself, not by the import map`);
  }
  return complaints;
}

/** The packages that modules name by `npm:` or `jsr:` themselves: their name, target and module. */
function inlineDependencies(sources: Source[]): [name: string, target: string, path: string][] {
  const pattern =
    /(?:\bfrom|\bimport)\s*\(?\s*"((?:npm|jsr):((?:@[^/"]+\/)?[^@/"]+)@[^/"]+)(?:\/[^"]*)?"/g;
  return modules(sources).flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(([, target, name]): [string, string, string] => [
      name!,
      target!,
      path,
    ])
  );
}

/**
 * Finds packages in a lock file that the import map does not name: users would download them.
 *
 * @param lock The text of deno.lock.
 * @param imports The import map of deno.json.
 * @returns One line per complaint.
 */
export function strayLocked(lock: string, imports: Config["imports"]): string[] {
  const { specifiers = {} }: { specifiers?: Record<string, string> } = JSON.parse(lock);
  const wanted = new Set(Object.values(imports));
  return Object.keys(specifiers).filter((name) => name.startsWith("npm:") && !wanted.has(name))
    .map((name) =>
      `deno.lock: holds ${name}, which no user needs: ` +
      "run what needs it with --lock=tests/deno.lock"
    );
}

function modules(sources: Source[]): Source[] {
  return sources.filter(({ path }) => /\.m?ts$/.test(path));
}

function linesOfCode(text: string): number {
  return text.replace(/^\s*\/\*[^]*?\*\//gm, "").split("\n")
    .filter((line) => !/^\s*(?:\/\/.*)?$/.test(line)).length;
}

function matches(sources: Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, i) =>
      pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []
    )
  );
}
