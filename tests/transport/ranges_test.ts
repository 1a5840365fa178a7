/**
 * Byte ranges as RFC 9110 writes them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  Backoff,
  formatContentRange,
  formatRange,
  parseContentRange,
  parseRange,
  resolveRange,
  retryAfterOf,
} from "../../transport/mod.ts";

Deno.test("Range headers are read, and what is none is not", () => {
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

Deno.test("a range selects what is there", () => {
  const cases: [string, number, { offset: number; length: number } | undefined][] = [
    ["bytes=0-499", 1000, { offset: 0, length: 500 }],
    ["bytes=0-4999", 1000, { offset: 0, length: 1000 }],
    ["bytes=999-", 1000, { offset: 999, length: 1 }],
    ["bytes=1000-", 1000, undefined],
    ["bytes=-1", 1000, { offset: 999, length: 1 }],
    ["bytes=-5000", 1000, { offset: 0, length: 1000 }],
    ["bytes=-0", 1000, undefined],
    ["bytes=0-", 0, undefined],
    ["bytes=-5", 0, undefined],
  ];
  for (const [header, size, expected] of cases) {
    assertEquals(resolveRange(parseRange(header)![0]!, size), expected, header);
  }
});

Deno.test("Content-Range is read back as it is written", () => {
  assertEquals(formatRange({ offset: 5, length: 1 }), "bytes=5-5");
  const text = formatContentRange({ offset: 5, length: 10 }, 100);
  assertEquals(text, "bytes 5-14/100");
  assertEquals(parseContentRange(text), { first: 5, last: 14, total: 100 });
  assertEquals(parseContentRange("bytes 5-14/*"), { first: 5, last: 14, total: undefined });
  const none = formatContentRange(undefined, 7);
  assertEquals(parseContentRange(none), { first: undefined, last: undefined, total: 7 });
  for (
    const header of [
      ...[null, "", "bytes */*", "bytes 5-4/10", "bytes 0-10/10", "bytes 0-1", "bytes=0-1/2"],
      ...["items 0-1/2", "bytes -1/2", "bytes 0-/2", "bytes 0-99999999999999999999/*"],
    ]
  ) assertEquals(parseContentRange(header), undefined, `${header}`);
});

Deno.test("waits grow within their bounds, and end", () => {
  const waits = (random: () => number) => {
    const backoff = new Backoff({ retries: 8, minDelay: 100, maxDelay: 5000, random });
    return Array.from({ length: 9 }, () => backoff.next(undefined));
  };
  assertEquals(waits(() => 0), [...Array(8).fill(100), undefined]);
  assertEquals(waits(() => 1), [300, 900, 2700, 5000, 5000, 5000, 5000, 5000, undefined]);
});

Deno.test("Retry-After is obeyed, up to a bound; progress renews the retries", () => {
  const backoff = new Backoff({ retries: 2, minDelay: 1, maxDelay: 60_000, random: () => 0 });
  assertEquals(backoff.next(7000), 7000);
  assertEquals(backoff.next(3_600_000), 60_000);
  assertEquals(backoff.next(0), undefined);
  backoff.reset();
  assertEquals(backoff.next(0), 1);
  const short = new Backoff({ retryTimeout: 5000, maxDelay: 60_000 });
  assertEquals(short.next(6000), undefined);
  assertEquals(retryAfterOf(new Headers({ "retry-after": "12" })), 12_000);
  assertEquals(retryAfterOf(new Headers({ "retry-after": "Sat, 01 Nov 2025 10:00:00 GMT" })), 0);
  assertEquals(retryAfterOf(new Headers({ "retry-after": "soon" })), undefined);
  assertEquals(retryAfterOf(new Headers()), undefined);
});
