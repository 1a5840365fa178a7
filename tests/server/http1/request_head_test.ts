/**
 * Heads of requests, as clients, proxies and attackers write them.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { parseRequestHead, RequestError } from "../../../server/http1/request_head.ts";

const HOST = "Host: localhost";

Deno.test("parseRequestHead: reads method, target, fields and length", () => {
  const { method, target, minor, headers, length, keepAlive } = parseRequestHead(
    `PUT /s/a%20b?x=1 HTTP/1.1\r\n${HOST}:8080\r\nContent-Length:  5 \r\nX-Empty:\r\nA: 1\r\na: 2`,
  );
  assertEquals([method, target, minor, length, keepAlive], ["PUT", "/s/a%20b?x=1", 1, 5, true]);
  assertEquals(headers.get("host"), "localhost:8080");
  assertEquals([headers.get("x-empty"), headers.get("a")], ["", "1, 2"]);
});

Deno.test("parseRequestHead: an absolute target replaces the Host field", () => {
  for (
    const [target, path] of [
      ["http://example.org/s/a?x", "/s/a?x"],
      ["HTTP://example.org:80?x", "/?x"],
      ["https://example.org", "/"],
    ] as const
  ) {
    const head = parseRequestHead(`GET ${target} HTTP/1.1\r\n${HOST}`);
    assertEquals(head.target, path);
    assertEquals(head.headers.get("host")!.startsWith("example.org"), true);
  }
});

Deno.test("parseRequestHead: connections are kept by version and Connection field", () => {
  const kept = (version: string, connection = "") =>
    parseRequestHead(`GET / HTTP/${version}\r\n${HOST}${connection}`).keepAlive;
  assertEquals(kept("1.1"), true);
  assertEquals(kept("1.1", "\r\nConnection: TE, Close"), false);
  assertEquals(kept("1.0"), false);
  assertEquals(kept("1.0", "\r\nConnection: keep-alive"), true);
  assertEquals(parseRequestHead("GET / HTTP/1.0").headers.get("host"), null);
});

Deno.test("parseRequestHead: a chunked body has no length", () => {
  const head = parseRequestHead(`PUT /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: Chunked`);
  assertEquals(head.length, "chunked");
});

for (
  const [what, status, head] of [
    ["no Host in HTTP/1.1", 400, "GET / HTTP/1.1"],
    ["two Hosts", 400, `GET / HTTP/1.1\r\n${HOST}\r\n${HOST}`],
    ["a Host with a path", 400, "GET / HTTP/1.1\r\nHost: x/y"],
    ["a Host with a port that is none", 400, "GET / HTTP/1.1\r\nHost: x:99999"],
    ["user information in the target", 400, `GET http://a@b/ HTTP/1.1\r\n${HOST}`],
    ["no version", 400, "GET /"],
    ["another protocol", 400, `GET / HTTPS/1.1\r\n${HOST}`],
    ["HTTP/2", 505, `PRI * HTTP/2.0`],
    ["two blanks in the request line", 400, `GET  / HTTP/1.1\r\n${HOST}`],
    ["a blank in the target", 400, `GET /a b HTTP/1.1\r\n${HOST}`],
    ["a fragment", 400, `GET /a#b HTTP/1.1\r\n${HOST}`],
    ["a target that is no path", 400, `GET a HTTP/1.1\r\n${HOST}`],
    ["an authority as target", 400, `CONNECT localhost:80 HTTP/1.1\r\n${HOST}`],
    ["an asterisk for another method", 400, `GET * HTTP/1.1\r\n${HOST}`],
    ["a byte above ASCII in the target", 400, `GET /\xe4 HTTP/1.1\r\n${HOST}`],
    ["a target of 9,000 bytes", 414, `GET /${"a".repeat(9000)} HTTP/1.1\r\n${HOST}`],
    ["a bare line feed", 400, `GET / HTTP/1.1\r\n${HOST}\nX: y`],
    ["a bare carriage return", 400, `GET / HTTP/1.1\r\n${HOST}\rX: y`],
    ["NUL in a value", 400, `GET / HTTP/1.1\r\n${HOST}\r\nX: a\0b`],
    ["a folded line", 400, `GET / HTTP/1.1\r\n${HOST}\r\nX: a\r\n b`],
    ["a blank before the colon", 400, `GET / HTTP/1.1\r\n${HOST}\r\nContent-Length : 5`],
    ["a field without a name", 400, `GET / HTTP/1.1\r\n${HOST}\r\n: x`],
    ["a field without a colon", 400, `GET / HTTP/1.1\r\n${HOST}\r\nX`],
    ["101 fields", 431, `GET / HTTP/1.1\r\n${HOST}${"\r\nA: b".repeat(100)}`],
    ["two lengths", 400, `PUT / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nContent-Length: 5`],
    ["a list of lengths", 400, `PUT / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5, 5`],
    ["a signed length", 400, `PUT / HTTP/1.1\r\n${HOST}\r\nContent-Length: +5`],
    ["a length in hex", 400, `PUT / HTTP/1.1\r\n${HOST}\r\nContent-Length: 0x5`],
    ["a length of 16 digits", 400, `PUT / HTTP/1.1\r\n${HOST}\r\nContent-Length: 9999999999999999`],
    [
      "length and chunks",
      400,
      `PUT / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked`,
    ],
    ["chunks in HTTP/1.0", 400, `PUT / HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked`],
    ["another encoding", 501, `PUT / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: gzip, chunked`],
    ["an encoding with a trick", 501, `PUT / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: xchunked`],
  ] as const
) {
  Deno.test(`parseRequestHead: refuses ${what} with ${status}`, () => {
    const error = assertThrows(() => parseRequestHead(head), RequestError) as RequestError;
    assertEquals(error.status, status);
  });
}
