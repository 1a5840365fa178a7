/**
 * The gate `layers`, on small projects of its own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { misplacedImports } from "../../tools/layers.ts";

const ARCHITECTURE = `# Rooms

| room        | what is in it |
| ----------- | ------------- |
| \`errors/\`   | errors        |
| \`store/\`    | the store     |
| \`tests/\`    | tests         |

Another table, which is no order of rooms:

| module           | loaded when |
| ---------------- | ----------- |
| \`store/add.ts\` | first add   |
| \`later/\`       | never       |
`;

/** Returns what the gate complains of in files given by path and text. */
function complaints(files: Record<string, string>): string[] {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }));
  return misplacedImports(sources, ARCHITECTURE);
}

Deno.test("layers: accepts imports of the same room and of rooms above", () => {
  const files = {
    "errors/mod.ts": `export class StoreError extends Error {}`,
    "store/store.ts": `import { StoreError } from "../errors/mod.ts";\nimport "./add.ts";`,
    "store/add.ts": `export * from "../errors/mod.ts";`,
    "tests/store_test.ts": `import "../store/store.ts";`,
  };
  assertEquals(complaints(files), []);
});

const UPWARD = {
  "a value": `import { store } from "../store/store.ts";`,
  "a type": `import type { Store } from "../store/store.ts";`,
  "a type in place": `export type S = import("../store/store.ts").Store;`,
  "a re-export": `export * from "../store/store.ts";`,
  "a lazy import": `const { Store } = await import("../store/store.ts");`,
  "an import of several lines": `import {\n  Store,\n} from "../store/store.ts";`,
};
for (const [what, text] of Object.entries(UPWARD)) {
  Deno.test(`layers: refuses ${what} from a room below`, () => {
    const files = { "errors/mod.ts": text, "store/store.ts": `export class Store {}` };
    assertEquals(complaints(files), [
      "errors/mod.ts: imports store/store.ts, from a room below",
    ]);
  });
}

Deno.test("layers: ignores imports in comments", () => {
  const files = {
    "errors/mod.ts": `/**\n * import "../store/store.ts";\n */\n// import "../store/store.ts";`,
    "store/store.ts": `export class Store {}`,
  };
  assertEquals(complaints(files), []);
});

Deno.test("layers: refuses a circle of two modules", () => {
  const files = {
    "store/add.ts": `import { copy } from "./copy.ts";`,
    "store/copy.ts": `import { add } from "./add.ts";`,
  };
  assertEquals(complaints(files), [
    "import circle: store/add.ts -> store/copy.ts -> store/add.ts",
  ]);
});

Deno.test("layers: refuses a circle of three modules, one way of which imports types alone", () => {
  const files = {
    "store/a.ts": `import { b } from "./b.ts";`,
    "store/b.ts": `import { c } from "./c.ts";`,
    "store/c.ts": `import type { A } from "./a.ts";`,
  };
  assertEquals(complaints(files), [
    "import circle: store/a.ts -> store/b.ts -> store/c.ts -> store/a.ts",
  ]);
});

Deno.test("layers: names a room that the table does not list", () => {
  assertEquals(complaints({ "later/mod.ts": "export {};" }), [
    "docs/architecture.md: does not list later/",
  ]);
});

Deno.test("layers: refuses a document without a table of rooms", () => {
  assertEquals(misplacedImports([], "# Rooms\n"), [
    "docs/architecture.md: has no table of rooms",
  ]);
});
