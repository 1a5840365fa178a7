/**
 * RFC 9110's rules for ranges and conditional requests, row by row as the text has them.
 *
 * The representation is the one of section 14.1.2: 10,000 bytes. Its entity tag is "v1" and it was
 * last changed at the moment of the example in section 8.8.2.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type ByteRange,
  type DriverStat,
  type ImageReader,
  type OperationOptions,
  Vfs,
} from "@vitrine/vitrine";
import { handler } from "@vitrine/vitrine/handler";
import { type MemoryLocation, MemoryStore } from "@vitrine/vitrine/memory";
import { replaceMethods } from "../store/replace_methods.ts";

const CHANGED = "Tue, 15 Nov 1994 12:45:26 GMT";
const EARLIER = "Tue, 15 Nov 1994 12:45:25 GMT";
const LATER = "Tue, 15 Nov 1994 12:45:27 GMT";
const DATA = crypto.getRandomValues(new Uint8Array(10_000));

/** Validators that a test can name, by image id. */
const VALIDATORS: Record<string, { etag?: string; modified?: Date }> = {
  image: { etag: '"v1"', modified: new Date(Date.parse(CHANGED) + 789) },
  weak: { etag: 'W/"v1"', modified: new Date(CHANGED) },
  undated: { etag: '"v1"' },
  untagged: { modified: new Date(CHANGED) },
  future: { etag: '"v1"', modified: new Date(Date.now() + 1e9) },
  empty: { etag: '"v1"', modified: new Date(CHANGED) },
};

class Dated extends MemoryStore {
  constructor(name: string) {
    super(name);
    replaceMethods(this.driver, (driver) => ({
      statImage: async (
        location: MemoryLocation,
        options: OperationOptions,
      ): Promise<DriverStat> => {
        const { size } = await driver.statImage(location, options);
        return { size, ...VALIDATORS[location.path] };
      },
      openRead: async (
        location: MemoryLocation,
        range: ByteRange,
        options: OperationOptions,
      ): Promise<ImageReader> => {
        const { size, total, read, close } = await driver.openRead(location, range, options);
        return { size, total, read, close, ...VALIDATORS[location.path] };
      },
    }));
  }
}

async function server() {
  const vfs = new Vfs({ s: new Dated("s") });
  for (const id of Object.keys(VALIDATORS)) {
    await vfs.writeFile(`/s/${id}`, id === "empty" ? new Uint8Array() : DATA.slice());
  }
  return handler(vfs, { writeToken: "t" });
}

/** What a row expects: a status, the ranges in the body (first and last byte), header fields. */
interface Expected {
  status: number;
  /** The body as the ranges it is made of; `all` is the whole representation. */
  body?: [number, number][] | "all" | "none";
  headers?: Record<string, string | null>;
}

/** Section, what it says, image, request fields, what follows. GET unless `:method` says otherwise. */
type Row = [string, string, string, Record<string, string>, Expected];

const range = (value: string, rest = {}) => ({ range: value, ...rest });
const part = (first: number, last: number): Expected => ({
  status: 206,
  body: [[first, last]],
  headers: {
    "content-range": `bytes ${first}-${last}/10000`,
    "content-length": `${last + 1 - first}`,
    "etag": '"v1"',
    "last-modified": CHANGED,
    "content-type": "application/octet-stream",
  },
});
const parts = (...body: [number, number][]): Expected => ({
  status: 206,
  body,
  headers: { "content-range": null, "etag": '"v1"' },
});
const whole: Expected = {
  status: 200,
  body: "all",
  headers: { "content-range": null, "content-length": "10000", "accept-ranges": "bytes" },
};
const unsatisfiable: Expected = { status: 416, headers: { "content-range": "bytes */10000" } };
const unchanged: Expected = {
  status: 304,
  body: "none",
  headers: { "etag": '"v1"', "content-type": null },
};
const failed: Expected = { status: 412, headers: { "content-range": null } };

