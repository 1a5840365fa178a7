/**
 * Byte ranges as clients ask for them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { formatContentRange, parseRange } from "../../transport/ranges.ts";
import { spansOf } from "../../server/http/spans.ts";

Deno.test("parseRange: reads valid ranges and ignores what is none", () => {
  assertEquals(parseRange("bytes=0-499"), [{ first: 0, last: 499 }]);
  assertEquals(parseRange("bytes=500-"), [{ first: 500, last: undefined }]);
  assertEquals(parseRange("bytes=-500"), [{ suffix: 500 }]);
  assertEquals(parseRange("BYTES=0-0"), [{ first: 0, last: 0 }]);
  assertEquals(parseRange("bytes= 0-0 ,, 5-6,\t-1"), [
    { first: 0, last: 0 },
    { first: 5, last: 6 },
    { suffix: 1 },
  ]);
  assertEquals(parseRange("bytes=0-99999999999999999999"), [
    { first: 0, last: Number.MAX_SAFE_INTEGER },
  ]);
  for (
    const header of [
      ...["", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=1"],
      ...["bytes=0-1,x", "bytes=0--1", "bytes 0-1", "items=0-1", "bytes=0x1-2", "bytes=1 - 2"],
      "bytes=+1-2",
    ]
  ) assertEquals(parseRange(header), undefined, header);
});

Deno.test("spansOf: selects the bytes that exist", () => {
  const cases: [string, number, string][] = [
    ["bytes=0-499", 1000, "bytes 0-499/1000"],
    ["bytes=0-4999", 1000, "bytes 0-999/1000"],
    ["bytes=999-", 1000, "bytes 999-999/1000"],
    ["bytes=1000-", 1000, "bytes */1000"],
    ["bytes=-1", 1000, "bytes 999-999/1000"],
    ["bytes=-5000", 1000, "bytes 0-999/1000"],
    ["bytes=-0", 1000, "bytes */1000"],
    ["bytes=0-", 0, "bytes */0"],
    ["bytes=-5", 0, "bytes */0"],
  ];
  for (const [header, size, expected] of cases) {
    assertEquals(
      formatContentRange(spansOf(parseRange(header)!, size)?.[0], size),
      expected,
      header,
    );
  }
});

Deno.test("spansOf: ignores more than 64 ranges, and merges those that overlap", () => {
  const ranges = (count: number) =>
    parseRange(`bytes=${Array.from({ length: count }, (_, i) => `${i * 200}-${i * 200}`)}`)!;
  assertEquals(spansOf(ranges(64), 20_000)?.length, 64);
  assertEquals(spansOf(ranges(65), 20_000), undefined);
  assertEquals(spansOf(parseRange("bytes=0-9,5-20,100-101")!, 200), [{ start: 0, end: 102 }]);
});
