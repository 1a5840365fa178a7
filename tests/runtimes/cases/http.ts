/**
 * Images on web servers.
 *
 * @module
 */
import { HttpStore } from "../../../drivers/http/mod.ts";
import { MemoryStore } from "../../../drivers/memory/mod.ts";
import { Vfs } from "../../../mod.ts";
import { handler } from "../../../server/http/mod.ts";
import { all, byobSizesOf, bytesOf, equal, fails, pattern, sizesOf } from "../check.ts";
import { IMAGE_SIZE } from "../images.ts";
import type { Cases } from "../case.ts";
import type { HttpSites } from "../environment.ts";

const MIB = 1_048_576;

/** What stores on web servers do. */
export function httpCases({ nginx, vitrine, breaking }: HttpSites): Cases {
  const data = pattern(IMAGE_SIZE);
  const site = (baseUrl: string) => new HttpStore("site", { baseUrl });
  return {
    "http: a whole image, by nginx and verified by its SHA256SUMS": async () => {
      const store = site(nginx);
      const { stream, size } = await store.get("big.img", { verify: true });
      equal(size, IMAGE_SIZE);
      equal(await bytesOf(stream), data);
      const { stream: other } = await store.get("wrong.img", { verify: true });
      await fails("ChecksumMismatch", () => sizesOf(other));
    },
    "http: a whole image, by Vitrine and verified by its Repr-Digest": async () => {
      const { stream } = await site(vitrine).get("big.img", { verify: true });
      equal(await sizesOf(stream), [4 * MIB, 4 * MIB, 4 * MIB, 5]);
    },
    "http: stat has size, time and entity tag": async () => {
      const { size, modified, etag } = await site(nginx).stat("big.img");
      equal([size, modified instanceof Date, etag?.startsWith('"')], [IMAGE_SIZE, true, true]);
    },
    "http: a range is read into one's own view of 4 MiB": async () => {
      for (const url of [nginx, vitrine]) {
        const { stream, total } = await site(url).get("big.img", { offset: 7, length: 4 * MIB });
        equal(total, IMAGE_SIZE);
        equal(await byobSizesOf(stream, 4 * MIB), [4 * MIB]);
      }
      const { stream } = await site(nginx).get("big.img", { offset: 7, length: 4 * MIB });
      equal(await bytesOf(stream), data.slice(7, 7 + 4 * MIB));
    },
    "http: a read whose connections break goes on where it broke": async () => {
      const { stream } = await site(breaking).get("big.img");
      equal(await bytesOf(stream), data);
    },
    "http: random access": async () => {
      const file = await site(nginx).open("big.img");
      const view = new Uint8Array(10);
      equal([await file.read(view, IMAGE_SIZE - 4), file.size], [4, IMAGE_SIZE]);
      equal(view.subarray(0, 4), data.subarray(-4));
      await file.close();
    },
    "http: the server's index is the directory": async () => {
      for (const url of [nginx, vitrine]) {
        const names = (await all(site(url).list({ recursive: true }))).map(({ path }) => path);
        equal(
          names.filter((name) => name.endsWith("img")).sort(),
          ["big.img", "sub/small.img"]
            .concat(url === nginx ? ["wrong.img"] : []),
        );
      }
    },
    "http: what is missing or lies inside is refused": async () => {
      await fails("NotFound", () => site(nginx).get("none.img"));
      await fails("EgressDenied", () => new HttpStore("any").get(`${nginx}big.img`));
    },
    "http: the handler over a site passes ranges on": async () => {
      const serve = handler(new Vfs({ site: site(nginx), scratch: new MemoryStore("scratch") }));
      const url = "http://localhost/site/big.img";
      const range = { range: "bytes=1000000-9999999" };
      const response = await serve(new Request(url, { headers: range }));
      equal([response.status, response.headers.get("content-length")], [206, "9000000"]);
      equal(
        new Uint8Array(await response.arrayBuffer()),
        data.slice(1_000_000, 10_000_000),
      );
    },
  };
}
