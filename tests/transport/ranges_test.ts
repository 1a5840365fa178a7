/**
 * Byte ranges as RFC 9110 writes them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Backoff, formatRange, parseContentRange, parseRetryAfter } from "../../transport/mod.ts";

Deno.test("parseContentRange: reads ranges, and nothing else", () => {
  assertEquals(formatRange({ offset: 5, length: 1 }), "bytes=5-5");
  assertEquals(parseContentRange("bytes 5-14/100"), { first: 5, last: 14, total: 100 });
  assertEquals(parseContentRange("bytes 5-14/*"), { first: 5, last: 14, total: undefined });
  assertEquals(parseContentRange("bytes */7"), { first: undefined, last: undefined, total: 7 });
  for (
    const header of [
      ...[null, "", "bytes */*", "bytes 5-4/10", "bytes 0-10/10", "bytes 0-1", "bytes=0-1/2"],
      ...["items 0-1/2", "bytes -1/2", "bytes 0-/2", "bytes 0-99999999999999999999/*"],
    ]
  ) assertEquals(parseContentRange(header), undefined, `${header}`);
});

Deno.test("Backoff: waits grow within their bounds, and end", () => {
  const waits = (random: () => number) => {
    const backoff = new Backoff({ retries: 8, minDelay: 100, maxDelay: 5000, random });
    return Array.from({ length: 9 }, () => backoff.next(undefined));
  };
  assertEquals(waits(() => 0), [...Array(8).fill(100), undefined]);
  assertEquals(waits(() => 1), [300, 900, 2700, 5000, 5000, 5000, 5000, 5000, undefined]);
});

Deno.test("Backoff: Retry-After is obeyed, up to a bound; progress renews the retries", () => {
  const backoff = new Backoff({ retries: 2, minDelay: 1, maxDelay: 60_000, random: () => 0 });
  assertEquals(backoff.next(7000), 7000);
  assertEquals(backoff.next(3_600_000), 60_000);
  assertEquals(backoff.next(0), undefined);
  backoff.reset();
  assertEquals(backoff.next(0), 1);
  const short = new Backoff({ retryTimeout: 5000, maxDelay: 60_000 });
  assertEquals(short.next(6000), undefined);
  assertEquals(parseRetryAfter(new Headers({ "retry-after": "12" })), 12_000);
  assertEquals(parseRetryAfter(new Headers({ "retry-after": "Sat, 01 Nov 2025 10:00:00 GMT" })), 0);
  assertEquals(parseRetryAfter(new Headers({ "retry-after": "soon" })), undefined);
  assertEquals(parseRetryAfter(new Headers()), undefined);
});
