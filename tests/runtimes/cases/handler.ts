/**
 * The path tree over HTTP.
 *
 * @module
 */
import { MemoryStore } from "../../../drivers/memory/mod.ts";
import { Vfs } from "../../../mod.ts";
import { handler } from "../../../server/http/mod.ts";
import { byobSizesOf, equal, pattern } from "../check.ts";
import type { Cases } from "../case.ts";

const DATA = pattern(1_500_000);

type Fields = Record<string, string>;

async function serving(): Promise<(headers?: Fields, init?: RequestInit) => Promise<Response>> {
  const vfs = new Vfs({ store: new MemoryStore("store") });
  await vfs.writeFile("/store/a.iso", DATA);
  const serve = handler(vfs, { writeToken: "secret" });
  return (headers = {}, init = {}) =>
    serve(new Request("http://localhost/store/a.iso", { ...init, headers }));
}

async function body(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** The handler's responses. */
export const handlerCases: Cases = {
  "handler: a whole image": async () => {
    const response = await (await serving())();
    equal([response.status, response.headers.get("content-length")], [200, "1500000"]);
    equal(response.headers.get("repr-digest")?.startsWith("sha-512=:"), true);
    equal(await body(response), DATA);
  },
  "handler: a range": async () => {
    const response = await (await serving())({ range: "bytes=10-1000009" });
    equal([response.status, response.headers.get("content-range")], [
      206,
      "bytes 10-1000009/1500000",
    ]);
    equal(await body(response), DATA.slice(10, 1_000_010));
  },
  "handler: a range is read into one's own views": async () => {
    const response = await (await serving())({ range: "bytes=0-999999" });
    equal(await byobSizesOf(response.body!, 500_000), [500_000, 500_000]);
  },
  "handler: several ranges": async () => {
    const response = await (await serving())({ range: "bytes=0-1,1000000-1000001,-2" });
    equal(response.status, 206);
    equal(/^multipart\/byteranges; boundary=/.test(response.headers.get("content-type")!), true);
    equal((await body(response)).length, Number(response.headers.get("content-length")));
  },
  "handler: conditions and ranges that do not hold": async () => {
    const ask = await serving();
    const etag = (await ask({}, { method: "HEAD" })).headers.get("etag")!;
    equal((await ask({ "if-none-match": etag })).status, 304);
    equal((await ask({ "if-match": '"other"' })).status, 412);
    equal((await ask({ range: "bytes=1500000-" })).status, 416);
  },
  "handler: a directory as JSON and as a page": async () => {
    const vfs = new Vfs({ store: new MemoryStore("store") });
    await vfs.writeTextFile("/store/a.txt", "hello");
    const ask = (accept: string) =>
      handler(vfs)(new Request("http://localhost/store/", { headers: { accept } }));
    const [entry] = await (await ask("application/json")).json();
    equal([entry.name, entry.type, entry.size], ["a.txt", "file", 5]);
    equal((await (await ask("text/html")).text()).includes('href="a.txt"'), true);
  },
  "handler: PUT and DELETE with the token alone": async () => {
    const ask = await serving();
    const authorization = "Bearer secret";
    equal((await ask({}, { method: "DELETE" })).status, 401);
    equal((await ask({ authorization }, { method: "PUT", body: "new" })).status, 409);
    equal((await ask({ authorization }, { method: "DELETE" })).status, 204);
    equal((await ask({ authorization }, { method: "PUT", body: "new" })).status, 201);
    equal(await (await ask()).text(), "new");
  },
};