const ROWS: Row[] = [
  // Byte ranges.
  ["14.1.2", "the first 500 bytes", "image", range("bytes=0-499"), part(0, 499)],
  ["14.1.2", "the second 500 bytes", "image", range("bytes=500-999"), part(500, 999)],
  ["14.1.2", "the final 500 bytes as a suffix", "image", range("bytes=-500"), part(9500, 9999)],
  ["14.1.2", "the final 500 bytes by offset", "image", range("bytes=9500-"), part(9500, 9999)],
  [
    "14.1.2",
    "the first and last byte",
    "image",
    range("bytes=0-0,-1"),
    parts([0, 0], [9999, 9999]),
  ],
  [
    "14.1.2",
    "first, middle and last 1000 bytes, with spaces",
    "image",
    range("bytes= 0-999, 4500-5499, -1000"),
    parts([0, 999], [4500, 5499], [9000, 9999]),
  ],
  ["14.1.2", "adjacent ranges", "image", range("bytes=500-600,601-999"), part(500, 999)],
  ["14.1.2", "overlapping ranges", "image", range("bytes=500-700,601-999"), part(500, 999)],
  ["14.1.2", "one byte", "image", range("bytes=0-0"), part(0, 0)],
  ["14.1.2", "the last byte", "image", range("bytes=9999-9999"), part(9999, 9999)],
  ["14.1.2", "last-pos past the end", "image", range("bytes=9000-10000"), part(9000, 9999)],
  ["14.1.2", "all of it", "image", range("bytes=0-"), part(0, 9999)],
  ["14.1.2", "suffix of the whole length", "image", range("bytes=-10000"), part(0, 9999)],
  ["14.1.2", "suffix longer than the whole", "image", range("bytes=-10001"), part(0, 9999)],
  ["14.1.2", "suffix of nothing", "image", range("bytes=-0"), unsatisfiable],
  ["14.1.2", "first-pos at the end", "image", range("bytes=10000-"), unsatisfiable],
  ["14.1.2", "first-pos past the end", "image", range("bytes=10001-20000"), unsatisfiable],
  [
    "14.1.2",
    "a last-pos that overflows",
    "image",
    range(`bytes=5-${"9".repeat(40)}`),
    part(5, 9999),
  ],
  [
    "14.1.2",
    "a first-pos that overflows",
    "image",
    range(`bytes=${"9".repeat(40)}-`),
    unsatisfiable,
  ],
  ["14.1.2", "a suffix that overflows", "image", range(`bytes=-${"9".repeat(400)}`), part(0, 9999)],
  ["14.1.2", "leading zeros", "image", range("bytes=000-0004"), part(0, 4)],
  ["14.1.1", "satisfiable if one of them is", "image", range("bytes=20000-,0-1"), part(0, 1)],
  ["14.1.1", "unsatisfiable if none is", "image", range("bytes=20000-,30000-,-0"), unsatisfiable],
  ["14.1", "the unit in capitals", "image", range("BYTES=0-4"), part(0, 4)],
  ["5.6.1.2", "empty list elements", "image", range("bytes=,, 0-4 ,,"), part(0, 4)],
  // Ranges that are ignored.
  ["14.2", "a unit that is not known", "image", range("seconds=0-4"), whole],
  ["14.1.1", "last-pos before first-pos", "image", range("bytes=5-4"), whole],
  ["14.1.1", "one invalid range makes all invalid", "image", range("bytes=0-4,9-8"), whole],
  ["14.1.1", "another kind of range", "image", range("bytes=0-4,abc"), whole],
  ["14.1.1", "no range at all", "image", range("bytes="), whole],
  ["14.1.1", "only commas", "image", range("bytes=,,"), whole],
  ["14.1.1", "a dash alone", "image", range("bytes=-"), whole],
  ["14.1.1", "two dashes", "image", range("bytes=--5"), whole],
  ["14.1.1", "three numbers", "image", range("bytes=1-2-3"), whole],
  ["14.1.1", "hexadecimal", "image", range("bytes=0x1-0x4"), whole],
  ["14.1.1", "a sign", "image", range("bytes=+1-4"), whole],
  ["14.1.1", "a space in the middle", "image", range("bytes=1 - 4"), whole],
  ["14.1.1", "no equals sign", "image", range("bytes 0-4"), whole],
  ["14.2", "HEAD ignores Range", "image", range("bytes=0-4", { ":method": "HEAD" }), {
    status: 200,
    body: "none",
    headers: { "content-length": "10000", "content-range": null },
  }],
  ["14.2", "nothing to range over", "empty", range("bytes=0-4"), {
    status: 200,
    body: "none",
    headers: { "content-length": "0" },
  }],
  ["14.2", "a suffix of nothing to range over", "empty", range("bytes=-4"), {
    status: 200,
    body: "none",
  }],
  // Several parts.
  [
    "15.3.7.2",
    "the order of the request is kept",
    "image",
    range("bytes=5000-5009,0-9"),
    parts([5000, 5009], [0, 9]),
  ],
  [
    "15.3.7.2",
    "the unsatisfiable ones are left out",
    "image",
    range("bytes=0-9,20000-20009,5000-5009"),
    parts([0, 9], [5000, 5009]),
  ],
  ["15.3.7.2", "a small gap is coalesced", "image", range("bytes=0-9,20-29"), part(0, 29)],
  [
    "15.3.7.2",
    "coalescing regardless of order",
    "image",
    range("bytes=200-299,0-99,90-210"),
    part(0, 299),
  ],
  [
    "14.2",
    "a great many that overlap are one",
    "image",
    range(`bytes=${Array(60).fill("0-").join()}`),
    part(0, 9999),
  ],
  [
    "14.2",
    "an excessive number is ignored",
    "image",
    range(`bytes=${Array.from({ length: 65 }, (_, i) => `${i * 150}-${i * 150}`)}`),
    whole,
  ],
  // If-Match.
  ["13.1.1", "a tag that matches", "image", { "if-match": '"v1"' }, whole],
  ["13.1.1", "one of a list matches", "image", { "if-match": '"a", "v1","b"' }, whole],
  ["13.1.1", "a comma in a tag", "image", { "if-match": '"a,b", "v1"' }, whole],
  ["13.1.1", "none matches", "image", { "if-match": '"a", "v"' }, failed],
  ["13.1.1", "any", "image", { "if-match": "*" }, whole],
  ["13.1.1", "strong comparison of a weak tag", "image", { "if-match": 'W/"v1"' }, failed],
  ["13.1.1", "strong comparison with a weak tag", "weak", { "if-match": 'W/"v1"' }, failed],
  ["13.1.1", "there is no tag", "untagged", { "if-match": '"v1"' }, failed],
  ["13.1.1", "no quotes", "image", { "if-match": "v1" }, failed],
  ["13.1.1", "it fails for ranges too", "image", range("bytes=0-4", { "if-match": '"a"' }), failed],
  [
    "13.1.1",
    "it holds for ranges",
    "image",
    range("bytes=0-4", { "if-match": '"v1"' }),
    part(0, 4),
  ],
  ["13.1.1", "HEAD", "image", { ":method": "HEAD", "if-match": '"a"' }, { status: 412 }],
  // If-None-Match.
  ["13.1.2", "a tag that matches", "image", { "if-none-match": '"v1"' }, unchanged],
  ["13.1.2", "weak comparison of a weak tag", "image", { "if-none-match": 'W/"v1"' }, unchanged],
  ["13.1.2", "weak comparison with a weak tag", "weak", { "if-none-match": '"v1"' }, {
    status: 304,
  }],
  ["13.1.2", "one of a list matches", "image", { "if-none-match": '"a", W/"v1"' }, unchanged],
  ["13.1.2", "none matches", "image", { "if-none-match": '"a", "b"' }, whole],
  ["13.1.2", "case counts", "image", { "if-none-match": '"V1"' }, whole],
  ["13.1.2", "any", "image", { "if-none-match": "*" }, unchanged],
  ["13.1.2", "there is no tag", "untagged", { "if-none-match": '"v1"' }, whole],
  ["13.1.2", "HEAD", "image", { ":method": "HEAD", "if-none-match": '"v1"' }, unchanged],
  // If-Modified-Since.
  ["13.1.3", "not changed since", "image", { "if-modified-since": CHANGED }, unchanged],
  ["13.1.3", "a later date", "image", { "if-modified-since": LATER }, unchanged],
  ["13.1.3", "changed since", "image", { "if-modified-since": EARLIER }, whole],
  ["13.1.3", "no date is known", "undated", { "if-modified-since": LATER }, whole],
  ["13.1.3", "not a date", "image", { "if-modified-since": "yesterday" }, whole],
  ["13.1.3", "not a date of HTTP", "image", { "if-modified-since": "2030-01-01T00:00:00Z" }, whole],
  ["13.1.3", "more than one", "image", { "if-modified-since": `${LATER}, ${LATER}` }, whole],
  ["13.1.3", "a day that there is not", "image", {
    "if-modified-since": "Tue, 31 Feb 2020 00:00:00 GMT",
  }, whole],
  [
    "5.6.7",
    "RFC 850",
    "image",
    { "if-modified-since": "Tuesday, 15-Nov-94 12:45:26 GMT" },
    unchanged,
  ],
  ["5.6.7", "RFC 850, earlier", "image", {
    "if-modified-since": "Tuesday, 15-Nov-94 12:45:25 GMT",
  }, whole],
  ["5.6.7", "asctime", "image", { "if-modified-since": "Tue Nov 15 12:45:26 1994" }, unchanged],
  ["5.6.7", "asctime with a short day", "image", {
    "if-modified-since": "Sun Nov  6 08:49:37 1994",
  }, whole],
  ["13.1.3", "HEAD", "image", { ":method": "HEAD", "if-modified-since": CHANGED }, unchanged],
  // If-Unmodified-Since.
  ["13.1.4", "not changed since", "image", { "if-unmodified-since": CHANGED }, whole],
  ["13.1.4", "a later date", "image", { "if-unmodified-since": LATER }, whole],
  ["13.1.4", "changed since", "image", { "if-unmodified-since": EARLIER }, failed],
  ["13.1.4", "no date is known", "undated", { "if-unmodified-since": EARLIER }, whole],
  ["13.1.4", "not a date", "image", { "if-unmodified-since": "0" }, whole],
  ["13.1.4", "more than one", "image", { "if-unmodified-since": `${EARLIER}, ${EARLIER}` }, whole],
  // If-Range.
  ["13.1.5", "the tag", "image", range("bytes=0-4", { "if-range": '"v1"' }), part(0, 4)],
  [
    "13.1.5",
    "the tag, a suffix",
    "image",
    range("bytes=-4", { "if-range": '"v1"' }),
    part(9996, 9999),
  ],
  ["13.1.5", "another tag", "image", range("bytes=0-4", { "if-range": '"a"' }), whole],
  ["13.1.5", "a weak tag", "image", range("bytes=0-4", { "if-range": 'W/"v1"' }), whole],
  ["13.1.5", "the weak tag there is", "weak", range("bytes=0-4", { "if-range": 'W/"v1"' }), {
    status: 200,
    body: "all",
  }],
  ["13.1.5", "the date", "untagged", range("bytes=0-4", { "if-range": CHANGED }), {
    status: 206,
    body: [[0, 4]],
    headers: { "content-range": "bytes 0-4/10000", "last-modified": CHANGED },
  }],
  [
    "13.1.5",
    "a date in place of the tag that there is",
    "image",
    range("bytes=0-4", { "if-range": CHANGED }),
    whole,
  ],
  [
    "13.1.5",
    "a later date is no exact match",
    "untagged",
    range("bytes=0-4", { "if-range": LATER }),
    whole,
  ],
  ["13.1.5", "an earlier date", "untagged", range("bytes=0-4", { "if-range": EARLIER }), whole],
  ["13.1.5", "no date", "untagged", range("bytes=0-4", { "if-range": "v1" }), whole],
  [
    "13.1.5",
    "a date where none is known",
    "undated",
    range("bytes=0-4", { "if-range": CHANGED }),
    whole,
  ],
  ["13.1.5", "without Range it is ignored", "image", { "if-range": '"a"' }, whole],
  // Precedence.
  ["13.2.2", "If-Match comes before If-None-Match", "image", {
    "if-match": '"a"',
    "if-none-match": '"v1"',
  }, failed],
  ["13.2.2", "a true If-Match goes on to If-None-Match", "image", {
    "if-match": '"v1"',
    "if-none-match": '"v1"',
  }, unchanged],
  ["13.2.2", "If-Match makes If-Unmodified-Since ignored", "image", {
    "if-match": '"v1"',
    "if-unmodified-since": EARLIER,
  }, whole],
  ["13.2.2", "If-Unmodified-Since comes before If-None-Match", "image", {
    "if-unmodified-since": EARLIER,
    "if-none-match": '"v1"',
  }, failed],
  ["13.2.2", "a true If-Unmodified-Since goes on to If-Modified-Since", "image", {
    "if-unmodified-since": CHANGED,
    "if-modified-since": CHANGED,
  }, unchanged],
  ["13.2.2", "If-None-Match makes If-Modified-Since ignored", "image", {
    "if-none-match": '"a"',
    "if-modified-since": LATER,
  }, whole],
  ["13.2.2", "also where it matches", "image", {
    "if-none-match": '"v1"',
    "if-modified-since": EARLIER,
  }, unchanged],
  [
    "13.2.2",
    "true conditions lead to the range",
    "image",
    range("bytes=0-4", {
      "if-match": '"v1"',
      "if-none-match": '"a"',
      "if-modified-since": LATER,
      "if-range": '"v1"',
    }),
    part(0, 4),
  ],
  [
    "14.2",
    "304 comes before Range",
    "image",
    range("bytes=0-4", { "if-none-match": '"v1"' }),
    unchanged,
  ],
  [
    "14.2",
    "304 comes before 416",
    "image",
    range("bytes=20000-", { "if-none-match": '"v1"' }),
    unchanged,
  ],
  ["13.2.2", "412 comes before 416", "image", range("bytes=20000-", { "if-match": '"a"' }), failed],
  [
    "13.2.2",
    "a false If-Range makes 416 a 200",
    "image",
    range("bytes=20000-", { "if-range": '"a"' }),
    whole,
  ],
  [
    "13.2.2",
    "a true If-Range leaves 416",
    "image",
    range("bytes=20000-", { "if-range": '"v1"' }),
    unsatisfiable,
  ],
  ["13.2.1", "what is missing is missing first", "none", { "if-match": "*" }, { status: 404 }],
  ["13.2.1", "also for If-None-Match", "none", { "if-none-match": "*" }, { status: 404 }],
  ["13.2.1", "OPTIONS has no conditions", "image", { ":method": "OPTIONS", "if-match": '"a"' }, {
    status: 204,
    headers: { allow: "GET, HEAD, OPTIONS, PUT, DELETE" },
  }],
  // Changing what is there.
  ["13.1.2", "PUT creates only", "image", { ":method": "PUT", "if-none-match": "*" }, failed],
  ["13.1.2", "PUT creates", "new", { ":method": "PUT", "if-none-match": "*" }, { status: 201 }],
  [
    "13.1.2",
    "PUT, a tag that matches",
    "image",
    { ":method": "PUT", "if-none-match": '"v1"' },
    failed,
  ],
  ["13.1.1", "PUT, there is nothing", "new", { ":method": "PUT", "if-match": "*" }, failed],
  ["13.1.1", "PUT, another tag", "image", { ":method": "PUT", "if-match": '"a"' }, failed],
  ["9.3.4", "PUT over an image is a conflict", "image", { ":method": "PUT" }, { status: 409 }],
  ["14.5", "PUT of a part", "new", { ":method": "PUT", "content-range": "bytes 0-4/10" }, {
    status: 400,
  }],
  ["13.1.1", "DELETE, another tag", "image", { ":method": "DELETE", "if-match": '"a"' }, failed],
  ["13.1.1", "DELETE, the tag", "image", { ":method": "DELETE", "if-match": '"v1"' }, {
    status: 204,
  }],
  ["13.1.4", "DELETE, changed since", "image", {
    ":method": "DELETE",
    "if-unmodified-since": EARLIER,
  }, failed],
  ["13.1.3", "DELETE ignores If-Modified-Since", "image", {
    ":method": "DELETE",
    "if-modified-since": LATER,
  }, { status: 204 }],
  ["15.5.6", "another method", "image", { ":method": "POST" }, {
    status: 405,
    headers: { allow: "GET, HEAD, OPTIONS, PUT, DELETE" },
  }],
];

