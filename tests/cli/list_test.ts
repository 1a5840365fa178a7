/**
 * `vitrine ls`.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { Workplace } from "./harness.ts";

Deno.test("ls --limit, --start-after: list page by page", async () => {
  await using place = await Workplace.make();
  for (const name of ["a", "a-b", "c #?%ü"]) await Deno.writeTextFile(place.path(name), name);
  await place.run("cp", ...["a", "a-b", "c #?%ü"].map((name) => `./${name}`), "/local/");
  await place.run("add", "./a", "--id", "b/inside");
  const first = await place.run("ls", "--limit", "2", "/local");
  assertEquals([first.code, first.out], [0, "a\na-b\n"]);
  const rest = await place.run("ls", "--start-after", "a-b", "/local");
  assertEquals([rest.code, rest.out], [0, "b/\nc #?%ü\n"]);
  const last = await place.run("ls", "-l", "--limit=5", "--start-after", "b/", "/local");
  assertMatch(last.out, /^\d+ B {2}\S+ \S+ {2}c #\?%ü\n$/);
  const none = await place.run("ls", "--json", "--start-after", "d", "/local");
  assertEquals([none.code, none.out], [0, "[]\n"]);
  for (const wrong of [["--limit", "0"], ["--limit", "2", "-R"], ["--start-after", "a", "-R"]]) {
    assertEquals((await place.run("ls", ...wrong, "/local")).code, 2, wrong.join(" "));
  }
});

Deno.test("ls -l: requests nothing for each image", async () => {
  const requests: string[] = [];
  // Apache rounds sizes.
  const page = `<html><head><title>Index of /images</title></head><body><pre>
<a href="disk.raw">disk.raw</a>   2026-05-01 12:00  1.2G
</pre></body></html>`;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    requests.push(new URL(request.url).pathname);
    return new Response(page, { headers: { "content-type": "text/html" } });
  });
  const baseUrl = `http://127.0.0.1:${server.addr.port}/images/`;
  await using place = await Workplace.make({ stores: { web: { driver: "http", baseUrl } } });
  const { code, out, err } = await place.run("ls", "-l", "/web");
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^\? {2}\S+ {2}disk\.raw\n$/);
  assertEquals(requests.filter((request) => request.includes("disk.raw")), []);
});
