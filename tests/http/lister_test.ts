/**
 * Listings of http stores: odd, hostile and endless indexes, checksum files, directories.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  BackendException,
  ChecksumMismatch,
  NotFound,
  type SkippedEntry,
  StoreListNotSupported,
} from "@vitrine/vitrine";
import { type HttpOptions, HttpStore } from "@vitrine/vitrine/http";
import { parseChecksums } from "../../drivers/http/checksum_files.ts";

type Respond = (path: string, request: Request) => Response | Promise<Response>;

async function withSite(
  respond: Respond,
  run: (store: HttpStore) => Promise<void>,
  options: HttpOptions = {},
): Promise<void> {
  const handler = (request: Request) => respond(new URL(request.url).pathname, request);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const baseUrl = `http://127.0.0.1:${server.addr.port}/`;
  await using store = new HttpStore("site", { baseUrl, retries: 0, ...options });
  await run(store);
}

const missing = () => new Response(null, { status: 404 });
const page = (body: string, title = "Index of /") =>
  new Response(`<html><title>${title}</title>${body}</html>`, {
    headers: { "content-type": "text/html" },
  });
const links = (...names: string[]) =>
  page(names.map((name) => `<a href="${name}">${name}</a>\n`).join(""));

async function list(
  store: HttpStore,
  options: { directory?: string; recursive?: boolean } = {},
): Promise<{ paths: string[]; skipped: string[] }> {
  const skipped: SkippedEntry[] = [];
  const entries = await Array.fromAsync(
    store.list({ ...options, onSkipped: (entry) => skipped.push(entry) }),
  );
  return { paths: entries.map(({ path }) => path), skipped: skipped.map(({ path }) => path) };
}

Deno.test("HttpStore.list: an index that was made to take long ends with the caller's abort", async () => {
  const hostile = {
    unclosed: "<a href='x'>".repeat(200_000),
    attributes: `<a ${"x ".repeat(1_000_000)}`,
    opening: "<a ".repeat(500_000),
    quotes: `<a href="`.repeat(200_000),
    entities: `<a href="${"&#x41".repeat(300_000)}">`,
    spaces: `<a href="x">x</a>${" ".repeat(2_000_000)}y`,
    titles: `<title>${" ".repeat(2_000_000)}`,
    ends: "</html> ".repeat(200_000),
    names: Array.from({ length: 100_000 }, (_, at) => `<a href="${at}.img">${at}.img</a>\n`).join(
      "",
    ),
  };
  for (const [name, body] of Object.entries(hostile)) {
    await withSite(() => page(body), async (store) => {
      const controller = new AbortController();
      const reason = new Error("the caller has gone");
      const listing = store.list({ signal: controller.signal, onSkipped() {} });
      const first = listing.next();
      // Whether it is parsed by then or not, the next step must see the abort.
      await first.catch(() => {});
      controller.abort(reason);
      const error = await Array.fromAsync(listing).then(() => undefined, (error) => error);
      if (error !== undefined) assertStrictEquals(error, reason, name);
    });
  }
});

Deno.test("HttpStore.list: parsing a large index lets other work have its turn", async () => {
  const body = Array.from({ length: 50_000 }, (_, at) => `<a href="${at}.img">${at}</a>\n`).join(
    "",
  );
  await withSite(() => page(body), async (store) => {
    let turns = 0;
    const timer = setInterval(() => turns++);
    const listing = store.list();
    await listing.next();
    clearInterval(timer);
    await listing.return(undefined);
    assert(turns >= 3, `only ${turns} turns`);
  });
});

Deno.test("HttpStore.list: one bad entry spoils itself and is reported", async () => {
  const bad = [
    ...[null, 5, "x", {}, { name: 7, type: "file" }, { name: "nul\0", type: "file" }],
    ...[{ name: "..", type: "directory" }, { name: "a/b", type: "file" }, { name: "odd" }],
    { name: "lone\ud800", type: "file" },
  ];
  const good = { name: "good.img", type: "file", size: 5 };
  await withSite(() => Response.json([...bad, good]), async (store) => {
    const { paths, skipped } = await list(store);
    assertEquals(paths, ["good.img"]);
    assertEquals(skipped.length, bad.length);
  });
  await withSite(() => links("good.img", "%ff.img", "x%00y", "a%2fb"), async (store) => {
    const { paths, skipped } = await list(store);
    assertEquals(paths, ["good.img"]);
    assertEquals(skipped, ["%ff.img", "x\0y", "a%2fb"]);
  });
});

Deno.test("HttpStore.list: JSON that is no index, or is nested deeply, is not supported", async () => {
  for (const text of ["{}", "[1, 2]", "[".repeat(100_000), "", "null", '{"a":[]}', "[{}]"]) {
    await withSite(
      (path) =>
        path === "/"
          ? new Response(text, { headers: { "content-type": "application/json" } })
          : missing(),
      async (store) => void await assertRejects(() => list(store), StoreListNotSupported),
    );
  }
});

Deno.test("HttpStore.list: links that lead back to the same content end, and are reported", async () => {
  const indexes = {
    loop: () => links("a.img", "loop/"),
    fan: () => links("a.img", "x/", "y/", "z/"),
    single: () => links("d/"),
    growing: (path: string) => links(`${path.length}.img`, "d/"),
  };
  for (const [name, index] of Object.entries(indexes)) {
    let requests = 0;
    await withSite((path) => {
      requests++;
      return index(path);
    }, async (store) => {
      const { skipped } = await list(store, { recursive: true });
      assert(skipped.length > 0, name);
      assert(requests < 100, `${name}: ${requests} requests`);
    });
  }
});

Deno.test("HttpStore: a directory is no image, whether the server redirects or not", async () => {
  const redirecting: Respond = (path) => {
    if (path === "/deb") return new Response(null, { status: 301, headers: { location: "/deb/" } });
    if (path === "/deb/") return links("a.img");
    return path === "/deb/a.img" ? new Response("image") : missing();
  };
  const silent: Respond = (path) => {
    if (path === "/deb" || path === "/deb/") return links("a.img");
    return path === "/deb/a.img" ? new Response("image") : missing();
  };
  for (const respond of [redirecting, silent]) {
    await withSite(respond, async (store) => {
      await assertRejects(() => store.stat("deb"), NotFound);
      await assertRejects(() => store.get("deb").then(({ stream }) => stream.cancel()), NotFound);
      assertEquals((await store.stat("deb/a.img")).size, 5);
      assertEquals((await list(store, { directory: "deb" })).paths, ["deb/a.img"]);
    });
  }
});

Deno.test("HttpStore.get: a page that is an image of its own is read", async () => {
  const text = "<html><title>Welcome</title></html>";
  const respond: Respond = (path) =>
    path === "/notes" || path === "/index.html"
      ? new Response(text, { headers: { "content-type": "text/html" } })
      : missing();
  await withSite(respond, async (store) => {
    for (const path of ["notes", "index.html"]) {
      const { stream } = await store.get(path);
      assertEquals(await new Response(stream).text(), text);
    }
  });
});

Deno.test("HttpStore.stat: a HEAD of 0 bytes is no proof", async () => {
  await withSite((path, { method, headers }) => {
    if (path !== "/a.img") return missing();
    if (method === "HEAD") return new Response(null, { headers: { "content-length": "0" } });
    if (headers.get("range") !== "bytes=0-0") return new Response("hello");
    return new Response("h", { status: 206, headers: { "content-range": "bytes 0-0/5" } });
  }, async (store) => {
    assertEquals(await store.getSize("a.img"), 5);
    await using handle = await store.open("a.img");
    assertEquals(await handle.read(new Uint8Array(1), 0), 1);
  });
});

const encoder = new TextEncoder();
async function digest(name: string, text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest(name, encoder.encode(text))).toHex();
}

/** The checksum files of mirrors, by the name of the distribution: path and content. */
const MIRRORS: Record<string, (image: string, sums: Record<string, string>) => [string, string]> = {
  debian: (image, { sha512 }) => ["SHA512SUMS", `${sha512}  ${image}\n`],
  ubuntu: (image, { sha256 }) => ["SHA256SUMS", `${sha256} *${image}\n`],
  fedora: (image, { sha256 }) => [
    "Fedora-Cloud-43-1.6-x86_64-CHECKSUM",
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# ${image}: 5 bytes\n` +
    `SHA256 (${image}) = ${sha256}\n-----BEGIN PGP SIGNATURE-----\n`,
  ],
  centos: (
    image,
    { sha256 },
  ) => ["CHECKSUM", `# ${image}: 5 bytes\nSHA256 (${image}) = ${sha256}\n`],
  arch: (image, { sha256 }) => [`${image}.SHA256`, `${sha256}  ${image}\n`],
  archIso: (image, { sha256 }) => ["sha256sums.txt", `${sha256}  ${image}\n`],
  alpine: (image, { sha512 }) => [`${image}.sha512`, `${sha512}  ${image}\n`],
  alone: (image, { sha256 }) => [`${image}.sha256`, `${sha256}\n`],
  old: (image, { md5 }) => ["MD5SUMS", `${md5}  ./${image}\n`],
};

