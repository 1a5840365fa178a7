/**
 * What a pattern matches in the tree. Only directories that can hold a match are listed.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import { expandBraces } from "./braces.ts";
import { checkTreeOptions } from "./errors.ts";
import {
  DirectoryReader,
  type GlobOptions,
  joinName,
  type WalkableTree,
  type WalkEntry,
} from "./walk.ts";

/** The part of picomatch that is used. */
type Picomatch = (
  pattern: string,
  options: { dot: boolean; nonegate: boolean; posix: boolean },
) => (name: string) => boolean;

/** What one segment of a pattern matches. */
type Segment =
  | { kind: "name"; name: string }
  | { kind: "pattern"; matches(name: string): boolean }
  | { kind: "any depth" };

/**
 * Yields everything whose path a pattern matches.
 *
 * @param tree The tree.
 * @param pattern The pattern. A slash at its end matches only directories.
 * @param options What to yield.
 * @returns The entries; none if nothing matches.
 * @throws {Invalid} If the pattern does not start with `/`, or has an empty, `.` or `..` segment.
 */
export async function* glob(
  tree: WalkableTree,
  pattern: string,
  options: GlobOptions,
): AsyncGenerator<WalkEntry> {
  if (!pattern.startsWith("/")) {
    throw new Invalid(`the pattern "${pattern}" does not start with "/"`);
  }
  await checkTreeOptions("glob", pattern, options);
  const { includeDirs = true } = options;
  const onlyDirectories = pattern.endsWith("/");
  const reader = new DirectoryReader(tree, options);
  const matcher = await compilePattern(pattern.slice(1, onlyDirectories ? -1 : undefined));
  for await (const entry of matchesBelow(reader, "/", matcher, matcher.start())) {
    if (entry.isFile ? !onlyDirectories : includeDirs) yield entry;
  }
  reader.finish();
}

async function* matchesBelow(
  reader: DirectoryReader,
  path: string,
  matcher: Matcher,
  states: States,
): AsyncGenerator<WalkEntry> {
  if (path === "/" && matcher.isMatch(states)) {
    const entry = await reader.stat(path);
    if (entry) yield entry;
  }
  const names = matcher.namesAfter(states);
  // Every directory below would be listed, so that one listing of all of them takes fewer requests.
  const whole = matcher.isAnyDepth(states) ? reader.whole(path) : undefined;
  if (whole) return yield* matchesAmong(whole, path, matcher, states);
  if (names === undefined) {
    for await (const entry of reader.read(path)) {
      const below = matcher.step(states, entry.name);
      if (matcher.isMatch(below)) yield entry;
      if (entry.isDirectory && matcher.goesOn(below)) {
        yield* matchesBelow(reader, entry.path, matcher, below);
      }
    }
    return;
  }
  for (const name of names) {
    const below = matcher.step(states, name);
    const at = joinName(path, name);
    const entry = matcher.isMatch(below) ? await reader.stat(at) : undefined;
    if (entry) yield entry;
    if (matcher.goesOn(below) && !entry?.isFile) yield* matchesBelow(reader, at, matcher, below);
  }
}

/** Yields the matches among everything that is below a directory, each directory before what it holds. */
async function* matchesAmong(
  entries: Iterable<WalkEntry> | AsyncIterable<WalkEntry>,
  path: string,
  matcher: Matcher,
  states: States,
): AsyncGenerator<WalkEntry> {
  const ofDirectories = new Map([[path, states]]);
  for await (const entry of entries) {
    const parent = entry.path.slice(0, -entry.name.length - 1) || "/";
    const below = matcher.step(ofDirectories.get(parent)!, entry.name);
    if (matcher.isMatch(below)) yield entry;
    if (entry.isDirectory) ofDirectories.set(entry.path, below);
  }
}

/** How far each pattern has been matched: the index of the pattern, and of its next segment. */
type States = ReadonlyMap<string, readonly [pattern: number, segment: number]>;

/** Matches paths name by name against patterns. */
class Matcher {
  readonly #patterns: readonly (readonly Segment[])[];

  constructor(patterns: readonly (readonly Segment[])[]) {
    this.#patterns = patterns;
  }

