/**
 * Text from outside as bytes, numbers and dates; work on many items.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { decodePercent, encodePath } from "../../location/percent_encoding.ts";
import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  parseCount,
  parseHttpDate,
  parseIsoDate,
} from "../../streams/encoding.ts";
import { poolMap } from "../../streams/pool_map.ts";

Deno.test("encodeHex, encodeBase64: round trips of bytes of any size", () => {
  for (const size of [0, 1, 2, 3, 64, 100_000]) {
    const bytes = new Uint8Array(size).map((_, at) => at * 7);
    assertEquals(decodeHex(encodeHex(bytes)), bytes);
    assertEquals(decodeBase64(encodeBase64(bytes)), bytes);
  }
  assertEquals(encodeHex(new Uint8Array([0, 255])), "00ff");
  assertEquals(decodeHex("FF00"), new Uint8Array([255, 0]));
});

Deno.test("decodeHex, decodeBase64, decodePercent: what is malformed is unknown", () => {
  for (const text of ["f", "0g", " ff", "0x1f"]) assertEquals(decodeHex(text), undefined);
  for (const text of ["a", "a===", "a b=", "_-A="]) assertEquals(decodeBase64(text), undefined);
  for (const text of ["%", "%4", "%zz", "%ff"]) assertEquals(decodePercent(text), undefined);
  assertEquals(decodePercent("a%2Fb%25"), "a/b%");
  assertEquals(encodePath("a b/#1?%.iso"), "a%20b/%231%3F%25.iso");
});

Deno.test("parseCount: only whole numbers from 0 that are exact", () => {
  assertEquals(["0", "15", 15, 0].map(parseCount), [0, 15, 15, 0]);
  for (const value of ["", " 1", "1.0", "-1", "1e3", "0x1", "9007199254740992", "5, 5"]) {
    assertEquals(parseCount(value), undefined);
  }
  for (const value of [1.5, -1, NaN, Infinity, 2 ** 53, null, undefined, {}, [5], true]) {
    assertEquals(parseCount(value), undefined);
  }
});

Deno.test("parseHttpDate: the three forms of RFC 9110 and no other", () => {
  const date = new Date("1994-11-06T08:49:37Z");
  assertEquals(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), date);
  assertEquals(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), date);
  assertEquals(parseHttpDate("Sun Nov  6 08:49:37 1994"), date);
  for (const value of ["", "0", "1994", "2", "soon", "Sun, 06 Foo 1994 08:49:37 GMT", null, 5]) {
    assertEquals(parseHttpDate(value), undefined);
  }
});

Deno.test("parseIsoDate: in UTC without a zone, unknown if malformed", () => {
  const date = new Date("2026-03-01T12:00:00.500Z");
  assertEquals(parseIsoDate("2026-03-01T12:00:00.500000"), date);
  assertEquals(parseIsoDate("2026-03-01T12:00:00.500Z"), date);
  assertEquals(parseIsoDate("2026-03-01T14:00:00.500+02:00"), date);
  for (const value of ["", "2026-03-01", "2026-13-01T12:00:00Z", "now", null, 5, {}]) {
    assertEquals(parseIsoDate(value), undefined);
  }
});

Deno.test("poolMap: keeps to its limit and to the order, and waits for all after an error", async () => {
  let running = 0;
  let most = 0;
  const results = await poolMap([5, 1, 4, 2, 3], 2, async (n) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < n; turn++) await Promise.resolve();
    running--;
    return n * 10;
  });
  assertEquals([results, most], [[50, 10, 40, 20, 30], 2]);

  const begun: number[] = [];
  let settled = 0;
  await assertRejects(
    () =>
      poolMap([0, 1, 2, 3, 4], 2, async (n) => {
        begun.push(n);
        if (n === 0) throw new Error("broken");
        for (let turn = 0; turn < 9; turn++) await Promise.resolve();
        settled++;
      }),
    Error,
    "broken",
  );
  assertEquals([begun, settled], [[0, 1], 1]);
});