Deno.test("HttpStore: images of mirrors are verified by the checksum files beside them", async () => {
  const sums = {
    sha256: await digest("SHA-256", "hello"),
    sha512: await digest("SHA-512", "hello"),
    md5: "5d41402abc4b2a76b9719d911017c592",
  };
  const wrong = Object.fromEntries(Object.entries(sums).map(([k, v]) => [k, v.replace(/./g, "0")]));
  for (const [mirror, file] of Object.entries(MIRRORS)) {
    for (const [values, isRight] of [[sums, true], [wrong, false]] as const) {
      const [path, text] = file("disk.qcow2", values);
      await withSite((at) => {
        if (at === "/") return links("disk.qcow2", path);
        if (at === `/${path}`) return new Response(text);
        return at === "/disk.qcow2" ? new Response("hello") : missing();
      }, async (store) => {
        const { checksum, multihash } = await store.stat("disk.qcow2");
        assert(checksum ?? multihash, mirror);
        const read = async () => {
          const { stream } = await store.get("disk.qcow2", { verify: true });
          return await new Response(stream).text();
        };
        if (isRight) assertEquals(await read(), "hello", mirror);
        else await assertRejects(read, ChecksumMismatch);
      });
    }
  }
});

Deno.test("HttpStore.stat: a checksum file that cannot be had makes nothing fail", async () => {
  const failures: Record<string, () => Response> = {
    forbidden: () => new Response(null, { status: 403 }),
    broken: () => new Response(null, { status: 500 }),
    "not HTTP at all": () => new Response("x".repeat(10_000_000)),
    redirect: () => new Response(null, { status: 302, headers: { location: "http://10.0.0.1/" } }),
    silent: () => new Response(new ReadableStream()),
  };
  for (const failure of Object.values(failures)) {
    await withSite(
      (path) => path === "/a.img" ? new Response("hello") : failure(),
      async (store) => {
        const { size, multihash } = await store.stat("a.img");
        assertEquals([size, multihash], [5, undefined]);
      },
    );
  }
});

