/**
 * What Vitrine and its tests rely on in the `@std` packages. It runs on whichever the import map
 * resolves to, the real packages or the stand-ins under `offline/std/`, and holds both to the same
 * results. `node:assert` judges, for `@std/assert` is among the judged.
 *
 * @module
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import * as asserts from "@std/assert";
import { parseArgs, unicodeWidth } from "@std/cli";
import * as path from "@std/path";
import * as posix from "@std/path/posix";
import * as windows from "@std/path/windows";
import { toArrayBuffer, toBlob, toJson, toText } from "@std/streams";

const onPosix = Deno.build.os !== "windows";

/** The message with which an assertion fails, `undefined` if it holds. */
function verdict(assertion: () => unknown): string | undefined {
  try {
    assertion();
  } catch (error) {
    strictEqual((error as Error).name, "AssertionError");
    strictEqual(error instanceof asserts.AssertionError, true);
    return (error as Error).message;
  }
}

async function laterVerdict(assertion: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await assertion();
  } catch (error) {
    return verdict(() => {
      throw error;
    });
  }
}

class Point {
  constructor(readonly x: unknown) {}
  get double(): unknown {
    return [this.x, this.x];
  }
}
class Spot extends Point {}

Deno.test("assertEquals and assertNotEquals: what is equal", () => {
  const self = () => {
    const object: Record<string, unknown> = { a: 1 };
    object.self = object;
    return object;
  };
  const equal: [unknown, unknown][] = [
    [0, -0],
    [NaN, NaN],
    [{ a: 1, b: [2] }, { b: [2], a: 1 }],
    [Object.create(null), {}],
    [new Uint8Array([1, 2]), new Uint8Array([0, 1, 2]).subarray(1)],
    [new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
    [new Date(5), new Date(5)],
    [new Date(NaN), new Date(NaN)],
    [new URL("http://a/b"), new URL("http://a/b")],
    [/a/g, /a/g],
    [new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]])],
    [new Map([[{ k: 1 }, 2]]), new Map([[{ k: 1 }, 2]])],
    [new Set([1, 2]), new Set([2, 1])],
    [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
    [new Point(1), new Point(1)],
    [self(), self()],
    [{ [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 1 }],
  ];
  for (const [a, b] of equal) {
    strictEqual(verdict(() => asserts.assertEquals(a, b)), undefined);
    strictEqual(typeof verdict(() => asserts.assertNotEquals(a, b)), "string");
  }
  const different: [unknown, unknown][] = [
    [1, "1"],
    [1, 1n],
    [null, undefined],
    [{ a: undefined }, {}],
    [{ a: undefined }, { b: undefined }],
    [[1], [1, 2]],
    [{ 0: 1 }, [1]],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    [new Uint8Array([1]), new Int8Array([1])],
    [new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
    [new Date(5), new Date(6)],
    [new URL("http://a/b"), new URL("http://a/c")],
    [/a/g, /a/],
    [new Map([["a", 1]]), new Map([["a", 2]])],
    [new Map([["a", undefined]]), new Map([["b", undefined]])],
    [new Set([1]), new Set([2])],
    [new Point(1), new Point(2)],
    [new Point(1), new Spot(1)],
    [new Error("a"), new Error("b")],
    [{ [Symbol.for("s")]: 1 }, { [Symbol.for("s")]: 2 }],
  ];
  for (const [a, b] of different) {
    strictEqual(typeof verdict(() => asserts.assertEquals(a, b)), "string");
    strictEqual(verdict(() => asserts.assertNotEquals(a, b)), undefined);
  }
  const message = verdict(() => asserts.assertEquals("abc", "abd", "the reason"));
  strictEqual(message?.startsWith("Values are not equal: the reason"), true);
});

Deno.test("assertions on one value or two: when they hold, and their own reason", () => {
  const cases: [holds: () => void, fails: () => void][] = [
    [() => asserts.assert(1), () => asserts.assert("", "why")],
    [() => asserts.assertFalse(0), () => asserts.assertFalse("x", "why")],
    [() => asserts.assertExists(0), () => asserts.assertExists(null, "why")],
    [() => asserts.assertExists(""), () => asserts.assertExists(undefined, "why")],
    [
      () => asserts.assertStrictEquals(NaN, NaN),
      () => asserts.assertStrictEquals<unknown>([], [], "why"),
    ],
    [
      () => asserts.assertNotStrictEquals({}, {}),
      () => asserts.assertNotStrictEquals("a", "a", "why"),
    ],
    [() => asserts.assertStrictEquals(-0, -0), () => asserts.assertStrictEquals(0, -0, "why")],
    [() => asserts.assertMatch("abc", /b/), () => asserts.assertMatch("abc", /x/, "why")],
    [() => asserts.assertNotMatch("abc", /x/), () => asserts.assertNotMatch("abc", /b/, "why")],
    [
      () => asserts.assertStringIncludes("abc", "bc"),
      () => asserts.assertStringIncludes("abc", "ca", "why"),
    ],
    [
      () => asserts.assertArrayIncludes([{ a: 1 }, NaN, 3], [NaN, { a: 1 }]),
      () => asserts.assertArrayIncludes([{ a: 1 }], [{ a: 2 }], "why"),
    ],
    [() => asserts.assertGreater(2, 1), () => asserts.assertGreater(1, 1, "why")],
    [() => asserts.assertGreaterOrEqual(1, 1), () => asserts.assertGreaterOrEqual(0, 1, "why")],
    [() => asserts.assertLess(1n, 2n), () => asserts.assertLess(NaN, 1, "why")],
    [() => asserts.assertLessOrEqual(1, 1), () => asserts.assertLessOrEqual(2, 1, "why")],
    [
      () => asserts.assertAlmostEquals(0.1 + 0.2, 0.3),
      () => asserts.assertAlmostEquals(1, 1.1, 0.01, "why"),
    ],
    [
      () => asserts.assertInstanceOf(new Spot(1), Point),
      () => asserts.assertInstanceOf(new Point(1), Spot, "why"),
    ],
    [
      () => asserts.assertIsError(new TypeError("bad x"), TypeError, /x$/),
      () => asserts.assertIsError("bad x", Error, "x", "why"),
    ],
    [() => {}, () => asserts.fail("why")],
    [() => {}, () => asserts.unreachable("why")],
  ];
  for (const [holds, fails] of cases) {
    strictEqual(verdict(holds), undefined);
    strictEqual(verdict(fails)?.includes("why"), true, String(fails));
  }
});

Deno.test("assertThrows: gives back the error and judges class and message", () => {
  const cause = new TypeError("a bad thing");
  const fn = () => {
    throw cause;
  };
  strictEqual(asserts.assertThrows(fn), cause);
  strictEqual(asserts.assertThrows(fn, "reason"), cause);
  strictEqual(asserts.assertThrows(fn, Error, "bad").message, "a bad thing");
  const throwsText = () => {
    throw "text";
  };
  strictEqual(asserts.assertThrows(throwsText), "text");
  for (
    const fails of [
      () => asserts.assertThrows(() => {}, "why"),
      () => asserts.assertThrows(() => {}, Error, "", "why"),
      () => asserts.assertThrows(fn, RangeError, "bad", "why"),
      () => asserts.assertThrows(fn, TypeError, "good", "why"),
      () => asserts.assertThrows(throwsText, Error, "text", "why"),
    ]
  ) strictEqual(verdict(fails)?.includes("why"), true, String(fails));
});

Deno.test("assertRejects: gives back the reason and refuses a synchronous throw", async () => {
  const cause = new TypeError("a bad thing");
  const fn = () => Promise.reject(cause);
  strictEqual(await asserts.assertRejects(fn), cause);
  strictEqual(await asserts.assertRejects(fn, "reason"), cause);
  strictEqual((await asserts.assertRejects(fn, Error, "bad")).message, "a bad thing");
  for (
    const fails of [
      () => asserts.assertRejects(() => Promise.resolve(), "why"),
      () => asserts.assertRejects(() => Promise.resolve(), Error, "", "why"),
      () => asserts.assertRejects(fn, RangeError, "bad", "why"),
      () => asserts.assertRejects(fn, TypeError, "good", "why"),
      () => asserts.assertRejects(() => Promise.reject("text"), Error, "text", "why"),
      () =>
        asserts.assertRejects(
          () => {
            throw cause;
          },
          TypeError,
          "bad",
          "why",
        ),
    ]
  ) strictEqual((await laterVerdict(fails))?.includes("why"), true, String(fails));
});

Deno.test("parseArgs: reads arguments as @std/cli does", () => {
  const cases: [args: string[], options: Parameters<typeof parseArgs>[1], expected: unknown][] = [
    [["--foo", "--bar=baz", "./quux"], {}, { foo: true, bar: "baz", _: ["./quux"] }],
    [["--size", "5", "007", "x"], {}, { size: 5, _: [7, "x"] }],
    [["--size", "5", "007"], { string: ["size", "_"] }, { size: "5", _: ["007"] }],
    [["--json", "a"], { boolean: ["json", "long"] }, { json: true, long: false, _: ["a"] }],
    [["--json=false", "--long", "true"], { boolean: ["json", "long"] }, {
      json: false,
      long: true,
      _: [],
    }],
    [["--range", "--json"], { string: ["range"] }, { range: "", json: true, _: [] }],
    [["--out", "-"], { string: ["out"] }, { out: "", _: ["-"] }],
    [["-o", "-", "-"], { string: ["o"] }, { o: "-", _: ["-"] }],
    [["--o=a", "--o", "b"], { string: ["o"], collect: ["o"] }, { o: ["a", "b"], _: [] }],
    [[], { string: ["o"], collect: ["o"] }, { o: [], _: [] }],
    [["--o", "a", "--o", "b"], { string: ["o"] }, { o: "b", _: [] }],
    [["--no-color"], { boolean: ["color"], negatable: ["color"] }, { color: false, _: [] }],
    [["--no-color"], {}, { "no-color": true, _: [] }],
    [["-lR", "/x"], { boolean: ["l", "R"] }, { l: true, R: true, _: ["/x"] }],
    [["-n5", "-o=x", "-p./y"], {}, { n: 5, o: "x", p: "./y", _: [] }],
    [["-l"], { boolean: ["long"], alias: { long: "l" } }, { long: true, l: true, _: [] }],
    [["--s", "a"], { string: ["store"], alias: { store: ["s", "S"] } }, {
      store: "a",
      s: "a",
      S: "a",
      _: [],
    }],
    [[], { default: { store: "local", n: 3 } }, { store: "local", n: 3, _: [] }],
    [["--n=0"], { default: { n: 3 } }, { n: 0, _: [] }],
    [["ls", "-l", "--json"], { stopEarly: true }, { _: ["ls", "-l", "--json"] }],
    [["--a", "--", "--b", "5"], {}, { a: true, _: ["--b", "5"] }],
    [["x", "--", "--b", "5"], { "--": true }, { _: ["x"], "--": ["--b", "5"] }],
    [["--a", "b", "--c"], { boolean: true }, { a: true, c: true, _: ["b"] }],
    [["--empty", ""], { string: ["empty"] }, { empty: "", _: [""] }],
  ];
  for (const [args, options, expected] of cases) {
    deepStrictEqual({ ...parseArgs(args, options) }, expected, args.join(" "));
  }
});

Deno.test("parseArgs: passes what it does not know to `unknown`, and drops it on `false`", () => {
  const seen: unknown[] = [];
  const parsed = parseArgs(["a", "--what=1", "-xj", "--json"], {
    boolean: ["json"],
    alias: { json: "j" },
    unknown: (...known) => {
      seen.push(known);
      return known.length === 1;
    },
  });
  deepStrictEqual(seen, [["a"], ["--what=1", "what", "1"], ["-xj", "x", true]]);
  deepStrictEqual({ ...parsed }, { json: true, j: true, _: ["a"] });
});

Deno.test({
  name: "path: joins and splits as @std/path does",
  ignore: !onPosix,
  fn() {
    strictEqual(path.SEPARATOR, "/");
    strictEqual(posix.join("/a\\b", "../c"), "/c");
    strictEqual(posix.normalize("a\\..\\b"), "a\\..\\b");
    strictEqual(posix.resolve("/a", "b/"), "/a/b");
    strictEqual(posix.relative("/a/b", "/a/c:d"), "../c:d");
    deepStrictEqual([posix.isAbsolute("C:/a"), windows.isAbsolute("C:/a")], [false, true]);
    strictEqual(windows.join("C:\\a", "../b/c"), "C:\\b\\c");
    strictEqual(windows.normalize("C:/a/../b/"), "C:\\b\\");
    strictEqual(windows.resolve("C:\\a", "\\b"), "C:\\b");
    strictEqual(windows.resolve("C:\\a", "C:\\a\\b"), "C:\\a\\b");
    strictEqual(windows.relative("C:\\a\\b", "C:\\A\\c"), "..\\c");
    strictEqual(path.join("/a", "", "../b//c", "./d/"), "/b/c/d/");
    strictEqual(path.join("a", "../.."), "..");
    strictEqual(path.resolve("/a/b", "../c", "d/"), "/a/c/d");
    strictEqual(path.resolve("/a", "/b"), "/b");
    strictEqual(path.resolve(""), Deno.cwd());
    strictEqual(path.normalize("/a/./b//../c/"), "/a/c/");
    strictEqual(path.normalize(""), ".");
    strictEqual(path.relative("/a/b/c", "/a/d"), "../../d");
    strictEqual(path.relative("/a", "/a"), "");
    deepStrictEqual([path.isAbsolute("/a"), path.isAbsolute("a")], [true, false]);
    const names = ["/a/b.ts", "/a/b/", "a", "/", "", ".ts", "a.b.c"];
    deepStrictEqual(names.map((name) => path.dirname(name)), ["/a", "/a", ".", "/", ".", ".", "."]);
    deepStrictEqual(names.map((name) => path.basename(name)), [
      "b.ts",
      "b",
      "a",
      "/",
      "",
      ".ts",
      "a.b.c",
    ]);
    deepStrictEqual(names.map((name) => path.extname(name)), [".ts", "", "", "", "", "", ".c"]);
    deepStrictEqual(names.map((name) => path.basename(name, ".ts")), [
      "b",
      "b",
      "a",
      "/",
      "",
      ".ts",
      "a.b.c",
    ]);
  },
});

Deno.test({
  name: "path: turns file URLs into paths and back",
  ignore: !onPosix,
  fn() {
    const pairs = [
      ["/a b", "file:///a%20b"],
      ["/100%", "file:///100%25"],
      ["/a?b#c", "file:///a%3Fb%23c"],
      ["/a\\b", "file:///a%5Cb"],
      ["/\u00e4\n\t", "file:///%C3%A4%0A%09"],
      ["/dir/", "file:///dir/"],
    ] as const;
    for (const [file, url] of pairs) {
      strictEqual(path.toFileUrl(file).href, url);
      strictEqual(path.fromFileUrl(url), file);
      strictEqual(path.fromFileUrl(new URL(url)), file);
    }
    strictEqual(path.fromFileUrl("file:///100%"), "/100%");
    for (const fn of [() => path.toFileUrl("a"), () => path.fromFileUrl("http://a/b")]) {
      asserts.assertThrows(fn, TypeError);
    }
  },
});

Deno.test("unicodeWidth: counts the columns of a terminal", () => {
  const widths: [string, number][] = [
    ["", 0],
    ["debian-12.qcow2", 15],
    ["天地玄黃", 8],
    ["ｆｕｌｌ", 8],
    ["한국어", 6],
    ["ひらがなカナ", 12],
    ["caf\u00e9", 4],
    ["cafe\u0301", 4],
    ["\u{1f469}", 2],
    ["\u{1f469}\u{1f52c}", 4],
    ["голубой", 7],
    ["naïve…", 6],
    ["\0\t\n\r\x1b\u0080\u009f", 0],
    ["a\u200bb", 2],
    ["█─└", 3],
  ];
  for (const [text, width] of widths) strictEqual(unicodeWidth(text), width, text);
});

Deno.test("toArrayBuffer, toText: streams are read to their end", async () => {
  const stream = (...chunks: number[][]) =>
    ReadableStream.from(chunks.map((chunk) => new Uint8Array(chunk)));
  deepStrictEqual(
    new Uint8Array(await toArrayBuffer(stream([1, 2], [], [3]))),
    new Uint8Array([1, 2, 3]),
  );
  strictEqual((await toArrayBuffer(stream())).byteLength, 0);
  const view = new Uint8Array([0, 9, 0]).subarray(1, 2);
  deepStrictEqual(
    new Uint8Array(await toArrayBuffer(ReadableStream.from([view]))),
    new Uint8Array([9]),
  );
  strictEqual(await toText(stream([0xe2], [0x82, 0xac, 0xff])), "\u20ac\ufffd");
  strictEqual(await toText(ReadableStream.from(["a", "b"])), "ab");
  deepStrictEqual(await toJson(ReadableStream.from(['{"a":', "[1]}"])), { a: [1] });
  await asserts.assertRejects(() => toJson(stream()), SyntaxError);
  const blob = await toBlob(stream([104], [105]));
  deepStrictEqual([blob.size, blob.type, await blob.text()], [2, "", "hi"]);
  const broken = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new RangeError("broken"));
      },
    });
  for (const read of [toArrayBuffer, toText, toJson, toBlob]) {
    await asserts.assertRejects(() => read(broken()), RangeError, "broken");
  }
});
