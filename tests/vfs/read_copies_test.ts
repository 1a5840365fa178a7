/**
 * Reads of an image that several stores have, of which some stop in mid-stream.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { ChecksumMismatch, Invalid, NotFound, type Store, Stores, Vfs } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { HttpStore } from "@vitrine/vitrine/http";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { S3Store } from "@vitrine/vitrine/s3";
import { Workplace } from "../cli/harness.ts";
import { encodeBase64 } from "../../streams/encoding.ts";
import { Relay } from "../faults/relay.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";

const image = new Uint8Array(20_000_000).map((_, index) => index * 7 >> 8);
const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", image));

/** A web server that has the image, until it is stopped in the middle of it. */
class Mirror {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  /** How many requests for bytes it got. */
  requests = 0;

  constructor(value = digest) {
    const headers = {
      "etag": '"1"',
      "accept-ranges": "bytes",
      "repr-digest": `sha-512=:${encodeBase64(value)}:`,
    };
    const { signal } = this.#stop;
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", signal, onListen() {} },
      (request) => {
        if (request.method === "HEAD") {
          return new Response(null, {
            headers: { ...headers, "content-length": `${image.length}` },
          });
        }
        this.requests++;
        const range = /^bytes=(\d+)-(\d*)/.exec(request.headers.get("range") ?? "");
        const [start, end] = [Number(range?.[1] ?? 0), Number(range?.[2] || image.length - 1) + 1];
        return new Response(image.slice(start, end), {
          status: range ? 206 : 200,
          headers: range
            ? { ...headers, "content-range": `bytes ${start}-${end - 1}/${image.length}` }
            : headers,
        });
      },
    );
  }

  /** Creates a store of the mirror. */
  store(name: string): HttpStore {
    const baseUrl = `http://127.0.0.1:${this.#server.addr.port}/`;
    const allowed = { allowedHosts: ["127.0.0.1"], allowedPorts: [`${this.#server.addr.port}`] };
    return new HttpStore(name, { baseUrl, ...allowed, retries: 0 });
  }

  /** Stops the server; connections that are open break. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#server.finished.catch(() => {});
  }
}

Deno.test("Vfs.getAny: goes on in mid-stream when two of three stores stop", async () => {
  const mirrors = [new Mirror(), new Mirror()];
  const [a, b] = mirrors.map((mirror, index) => mirror.store("ab"[index]!));
  await using vfs = new Vfs({ c: new MemoryStore("c"), a: a!, b: b! });
  await vfs.writeFile("/c/x.raw", image);
  const failed: string[] = [];
  const paths = ["/a/x.raw", "/b/x.raw", "/c/x.raw"];
  const { stream, size } = await vfs.getAny(paths, {
    verify: true,
    onFailure: (path) => failed.push(path),
  });
  assertEquals(size, image.length);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunks.length <= 2) await mirrors[chunks.length - 1]!.stop();
  }
  assertEquals(await new Blob(chunks).bytes(), image);
  assertEquals(failed, ["/a/x.raw", "/b/x.raw"]);
});

serviceTest(
  "Vfs.getAny: goes on in a file when radosgw and Swift stop in mid-stream",
  ["ceph", "swift"],
  async ({ ceph, swift }) => {
    const datadir = await Deno.makeTempDir();
    await using first = new TestBucket(ceph.s3);
    await using second = new TestBucket(swift.s3);
    const relays = [first, second].map(({ options }) => new Relay(new URL(options.host!)));
    const relayed = [first, second].map(({ options }, index) => {
      return new S3Store("ab"[index]!, { ...options, host: relays[index]!.url, retries: 0 });
    });
    const file = new FileStore("c", { datadir });
    await using vfs = new Vfs({ a: relayed[0]!, b: relayed[1]!, c: file } as Record<string, Store>);
    try {
      for (const { store } of [first, second]) await store.add("x.raw", image);
      await file.add("x.raw", image);
      const failed: string[] = [];
      const paths = ["/a/x.raw", "/b/x.raw", "/c/x.raw"];
      const onFailure = (path: string) => failed.push(path);
      const { stream } = await vfs.getAny(paths, { verify: true, onFailure });
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of stream) {
        chunks.push(chunk);
        if (chunks.length <= 2) relays[chunks.length - 1]!.stop();
      }
      assertEquals(await new Blob(chunks).bytes(), image);
      assertEquals(failed, ["/a/x.raw", "/b/x.raw"]);
    } finally {
      await Deno.remove(datadir, { recursive: true });
    }
  },
);

Deno.test("Vfs.getAny: goes on only in the same image, and throws the first failure", async () => {
  const [mirror, other] = [new Mirror(), new Mirror(new Uint8Array(64))];
  await using vfs = new Vfs({ a: mirror.store("a"), b: other.store("b") });
  const { reader } = await vfs.getAny(["/a/x.raw", "/b/x.raw"]);
  await reader.read(new Uint8Array(1_000_000));
  await mirror.stop();
  const rest = async () => {
    while ((await reader.read(new Uint8Array(4_194_304))).length > 0);
  };
  await assertRejects(rest, Error, "a: get");
  await reader.close();
  assertEquals(other.requests, 0);
  const wrong = await vfs.getAny(["/b/x.raw"], { verify: true });
  await assertRejects(() => new Response(wrong.stream).bytes(), ChecksumMismatch);
  await other.stop();
});

Deno.test("Vfs.getAny: the heaviest store that has it is read, ranges too", async () => {
  const [a, b] = [new MemoryStore("a"), new MemoryStore("b")];
  await using vfs = new Vfs(new Stores({ a, b: { store: b, weight: 5 } }));
  await vfs.writeTextFile("/a/x", "hello");
  const read = async (offset?: number, length?: number) => {
    const { stream } = await vfs.getAny(["/a/x", "/b/x"], { offset, length });
    return await new Response(stream).text();
  };
  assertEquals(await read(1, 3), "ell");
  await vfs.writeTextFile("/b/x", "world");
  assertEquals(await read(), "world");
  await assertRejects(() => vfs.getAny(["/a/none", "/b/none"]), NotFound);
  await assertRejects(() => vfs.getAny([]), Invalid);
  await assertRejects(() => vfs.getAny(["/a/x"], { verify: true, offset: 1 }), Invalid);
});

Deno.test("vitrine cat --or: reads the copy that can be read", async () => {
  await using work = await Workplace.make();
  await Deno.writeTextFile(work.path("local/x"), "hello");
  const { code, out } = await work.run("cat", "/mirror/x", "--or", "/local/x");
  assertEquals([code, out], [0, "hello"]);
  assertEquals((await work.run("cat", "/mirror/x", "/local/x", "--or", "/local/x")).code, 2);
});