for (const [section, what, image, fields, expected] of ROWS) {
  const { ":method": method = "GET", ...headers } = fields;
  const asked = Object.entries(fields).map(([name, value]) => `${name}: ${value}`.slice(0, 60));
  Deno.test(`handler: RFC 9110, ${section}: ${what} (${asked.join("; ")})`, async () => {
    const serve = await server();
    const response = await serve(
      new Request(`http://localhost/s/${image}`, {
        method,
        headers: { authorization: "Bearer t", ...headers },
        ...(method === "PUT" ? { body: "hello" } : {}),
      }),
    );
    assertEquals(response.status, expected.status);
    for (const [name, value] of Object.entries(expected.headers ?? {})) {
      assertEquals(response.headers.get(name), value, name);
    }
    const bytes = await response.bytes();
    if (expected.body === "all") assertEquals(bytes, DATA);
    else if (expected.body === "none") assertEquals(bytes.length, 0);
    else if (expected.body !== undefined) {
      const type = response.headers.get("content-type")!;
      const got = type.startsWith("multipart/byteranges")
        ? readMultipart(bytes, type)
        : [{ range: response.headers.get("content-range")!, bytes }];
      assertEquals(got.length, expected.body.length);
      for (const [i, [first, last]] of expected.body.entries()) {
        assertEquals(got[i]!.range, `bytes ${first}-${last}/10000`);
        assertEquals(got[i]!.bytes, DATA.slice(first, last + 1));
      }
      assertEquals(Number(response.headers.get("content-length")), bytes.length);
    }
  });
}