  /** Returns the states of the root. */
  start(): States {
    const states = new Map<string, [number, number]>();
    for (const index of this.#patterns.keys()) this.#add(states, index, 0);
    return states;
  }

  /** Returns the states of a name in a directory. */
  step(states: States, name: string): States {
    const result = new Map<string, [number, number]>();
    for (const [index, at] of states.values()) {
      const segment = this.#patterns[index]![at];
      if (segment === undefined) continue;
      if (segment.kind === "any depth") {
        this.#add(result, index, at);
        if (at === this.#patterns[index]!.length - 1) this.#add(result, index, at + 1);
      } else if (segment.kind === "name" ? segment.name === name : segment.matches(name)) {
        this.#add(result, index, at + 1);
      }
    }
    return result;
  }

  /** Returns whether a pattern has been matched to its end. */
  isMatch(states: States): boolean {
    return [...states.values()].some(([index, at]) => at === this.#patterns[index]!.length);
  }

  /** Returns whether what lies below can match. */
  goesOn(states: States): boolean {
    return [...states.values()].some(([index, at]) => at < this.#patterns[index]!.length);
  }

  /** Returns whether what matches next can be in any directory below. */
  isAnyDepth(states: States): boolean {
    return [...states.values()].some(([index, at]) => {
      return this.#patterns[index]![at]?.kind === "any depth";
    });
  }

  /** Returns the names that can match next, or `undefined` if only a listing can show them. */
  namesAfter(states: States): Set<string> | undefined {
    const names = new Set<string>();
    for (const [index, at] of states.values()) {
      const segment = this.#patterns[index]![at];
      if (segment === undefined) continue;
      if (segment.kind !== "name") return undefined;
      names.add(segment.name);
    }
    return names;
  }

  /** Adds a state, and those behind a `**` that matches no directory at all. */
  #add(states: Map<string, [number, number]>, index: number, at: number): void {
    const pattern = this.#patterns[index]!;
    states.set(`${index} ${at}`, [index, at]);
    if (pattern[at]?.kind === "any depth" && at < pattern.length - 1) {
      this.#add(states, index, at + 1);
    }
  }
}

/**
 * Returns what decides whether a path matches a pattern, without listing anything.
 *
 * @param pattern The pattern. One without a slash matches the last name of a path in any directory; a slash
 * at its beginning has no meaning of its own.
 * @returns Returns whether a path without a slash at its beginning matches.
 * @throws {Invalid} If the pattern has an empty, `.` or `..` segment.
 */
export async function pathMatcher(pattern: string): Promise<(path: string) => boolean> {
  const whole = pattern.includes("/") ? pattern.replace(/^\//, "") : `**/${pattern}`;
  const matcher = await compilePattern(whole);
  return (path) => {
    let states = matcher.start();
    for (const name of path.split("/")) states = matcher.step(states, name);
    return matcher.isMatch(states);
  };
}

async function compilePattern(pattern: string): Promise<Matcher> {
  const picomatch: Picomatch = (await import("picomatch/posix.js")).default;
  if (pattern === "") return new Matcher([[]]);
  return new Matcher(
    expandBraces(pattern).map((one) =>
      splitPattern(one).map((segment) => compileSegment(segment, picomatch))
    ),
  );
}

function compileSegment(text: string, picomatch: Picomatch): Segment {
  if (text === "" || text === "." || text === "..") {
    throw new Invalid(`the pattern has ${text === "" ? "an empty" : `a "${text}"`} segment`);
  }
  if (text === "**") return { kind: "any depth" };
  const isName = !/[*?[\](){}!+@|]/.test(text.replace(/\\./gs, ""));
  if (isName) return { kind: "name", name: text.replace(/\\(.)/gs, "$1") };
  const matches = picomatch(text, { dot: true, nonegate: true, posix: true });
  return { kind: "pattern", matches };
}

/** Splits a pattern at its slashes. */
function splitPattern(pattern: string): string[] {
  const segments = pattern.split("/");
  if (segments.every((segment) => hasWholeGroups(segment))) return segments;
  throw new Invalid("a group in parentheses has a slash: write {a/b,c} instead of @(a/b|c)");
}

function hasWholeGroups(segment: string): boolean {
  const groups = segment.replace(/\\.|\[[!^]?\]?[^\]]*\]/gs, "").match(/[@!+*?]\(|\)/g) ?? [];
  let depth = 0;
  for (const bracket of groups) depth = Math.max(0, depth + (bracket === ")" ? -1 : 1));
  return depth === 0;
}
