/**
 * The gates of `deno task check` that read texts, each with what it lets pass and what it stops.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  homebound,
  misnamed,
  MOST_LINES,
  overlong,
  slivers,
  strayLocked,
  tooNew,
  undescribed,
  unexplained,
  unfinished,
} from "../../tools/texts.ts";

/** The paths of which a gate complains, among files given by path and text. */
function stopped(
  gate: (sources: { path: string; text: string }[]) => string[],
  files: Record<string, string>,
): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return gate(sources).map((complaint) => complaint.slice(0, complaint.indexOf(":")));
}

Deno.test("described: a module begins with its description", () => {
  const files = {
    "good.ts": "/**\n * What it is for.\n *\n * @module\n */\nexport {};\n",
    "script.ts": "#!/usr/bin/env -S deno run\n/** What it is for. @module */\n",
    "none.ts": "export {};\n",
    "late.ts": "export {};\n/** What it is for. @module */\n",
    "other.ts": "/** Of a function. */\nexport function f() {}\n/** @module */\n",
    "notes.md": "text",
  };
  assertEquals(stopped(undescribed, files), ["none.ts", "late.ts", "other.ts"]);
});

Deno.test("length: a module is short, its comments and its tests aside", () => {
  const files = {
    "short.ts": "f();\n".repeat(MOST_LINES),
    "commented.ts": "/**\n * About.\n */\n// About.\n\nf();\n".repeat(MOST_LINES),
    "long.ts": "f();\n".repeat(MOST_LINES + 1),
    "tests/long_test.ts": "f();\n".repeat(MOST_LINES + 1),
  };
  assertEquals(stopped(overlong, files), ["long.ts"]);
});

Deno.test("names: a test says symbol or command, colon, behaviour", () => {
  const test = "Deno.test";
  const files = {
    "good_test.ts":
      `${test}("Store.add: adds", () => {});\n  ${test}({\n    name: \`a: b\`,\n  });`,
    "wrapper_test.ts": `${test}(\`\${name} (node)\`, run);\nserviceTest(\n  "curl: gets",\n);`,
    "bare_test.ts": `${test}("adds an image", () => {});`,
    "object_test.ts": `${test}.only({ name: "adds" });`,
    "own_test.ts": `serviceTest(\n  "adds",\n  "ceph",\n);`,
  };
  assertEquals(stopped(misnamed, files), ["bare_test.ts", "object_test.ts", "own_test.ts"]);
});

Deno.test("finished: nothing is put off", () => {
  const words = ["TO", "FIX"];
  const files = { "a.ts": `// ${words[0]}DO: later`, "b.md": `${words[1]}ME`, "c.ts": "todo();" };
  assertEquals(stopped(unfinished, files), ["a.ts", "b.md"]);
});

Deno.test("node: modules for Node 20 have nothing that it lacks", () => {
  const files = {
    "store/a.ts": "    await using handle = await open();",
    "vfs/b.ts": "const { promise } = Promise.withResolvers<void>();",
    "streams/c.ts": " * await using store = new MemoryStore();",
    "cli/d.ts": "using file = open();",
  };
  assertEquals(stopped(tooNew, files), ["store/a.ts", "vfs/b.ts"]);
});

Deno.test("paths: no file names a folder of the machine", () => {
  const files = {
    "a.ts": `read("/home/me/src/x");`,
    "b.md": "cd /home/me",
    "c.ts": `read("/var/home/me/src/x");`,
    "d.ts": `read("/home/mean");`,
  };
  assertEquals(stopped((sources) => homebound(sources, ["/home/me/"]), files), ["a.ts", "b.md"]);
  assertEquals(stopped((sources) => homebound(sources, ["/", ""]), files), []);
});

Deno.test("dependencies: every dependency is explained at its version, and used", () => {
  const imports = {
    "@std/path": "jsr:@std/path@^1",
    "lib": "npm:lib@1.2.3",
    "idle": "npm:idle@1.0.0",
  };
  const complaints = (document: string) =>
    unexplained([
      { path: "docs/dependencies.md", text: document },
      { path: "a.ts", text: `import "@std/path";\nimport("lib/sub.js");` },
    ], imports);
  assertEquals(complaints("| `@std/path` | ^1 |\n| `lib` | 1.2.2 |\n| `idle` | 1.0.0 |"), [
    "docs/dependencies.md: has no line for lib at 1.2.3",
    "deno.json: imports idle, which no module uses",
  ]);
});

Deno.test("dependencies: a package that a module names itself needs a line, and to be for tests alone", () => {
  const document = "| `lib` | 1.2.3 | a library |";
  const complaints = (path: string, specifier: string) =>
    unexplained([
      { path: "docs/dependencies.md", text: document },
      { path, text: `import lib from "${specifier}";` },
    ], {});
  assertEquals(complaints("tests/a.ts", "npm:lib@1.2.3/sub.js"), []);
  assertEquals(complaints("tests/a.ts", "npm:lib@1.2.4"), [
    "docs/dependencies.md: has no line for lib at 1.2.4",
  ]);
  assertEquals(complaints("store/a.ts", "npm:lib@1.2.3"), [
    "store/a.ts: imports lib by itself, not by the import map",
  ]);
});

Deno.test("lock: refuses a package that the import map does not name", () => {
  const lock = JSON.stringify({
    specifiers: { "jsr:@std/path@^1": "1.0.0", "npm:lib@1.2.3": "1.2.3", "npm:bun@1.0.0": "1.0.0" },
  });
  assertEquals(strayLocked(lock, { lib: "npm:lib@1.2.3" }), [
    "deno.lock: holds npm:bun@1.0.0, which no user needs: run what needs it with --lock=tests/deno.lock",
  ]);
});

Deno.test("slivers: a file of a few lines says why it is a file", () => {
  const files = {
    "store/long.ts": "f();\n".repeat(25),
    "store/short.ts": "f();\n",
    "store/reasoned.ts": "// Small: loaded with the first error.\nf();\n",
    "store/mod.ts": "f();\n",
    "drivers/x/options.ts": "f();\n",
    "vfs/short.ts": "f();\n",
  };
  assertEquals(stopped(slivers, files), ["store/short.ts"]);
});