Deno.test("handler: the table of RFC 9110 has 100 rows or more", () => {
  assert(ROWS.length >= 100);
  assertEquals(new Set(ROWS.map((row) => JSON.stringify(row.slice(2, 4)))).size, ROWS.length);
});

Deno.test("handler: RFC 9110, 8.8.2.1: Last-Modified is not in the future", async () => {
  const serve = await server();
  for (const headers of [{}, { range: "bytes=0-4" }]) {
    const response = await serve(new Request("http://localhost/s/future", { headers }));
    await response.body?.cancel();
    assert(Date.parse(response.headers.get("last-modified")!) <= Date.now());
  }
});

Deno.test("handler: RFC 9110, 8.8.2.2: a date holds for If-Range a second after the last change", async () => {
  const serve = await server();
  const { now } = Date;
  try {
    for (const [age, status] of [[0, 200], [999, 200], [1000, 206]] as const) {
      Date.now = () => Date.parse(CHANGED) + age;
      const headers = { "range": "bytes=5-", "if-range": CHANGED };
      const response = await serve(new Request("http://localhost/s/untagged", { headers }));
      assertEquals([response.status, await response.bytes()], [
        status,
        status === 200 ? DATA : DATA.slice(5),
      ]);
    }
  } finally {
    Date.now = now;
  }
});

/** Takes a multipart body apart, strictly. */
function readMultipart(bytes: Uint8Array, type: string): { range: string; bytes: Uint8Array }[] {
  const boundary = /^multipart\/byteranges; boundary=([-\w]+)$/.exec(type)![1]!;
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const [preamble, ...sections] = text.split(`\r\n--${boundary}`);
  assertEquals([preamble, sections.pop()], ["", "--\r\n"]);
  return sections.map((section) => {
    const [, head, body] = /^\r\n([^]*?)\r\n\r\n([^]*)$/.exec(section)!;
    const [contentType, contentRange] = head!.split("\r\n");
    assertEquals(contentType, "Content-Type: application/octet-stream");
    return {
      range: contentRange!.replace("Content-Range: ", ""),
      bytes: Uint8Array.from(body!, (char) => char.charCodeAt(0)),
    };
  });
}
