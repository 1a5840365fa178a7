/**
 * A program that does nothing but read ranges and a whole image, from the store that its argument names: what
 * it loads is what those load who do the same.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Store } from "@vitrine/vitrine";

const image = new Uint8Array(300_000).fill(7);

await using server = Deno.serve({ port: 0, onListen() {} }, ({ headers }) => {
  const etag = '"1"';
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
  if (from === undefined) return new Response(image, { headers: { etag } });
  return new Response(image.subarray(Number(from), Number(to) + 1), {
    status: 206,
    headers: { etag, "content-range": `bytes ${from}-${to}/${image.length}` },
  });
});

const url = `http://127.0.0.1:${server.addr.port}`;

const STORES: Readonly<Record<string, () => Promise<Store>>> = {
  async http() {
    const { HttpStore } = await import("@vitrine/vitrine/http");
    return new HttpStore("site", { baseUrl: url });
  },
  async s3() {
    const { S3Store } = await import("@vitrine/vitrine/s3");
    return new S3Store("bucket", { host: url, bucket: "b", accessKey: "a", secretKey: "s" });
  },
};

await using store = await STORES[Deno.args[0]!]!();
for (const options of [{ offset: 9, length: 100_000 }, {}]) {
  const { stream, size } = await store.get("a.img", options);
  assertEquals((await new Response(stream).arrayBuffer()).byteLength, size);
}
