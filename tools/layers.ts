/**
 * The gate `layers`: a room imports only the rooms above it, and no modules import each other in a circle.
 * The order of the rooms is the table in docs/architecture.md.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import type { Source } from "./texts.ts";

/** A module with the modules of the checkout that it imports. */
interface Module {
  path: string;
  imports: string[];
}

/**
 * Finds imports that run upwards, and import circles. Imports of types count, as do `import()` and
 * re-exports; a circle of `import()` alone counts too.
 *
 * @param sources All source files; only TypeScript files are looked at.
 * @param architecture The text of docs/architecture.md, whose first table lists the rooms from the top.
 * @returns One line per complaint.
 */
export function misplacedImports(sources: Source[], architecture: string): string[] {
  const rooms = roomsOf(architecture);
  if (rooms.length === 0) return ["docs/architecture.md: has no table of rooms"];
  const modules = modulesOf(sources);
  return [...unlisted(modules, rooms), ...upward(modules, rooms), ...circles(modules)];
}

/**
 * The rooms of the document's first table, from the top: `errors/`, `capabilities/`, ... A line may
 * name several. Later tables name files for other reasons.
 */
function roomsOf(architecture: string): string[][] {
  const lines = architecture.split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  const table = start < 0 ? [] : lines.slice(start, length < 0 ? undefined : start + length);
  return table.map((row) =>
    [...row.split("|")[1]!.matchAll(/`([^`]+(?:\/|\.ts))`/g)].map(([, name]) => name!)
  )
    .filter((names) => names.length > 0);
}

/** The place of the most specific room that a file is in; -1 where it is in none. */
function rankOf(path: string, rooms: string[][]): number {
  let best = -1;
  let length = 0;
  rooms.forEach((names, rank) => {
    for (const name of names) {
      if (path.startsWith(name) && name.length > length) [best, length] = [rank, name.length];
    }
  });
  return best;
}

function modulesOf(sources: Source[]): Module[] {
  const paths = new Set(sources.map(({ path }) => path));
  return sources.filter(({ path }) => /\.ts$/.test(path)).map(({ path, text }) => {
    const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    const specifiers = code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]*)"/g);
    const imports = [...specifiers].map(([, specifier]) => join(dirname(path), specifier!));
    return {
      path,
      imports: [...new Set(imports)].filter((target) =>
        target.endsWith(".ts") && paths.has(target)
      ),
    };
  });
}

function unlisted(modules: Module[], rooms: string[][]): string[] {
  const missing = modules.filter(({ path }) => rankOf(path, rooms) < 0)
    .map(({ path }) => path.replace(/\/.*/, "/"));
  return [...new Set(missing)].map((room) => `docs/architecture.md: does not list ${room}`);
}

function upward(modules: Module[], rooms: string[][]): string[] {
  return modules.flatMap(({ path, imports }) => {
    const rank = rankOf(path, rooms);
    return imports.filter((target) => rankOf(target, rooms) > rank)
      .map((target) => `${path}: imports ${target}, from a room below`);
  });
}

/** Every circle once, as the shortest way from its first module back to it. */
function circles(modules: Module[]): string[] {
  const graph = new Map(modules.map(({ path, imports }) => [path, imports]));
  const seen = new Set<string>();
  const found: string[] = [];
  for (const start of [...graph.keys()].sort()) {
    if (seen.has(start)) continue;
    const way = wayBack(graph, start);
    if (way === undefined) continue;
    for (const path of way) seen.add(path);
    found.push(`import circle: ${[...way, start].join(" -> ")}`);
  }
  return found;
}

function wayBack(graph: Map<string, string[]>, start: string): string[] | undefined {
  const from = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const next of graph.get(path) ?? []) {
      if (next === start) {
        const way = [path];
        for (let at = path; at !== start;) way.unshift(at = from.get(at)!);
        return way;
      }
      if (from.has(next)) continue;
      from.set(next, path);
      queue.push(next);
    }
  }
  return undefined;
}
