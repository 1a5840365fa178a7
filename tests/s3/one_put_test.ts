/**
 * An image of one `PUT`: whether it is looked for before, and that it replaces nothing.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { Duplicate } from "@vitrine/vitrine";
import { S3Store } from "@vitrine/vitrine/s3";

/** A bucket in memory, which obeys `If-None-Match` and keeps versions, or does not. */
class Server {
  /** The ids of the adds that the objects came to be by. */
  readonly objects = new Map<string, string>();
  readonly #obeys: boolean;
  readonly #versions: boolean;
  #requests: string[] = [];

  constructor({ obeys = true, versions = false } = {}) {
    this.#obeys = obeys;
    this.#versions = versions;
  }

  /** A new store that sends its requests here. */
  store(host = "https://s3.example.org"): S3Store {
    return new S3Store("s3", {
      ...{ host, bucket: "b", accessKey: "AKIA", secretKey: "hush-hush", retries: 0 },
      fetch: (url, { method = "GET", headers }) => {
        const key = new URL(url).pathname.split("/").at(-1)!;
        this.#requests.push(`${method} ${key}`);
        return Promise.resolve(this.#respond(method, key, new Headers(headers)));
      },
    });
  }

  /** The requests since they were taken before. */
  take(): string[] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  #respond(method: string, key: string, headers: Headers): Response {
    const id = this.objects.get(key);
    if (method === "HEAD") {
      if (id === undefined) return new Response(null, { status: 404 });
      const found = { etag: '"e"', "content-length": "1", "x-amz-meta-vitrine-add": id };
      return new Response(null, { headers: found });
    }
    if (this.#obeys && id !== undefined && headers.get("if-none-match") === "*") {
      return new Response("<Error><Code>PreconditionFailed</Code></Error>", { status: 412 });
    }
    this.objects.set(key, headers.get("x-amz-meta-vitrine-add")!);
    const version: HeadersInit = this.#versions ? { "x-amz-version-id": "v" } : {};
    return new Response(null, { headers: { etag: '"e"', ...version } });
  }
}

const image = new Uint8Array(1);

Deno.test("S3Store.add: takes one PUT once the server was seen to refuse a second one", async () => {
  const server = new Server();
  await using store = server.store();
  await store.add("a", image);
  assertEquals(server.take(), ["HEAD a", "PUT a"]);
  await store.add("b", image);
  assertEquals(server.take(), ["HEAD b", "PUT b", "PUT b"]);
  await store.add("c", image);
  assertEquals(server.take(), ["PUT c"]);
  const ids = new Map(server.objects);
  await assertRejects(() => store.add("c", image), Duplicate);
  assertEquals(server.objects, ids);
});

Deno.test("S3Store.add: looks for each image where the server ignores If-None-Match", async () => {
  const server = new Server({ obeys: false });
  await using store = server.store();
  for (const key of ["a", "b"]) await store.add(key, image);
  server.take();
  await store.add("c", image);
  assertEquals(server.take(), ["HEAD c", "PUT c"]);
  const ids = new Map(server.objects);
  await assertRejects(() => store.add("c", image), Duplicate);
  assertEquals(server.objects, ids);
});

Deno.test("S3Store.add: looks for each image in a bucket with versions, and stores none twice", async () => {
  const server = new Server({ versions: true });
  await using store = server.store();
  for (const key of ["a", "b", "c"]) {
    await store.add(key, image);
    assertEquals(server.take(), [`HEAD ${key}`, `PUT ${key}`]);
  }
});

Deno.test("S3Store.add: takes one PUT on Amazon, which decides, from the first image on", async () => {
  const server = new Server({ versions: true });
  await using store = server.store("https://s3.eu-west-1.amazonaws.com");
  await store.add("a", image);
  await assertRejects(() => store.add("a", image), Duplicate);
  // It is looked at whether the image is of the second add, and again before that would be cleaned up.
  assertEquals(server.take(), ["PUT a", "PUT a", "HEAD a", "HEAD a"]);
});
