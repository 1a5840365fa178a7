/**
 * The command lines, flags and names that the papers show exist.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { commandFirst, COMMON_OPTIONS, parseArguments } from "../../cli/arguments.ts";
import { UsageError } from "../../cli/command.ts";
import { loadCommands } from "../../cli/commands/mod.ts";
import { root, sourceFiles } from "../../tools/project.ts";

const commands = await loadCommands();
const papers = new Map<string, string>();
/** The words of the product's code, and those of the tests beside them. */
const words = new Set<string>();
const testWords = new Set<string>();
for await (const path of sourceFiles()) {
  const isPaper = path.endsWith(".md") && path !== "CHANGELOG.md";
  if (!isPaper && !path.endsWith(".ts")) continue;
  const text = await Deno.readTextFile(new URL(path, root));
  if (isPaper) papers.set(path, text);
  else {
    const code = text.replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*/g, "");
    for (const [word] of code.matchAll(/\w+/g)) {
      (path.startsWith("tests/") ? testWords : words).add(word);
    }
  }
}

/** The texts between single backquotes, and those of code blocks line by line. */
function quoted(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].flatMap(([, block]) =>
    block!.split("\n")
  );
  const rest = text.replace(/^```[^]*?^```/gm, "");
  return [...blocks, ...[...rest.matchAll(/`([^`]+)`/g)].map(([, span]) => span!)];
}

/** Returns what is wrong with a command line that begins with `vitrine`, or `undefined`. */
function faultOf(line: string): string | undefined {
  const args = line.replace(/\s#.*$/, "").split(/\s+/).slice(1);
  try {
    const [name, ...rest] = commandFirst(args);
    if (name === undefined || ["help", "--help", "-h", "--version"].includes(name)) return;
    const command = commands[name];
    if (command === undefined) return `there is no command ${name}`;
    parseArguments(name, command, rest);
  } catch (error) {
    assert(error instanceof UsageError, line);
    // Running text names an option without its value.
    if (!error.message.endsWith(" needs a value")) return error.message;
  }
}

Deno.test("papers: every command line that they show is one", () => {
  const faults: string[] = [];
  let count = 0;
  for (const [path, text] of papers) {
    for (const line of quoted(text)) {
      if (!/^vitrine (?!=)/.test(line)) continue;
      count++;
      const fault = faultOf(line);
      if (fault !== undefined) faults.push(`${path}: ${line}: ${fault}`);
    }
  }
  assertEquals(faults, []);
  assert(count > 30, `${count} command lines`);
});

/** Flags of Deno that the papers name. */
const DENO_FLAGS =
  /^--(?:allow-(?:read|write|net|env|ffi|run|sys)|lock|unstable-lazy-dynamic-imports|yes)$/;

Deno.test("papers: every flag that they name is one of a command or of Deno", () => {
  const options = Object.values(commands).flatMap(({ options = [] }) => options);
  const flags = new Set(
    [...COMMON_OPTIONS, ...options].flatMap(({ name, letters = [] }) => [
      `--${name}`,
      ...letters.map((letter) => `-${letter}`),
    ]),
  );
  const unknown: string[] = [];
  for (const [path, text] of papers) {
    // Their tables have the flags of other programs.
    const isOfClients = ["docs/compatibility.md", "docs/nbd.md"].includes(path);
    const own = isOfClients ? text.replace(/^\|.*$/gm, "") : text;
    for (const span of quoted(own)) {
      if (!span.startsWith("-")) continue;
      for (const [, flag] of span.matchAll(/(?:^|\s)(--?[a-z][\w-]*)/g)) {
        if (!flags.has(flag!) && !DENO_FLAGS.test(flag!)) unknown.push(`${path}: ${flag}`);
      }
    }
  }
  assertEquals(unknown, []);
});

Deno.test("papers: every name of an option, method or type is in the code", () => {
  const unknown: string[] = [];
  for (const [path, text] of papers) {
    // A test of its own holds docs/glance.md, which has glance_store's names.
    if (path === "docs/glance.md") continue;
    const known = path.startsWith("tests/") ? testWords : words;
    for (const span of quoted(text)) {
      const [, name] = /^([A-Za-z][\w.]*?)(?:\(.*\))?$/.exec(span) ?? [];
      for (const part of name?.split(".") ?? []) {
        if (/[a-z][A-Z]/.test(part) && !known.has(part)) unknown.push(`${path}: ${span}`);
      }
    }
  }
  assertEquals(unknown, []);
});