Deno.test("parseChecksums: the forms of coreutils and BSD, and nothing else", () => {
  const [md5, sha256, sha512] = [32, 64, 128].map((length) => "a".repeat(length)) as string[];
  const sums = parseChecksums([
    `${sha256}  two spaces.img`,
    `${sha512} *binary.img`,
    `${md5}  ./here.img`,
    `\\${sha256}  back\\\\slash\\nline.img`,
    `SHA512 (with (brackets).img) = ${sha512}`,
    `SHA256(openssl.img)= ${sha256}`,
    `SHA2-512(openssl3.img)= ${sha512}`,
    `${sha256}  below/two spaces.img`,
    `SHA256 (wrong length.img) = ${sha512}`,
    `${sha256!.slice(1)}  short.img`,
    `# ${sha256}  comment.img`,
    sha256,
    "",
  ].join("\r\n"));
  assertEquals([...sums.keys()], [
    ...["two spaces.img", "binary.img", "here.img", "back\\slash\nline.img"],
    ...["with (brackets).img", "openssl.img", "openssl3.img", "below/two spaces.img"],
  ]);
  for (const line of [sha256, `${sha256}  alone.img`, `${sha256}  /home/build/out/alone.img`]) {
    assertEquals([...parseChecksums(`${line}\n`, "alone.img").keys()], ["alone.img"]);
  }
});

Deno.test("HttpStore.list: an index longer than its limit is an error", async () => {
  await withSite(() => page(" ".repeat(40_000_000)), async (store) => {
    await assertRejects(() => list(store), BackendException, "longer than");
  });
});
