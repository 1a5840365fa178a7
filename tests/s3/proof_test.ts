/**
 * Success is believed only where the server says what S3 says: portals, wrong documents and servers
 * without an end.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type S3Options, S3Store } from "../../drivers/s3/mod.ts";
import { parseXml } from "../../drivers/s3/xml.ts";
import { BackendException, ImageChanged, type SkippedEntry, StoreError } from "../../mod.ts";

const MIB = 2 ** 20;
const PORTAL = "<html><head></head><body>Please log in</body></html>";

/** A request as the server gets it. */
interface Request {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

/** A store whose server is a function. */
function storeOn(
  serve: (request: Request) => Response,
  options: Partial<S3Options> = {},
): S3Store {
  return new S3Store("s3", {
    host: "https://s3.example.org",
    bucket: "b",
    accessKey: "AKIA",
    secretKey: "hush-hush",
    retries: 0,
    largeObjectSize: 5,
    largeObjectChunkSize: 5,
    fetch: (url, { method = "GET", headers, body }) => {
      const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
      return Promise.resolve(
        serve({ method, url: new URL(url), headers: new Headers(headers), body: text }),
      );
    },
    ...options,
  });
}

const portal = () => new Response(PORTAL, { headers: { "content-type": "text/html" } });
const missing = () => new Response(null, { status: 404 });
const image = () => new Response(null, { headers: { etag: '"a"', "content-length": "5" } });

Deno.test("S3Store: a login page with status 200 is no success of any operation", async () => {
  const operations: Record<string, (store: S3Store) => Promise<unknown>> = {
    get: (store) => store.get("a"),
    stat: (store) => store.stat("a"),
    "add of one PUT": (store) => store.add("a", new Uint8Array(3)),
    "add in parts": (store) => store.add("a", new Uint8Array(12 * MIB)),
    copy: (store) => store.copy("a", "c"),
    rename: (store) => store.rename("a", "c"),
    delete: (store) => store.delete("a"),
    deleteMany: (store) => store.deleteMany(["a", "b"]),
    list: (store) => Array.fromAsync(store.list()),
    gc: (store) => Array.fromAsync(store.gc()),
    getAcls: (store) => store.getAcls("a"),
    setAcls: (store) => store.setAcls("a", { public: true }),
  };
  for (const [name, run] of Object.entries(operations)) {
    // Once everything is a portal, once the HEADs are not.
    const heads = { missing, image, portal };
    for (const [kind, head] of Object.entries(heads)) {
      if (name === "stat" && kind === "image") continue;
      await using store = storeOn(({ method }) => method === "HEAD" ? head() : portal());
      const error = await assertRejects(() => run(store), StoreError, undefined, `${name} ${kind}`);
      assert(!(error as Error).message.includes("\n"));
    }
  }
});

Deno.test("S3Store.copy: looks at the copy only where the response does not prove it by the ETag", async () => {
  for (const [etag, looks] of [["&quot;1&quot;", 0], ["1", 0], ["2", 2]] as const) {
    const objects = new Map([["/b/a", ""]]);
    const requests: string[] = [];
    await using store = storeOn(({ method, url: { pathname }, headers }) => {
      requests.push(method);
      const add = objects.get(pathname);
      if (method === "HEAD") {
        if (add === undefined) return missing();
        const more = { "content-length": "5", "x-amz-meta-vitrine-add": add };
        // Without them its tags are read.
        const digests = { "x-amz-meta-checksum": "0", "x-amz-meta-os-hash-value": "0" };
        return new Response(null, { headers: { etag: '"1"', ...more, ...digests } });
      }
      objects.set(pathname, headers.get("x-amz-meta-vitrine-add")!);
      return new Response(`<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`);
    });
    await store.copy("a", "c");
    assertEquals(requests, ["HEAD", "HEAD", "PUT", ...new Array(looks).fill("HEAD")], etag);
    assertEquals([...objects.keys()], ["/b/a", "/b/c"]);
  }
});

Deno.test("S3Store.rename: keeps the source when the copy is not confirmed", async () => {
  const objects = new Set(["/b/a"]);
  await using store = storeOn(({ method, url: { pathname } }) => {
    if (method === "HEAD") return objects.has(pathname) ? image() : missing();
    if (method === "DELETE") {
      objects.delete(pathname);
      return new Response(null, { status: 204 });
    }
    return portal();
  });
  await assertRejects(() => store.rename("a", "c"), BackendException, "<html>");
  assertEquals([...objects], ["/b/a"]);
});

for (const moment of ["while it is copied", "after it was copied"]) {
  Deno.test(`S3Store.rename: removes its copy when the source is replaced ${moment}`, async () => {
    const objects = new Map([["/b/a", { etag: '"1"', add: "" }]]);
    // Somebody replaces the source.
    const replace = () => objects.set("/b/a", { etag: '"2"', add: "" });
    await using store = storeOn(({ method, url: { pathname }, headers }) => {
      const object = objects.get(pathname);
      if (method === "HEAD") {
        if (object === undefined) return missing();
        if (pathname === "/b/c" && moment.startsWith("after")) replace();
        return new Response(null, {
          headers: {
            etag: object.etag,
            "content-length": "5",
            "x-amz-meta-vitrine-add": object.add,
          },
        });
      }
      if (method === "DELETE") {
        objects.delete(pathname);
        return new Response(null, { status: 204 });
      }
      objects.set(pathname, { etag: '"1"', add: headers.get("x-amz-meta-vitrine-add")! });
      if (moment.startsWith("while")) replace();
      return new Response("<CopyObjectResult><ETag>1</ETag></CopyObjectResult>");
    });
    await assertRejects(() => store.rename("a", "c"), ImageChanged);
    assertEquals([...objects.keys()], ["/b/a"]);
  });
}

Deno.test("S3Store.rename: of two renames of one image, one fails and leaves nothing", async () => {
  for (const host of ["https://s3.eu-west-1.amazonaws.com", "https://s3.example.org"]) {
    const objects = new Map([["a", "source"]]);
    const keyOf = (url: URL) => url.pathname.split("/").at(-1)!;
    const serve = ({ method, url, headers }: Request) => {
      const object = objects.get(keyOf(url));
      if (method === "HEAD") {
        if (object === undefined) return missing();
        const add = { "x-amz-meta-vitrine-add": object };
        return new Response(null, { headers: { etag: '"1"', "content-length": "5", ...add } });
      }
      if (method === "DELETE") {
        if (object === undefined && headers.has("if-match")) return missing();
        objects.delete(keyOf(url));
        return new Response(null, { status: 204 });
      }
      objects.set(keyOf(url), headers.get("x-amz-meta-vitrine-add")!);
      return new Response("<CopyObjectResult><ETag>1</ETag></CopyObjectResult>");
    };
    // Two processes on Amazon, which decides; two operations of one store elsewhere.
    const stores = [storeOn(serve, { host }), storeOn(serve, { host })];
    const second = host.includes("amazonaws") ? stores[1]! : stores[0]!;
    const results = await Promise.allSettled([
      stores[0]!.rename("a", "b"),
      second.rename("a", "c"),
    ]);
    assertEquals(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"], host);
    assertEquals(objects.size, 1, `${host}: ${[...objects.keys()]}`);
    for (const store of stores) await store.close();
  }
});

Deno.test("S3Store.gc: an upload without a readable date is young", async () => {
  const skipped: SkippedEntry[] = [];
  const removed: string[] = [];
  await using store = storeOn(({ method, url }) => {
    if (method === "DELETE") {
      removed.push(url.pathname);
      return new Response(null, { status: 204 });
    }
    const upload = (key: string, date: string) =>
      `<Upload><Key>${key}</Key><UploadId>u</UploadId>${date}</Upload>`;
    return new Response(
      "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>" +
        upload("none", "") + upload("odd", "<Initiated>yesterday</Initiated>") +
        upload("old", "<Initiated>2020-01-01T00:00:00.000Z</Initiated>") +
        "</ListMultipartUploadsResult>",
    );
  });
  const found = await Array.fromAsync(store.gc({ onSkipped: (one) => skipped.push(one) }));
  assertEquals(found.map(({ path }) => path), ["old"]);
  assertEquals(removed, ["/b/old"]);
  assertEquals(skipped.map(({ path }) => path), ["none", "odd"]);
});

const listing = (content: string) =>
  new Response(`<?xml version="1.0"?><ListBucketResult>${content}</ListBucketResult>`);
const entry = (key: string, more = "<Size>3</Size>") =>
  `<Contents><Key>${key}</Key>${more}</Contents>`;

Deno.test("S3Store.gc: an upload counts as removed when the server says so, which is 204", async () => {
  await using store = storeOn(({ method }) =>
    method === "DELETE" ? portal() : new Response(
      "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>old</Key>" +
        "<UploadId>u</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>" +
        "</ListMultipartUploadsResult>",
      { headers: { date: new Date().toUTCString() } },
    )
  );
  const error = await assertRejects(() => Array.fromAsync(store.gc()), BackendException);
  assertEquals(
    error.message,
    "s3: gc old: the server responded 200 to the deletion, expected 204",
  );
});

Deno.test("S3Store.get: an empty page is no image, where there is one of 5 bytes", async () => {
  const empty = () => new Response(null, { headers: { "content-length": "0" } });
  await using store = storeOn(({ method }) => method === "HEAD" ? image() : empty());
  await assertRejects(
    () => store.get("a"),
    BackendException,
    "the server sent nothing of an image of 5 bytes",
  );
});

Deno.test("S3Store.stat: what has no ETag and no date is no object, whatever else it has", async () => {
  const headers = { "x-amz-request-id": "4442587FB7D0A2F9", "content-length": "5" };
  await using store = storeOn(() => new Response(null, { headers }));
  await assertRejects(() => store.stat("a"), BackendException, "expected an object");
});

Deno.test("S3Store.list: one bad entry spoils itself, and each that is passed over is reported", async () => {
  const skipped: string[] = [];
  await using store = storeOn(() =>
    listing(
      "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>" +
        entry("good", "<Size>7</Size><LastModified>2024-01-01T00:00:00Z</LastModified>") +
        entry("odd", "<Size>many</Size><LastModified>soon</LastModified>") +
        entry("C%23+12%3F.iso") + entry("a//b") + entry("%zz") + entry("..") +
        entry("folder/", "<Size>0</Size>") + entry("data/") + "<Contents/>",
    )
  );
  const options = { recursive: true, onSkipped: ({ path }: SkippedEntry) => skipped.push(path) };
  const entries = await Array.fromAsync(store.list(options));
  assertEquals(entries.map(({ path }) => path), ["good", "odd", "C# 12?.iso"]);
  assertEquals([entries[0]!.size, entries[0]!.modified?.getTime()], [7, Date.UTC(2024, 0)]);
  assertEquals([entries[1]!.size, entries[1]!.modified], [undefined, undefined]);
  assertEquals(skipped, ["a//b", "", "..", "data/", ""]);
});

Deno.test("S3Store.list: ends with an error where nothing new comes", async () => {
  const endless: Record<string, (page: number) => string> = {
    "tokens that alternate": (page) =>
      entry(`k${page}`) + `<NextContinuationToken>${page % 2}</NextContinuationToken>`,
    "pages that repeat": (page) =>
      entry("k") + `<NextContinuationToken>${page}</NextContinuationToken>`,
    "pages that are empty": (page) => `<NextContinuationToken>${page}</NextContinuationToken>`,
    "no token": () => entry("k"),
  };
  for (const [name, content] of Object.entries(endless)) {
    let pages = 0;
    await using store = storeOn(() => {
      assert(++pages < 2_000, name);
      return listing(`<IsTruncated>true</IsTruncated>${content(pages)}`);
    });
    await assertRejects(() => Array.fromAsync(store.list()), BackendException, "goes on", name);
  }
});

Deno.test("S3Store.list: begins and ends where the caller says, in one request", async () => {
  const requests: URL[] = [];
  await using store = storeOn(({ url }) => {
    requests.push(url);
    // A server that lists the directory again that it starts after.
    const directory = "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>";
    const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    return listing(entry("b") + entry("c") + directory + more);
  });
  const page = await Array.fromAsync(store.list({ startAfter: "a/x", limit: 2 }));
  assertEquals(page.map(({ path }) => path), ["b", "c"]);
  assertEquals(requests.length, 1);
  const { searchParams: query } = requests[0]!;
  assertEquals([query.get("start-after"), query.get("max-keys")], ["a/", "3"]);
});

Deno.test("S3Store.list: a page that does not say whether it is the last is an error", async () => {
  for (const content of ["", "<IsTruncated/>", "<IsTruncated>perhaps</IsTruncated>"]) {
    await using store = storeOn(() => listing(content));
    await assertRejects(() => Array.fromAsync(store.list()), BackendException, "IsTruncated");
  }
});

Deno.test("S3Store.list: a listing of something else than was requested is an error", async () => {
  const end = "<IsTruncated>false</IsTruncated>";
  for (
    const [echo, recursive, directory] of [
      ["<Prefix>other/</Prefix>", true, ""],
      ["<Prefix>other/</Prefix>", false, "dir"],
      ["<Prefix></Prefix><Delimiter>/</Delimiter>", true, ""],
      ["<Prefix></Prefix>", false, ""],
      ["<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>", true, ""],
    ] as const
  ) {
    await using store = storeOn(() => listing(echo + end + entry("other/a")));
    await assertRejects(
      () => Array.fromAsync(store.list({ recursive, directory })),
      BackendException,
      "expected",
    );
  }
  await using store = storeOn(() =>
    listing("<EncodingType>url</EncodingType><Prefix>a+b%2F</Prefix>" + end + entry("a+b%2Fc"))
  );
  const found = await Array.fromAsync(store.list({ recursive: true, directory: "a b" }));
  assertEquals(found.map(({ path }) => path), ["a b/c"]);
});

Deno.test("S3Store.add: has the entity tag that the server confirms", async () => {
  await using store = storeOn(({ method }) => {
    return method === "HEAD" ? missing() : new Response(null, { headers: { etag: '"confirmed"' } });
  });
  assertEquals((await store.add("a", new Uint8Array(5))).etag, '"confirmed"');
});

Deno.test("S3Store.deleteMany: retries what failed for a passing reason, and names the key", async () => {
  const bodies: string[] = [];
  const result = (content: string) => new Response(`<DeleteResult>${content}</DeleteResult>`);
  const replies = [
    result(
      "<Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>InternalError</Code></Error>",
    ),
    result("<Deleted><Key>b</Key></Deleted>"),
    result("<Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code></Error>"),
  ];
  await using store = storeOn(({ body }) => {
    bodies.push(body);
    return replies.shift()!;
  }, { retries: 1 });
  await store.deleteMany(["a", "b"]);
  assertEquals(bodies.length, 2);
  assert(!bodies[1]!.includes("<Key>a</Key>") && bodies[1]!.includes("<Key>b</Key>"));
  const error = await assertRejects(() => store.deleteMany(["a", "b"]), StoreError);
  assert((error as Error).message.includes("delete b"), (error as Error).message);
  assert(!(error as Error).message.includes("responded 0"), (error as Error).message);
});

Deno.test("S3Store.deleteMany: deletes singly where the server, or XML, can do no other", async () => {
  const seen: string[] = [];
  await using store = storeOn(({ method, url }) => {
    seen.push(`${method} ${decodeURIComponent(url.pathname)}`);
    return method === "POST"
      ? new Response("<Error><Code>NotImplemented</Code></Error>", { status: 501 })
      : new Response(null, { status: 204 });
  });
  await store.deleteMany(["a", "b", "\uffff"]);
  assertEquals(seen, ["DELETE /b/\uffff", "POST /b/", "DELETE /b/a", "DELETE /b/b"]);
});

Deno.test("S3Store.stat: requests a range where a HEAD has no size", async () => {
  for (const length of [undefined, "0"]) {
    const etag = { etag: '"0123456789abcdef0123456789abcdef"' };
    await using store = storeOn(({ method }) => {
      if (method === "HEAD") {
        return new Response(null, {
          headers: { ...etag, ...(length === undefined ? {} : { "content-length": length }) },
        });
      }
      const headers = { ...etag, "content-range": "bytes 0-0/7", "content-length": "1" };
      return new Response("x", { status: 206, headers });
    });
    assertEquals(await store.getSize("a"), 7);
  }
});

Deno.test("S3Store.add: works without the permission to list, where the server decides", async () => {
  const forbidden = () => new Response(null, { status: 403 });
  let exists = false;
  const serve = ({ method, headers }: Request) => {
    if (method === "HEAD") return exists ? image() : forbidden();
    if (exists && headers.has("if-none-match")) {
      return new Response("<Error><Code>PreconditionFailed</Code></Error>", { status: 412 });
    }
    exists = true;
    return new Response(null, { headers: { etag: '"e"' } });
  };
  await using store = storeOn(serve);
  await store.add("a", new Uint8Array(3));
  await assertRejects(() => store.add("a", new Uint8Array(3)), StoreError, "exists already");
  await assertRejects(
    () => storeOn(forbidden).add("a", new Uint8Array(9 * MIB)),
    StoreError,
    "s3:ListBucket",
  );
  const unknowing = storeOn(({ method }) =>
    method === "HEAD"
      ? forbidden()
      : new Response("<Error><Code>NotImplemented</Code></Error>", { status: 501 })
  );
  await assertRejects(() => unknowing.add("a", new Uint8Array(3)), StoreError, "s3:ListBucket");
});

Deno.test("S3Store.add: an aborted PUT removes its own version", async () => {
  const controller = new AbortController();
  let addId = "";
  const deleted: (string | null)[] = [];
  await using store = storeOn(({ method, url, headers }) => {
    if (method === "PUT") {
      addId = headers.get("x-amz-meta-vitrine-add")!;
      controller.abort(new Error("enough"));
      return new Response(null, { headers: { etag: '"e"', "x-amz-version-id": "v7" } });
    }
    if (method === "DELETE") {
      deleted.push(url.searchParams.get("versionId"));
      return new Response(null, { status: 204 });
    }
    if (addId === "") return missing();
    const version = { "x-amz-version-id": "v7", "x-amz-meta-vitrine-add": addId };
    return new Response(null, { headers: { etag: '"e"', "content-length": "3", ...version } });
  });
  const { signal } = controller;
  await assertRejects(() => store.add("a", new Uint8Array(3), { signal }), Error, "enough");
  assertEquals(deleted, ["v7"]);
});

Deno.test("S3Store.add: sends the md5 of parts to a bucket with Object Lock", async () => {
  const digests: boolean[] = [];
  await using store = storeOn(({ method, url, headers }) => {
    if (method === "HEAD") return missing();
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (url.searchParams.has("uploads")) {
      return new Response(
        "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
      );
    }
    if (method === "POST") {
      return new Response(
        "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
      );
    }
    digests.push(headers.has("content-md5"));
    if (!headers.has("content-md5")) {
      return new Response("<Error><Code>InvalidRequest</Code></Error>", { status: 400 });
    }
    return new Response(null, { headers: { etag: '"p"' } });
  }, { concurrency: 1 });
  await store.add("a", new Uint8Array(11 * MIB));
  await store.add("b", new Uint8Array(11 * MIB));
  assertEquals(digests.filter((has) => !has).length, 1);
  assertEquals(digests.filter((has) => has).length, 6);
});

Deno.test("S3Store: encryption, storage class and payer are named in the requests they concern", async () => {
  const seen: Record<string, string[]> = {};
  const key = btoa("k".repeat(32));
  await using store = storeOn(({ method, headers }) => {
    seen[method] = [...headers.keys()].filter((name) =>
      /encryption|storage-class|payer/.test(name)
    );
    return method === "HEAD" ? missing() : new Response(null, { headers: { etag: '"e"' } });
  }, { storageClass: "STANDARD_IA", sseCustomerKey: key, requesterPays: true });
  await store.add("a", new Uint8Array(3));
  const customer = ["algorithm", "key", "key-md5"].map((name) =>
    `x-amz-server-side-encryption-customer-${name}`
  );
  assertEquals(seen["HEAD"], ["x-amz-request-payer", ...customer]);
  assertEquals(seen["PUT"], ["x-amz-request-payer", ...customer, "x-amz-storage-class"]);
  assert(!Deno.inspect(store).includes(key));
});

Deno.test("S3Store.add: names the encryption and its key where an object begins, and nowhere else", async () => {
  for (
    const options of [
      { serverSideEncryption: "AES256" },
      { serverSideEncryption: "aws:kms", sseKmsKeyId: "arn:aws:kms:eu-west-1:1:key/k" },
    ] as const
  ) {
    const seen = new Map<string, Record<string, string>>();
    await using store = storeOn(({ method, url, headers }) => {
      const [step = ""] = [...url.searchParams.keys()].filter((name) => name !== "x-id");
      const named = [...headers].filter(([name]) => name.startsWith("x-amz-server-side"));
      seen.set(`${method} ${step}`.trim(), Object.fromEntries(named));
      if (method === "HEAD") return missing();
      if (step === "uploads") {
        return new Response(
          "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        );
      }
      if (method === "POST") {
        return new Response(
          "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
        );
      }
      return new Response(null, { headers: { etag: '"e"' } });
    }, options);
    await store.add("small", new Uint8Array(3));
    await store.add("large", new Uint8Array(6 * MIB));
    const prefix = "x-amz-server-side-encryption";
    const wanted: Record<string, string> = { [prefix]: options.serverSideEncryption };
    if ("sseKmsKeyId" in options) wanted[`${prefix}-aws-kms-key-id`] = options.sseKmsKeyId;
    assertEquals(seen.get("PUT"), wanted);
    assertEquals(seen.get("POST uploads"), wanted);
    for (const [step, named] of seen) {
      if (step !== "PUT" && step !== "POST uploads") assertEquals(named, {}, step);
    }
  }
});

Deno.test("S3Store: a redirect to another endpoint is followed, and signed anew", async () => {
  const hosts: string[] = [];
  const signatures = new Set<string>();
  await using store = storeOn(({ method, url, headers }) => {
    hosts.push(`${method} ${url.host}`);
    signatures.add(headers.get("authorization")!);
    if (url.host === "b.s3.amazonaws.com") {
      const location = `https://b.s3-eu-west-1.amazonaws.com${url.pathname}`;
      return new Response("<Error><Code>TemporaryRedirect</Code></Error>", {
        status: 307,
        headers: { location },
      });
    }
    return new Response(null, { headers: { etag: '"e"' } });
  }, { host: "https://s3.amazonaws.com" });
  await store.add("a ü", new Uint8Array(3));
  assertEquals(hosts, [
    "PUT b.s3.amazonaws.com",
    "PUT b.s3-eu-west-1.amazonaws.com",
  ]);
  assertEquals(signatures.size, 2);
});

Deno.test("S3Store: a permanent redirect names the endpoint and the region", async () => {
  const body = "<Error><Code>PermanentRedirect</Code><Endpoint>127.0.0.1:1</Endpoint>" +
    "<Region>eu-west-9</Region></Error>";
  const moved = () => new Response(body, { status: 301 });
  await using store = storeOn(moved);
  // The address is private, and not the operator's: the egress gate refuses it.
  const error = await assertRejects(() => store.get("a"), StoreError) as Error;
  assert(/127\.0\.0\.1/.test(error.message), error.message);
  const regions: string[] = [];
  await using amazon = storeOn(({ url }) => {
    regions.push(url.host);
    return url.host.includes("eu-west-9")
      ? image()
      : new Response(null, { status: 301, headers: { "x-amz-bucket-region": "eu-west-9" } });
  }, { host: "https://s3.us-east-1.amazonaws.com" });
  assertEquals(await amazon.getSize("a"), 5);
  assertEquals(regions.at(-1), "b.s3.eu-west-9.amazonaws.com");
});

Deno.test("parseXml: takes time in proportion to the document, and has limits", () => {
  for (
    const text of [
      `<R>${"<!-- ".repeat(200_000)}</R>`,
      `<R>${"<![CDATA[".repeat(200_000)}</R>`,
      `<R ${'a="'.repeat(200_001)}></R>`,
      "<a>".repeat(200_000),
      "<".repeat(1_000_000),
      `${"<a>".repeat(100)}${"</a>".repeat(100)}`,
      "<R><K>a</R></K>",
      "<R></R><R></R>",
      "<!DOCTYPE R><R/>",
    ]
  ) {
    const began = performance.now();
    try {
      parseXml(text);
    } catch (error) {
      assert(error instanceof BackendException, `${error}`);
      assert(performance.now() - began < 5_000, text.slice(0, 20));
      continue;
    }
    throw new Error(`${text.slice(0, 20)} was parsed`);
  }
  assertEquals(
    parseXml('<s3:R a=">"><K>&amp;&#x1F600;&#9999999;&nope;</K></s3:R>').text("K"),
    "&😀&#9999999;&nope;",
  );
});

Deno.test("S3Store.list: a page of 100,000 keys is read in one go", async () => {
  const page = Array.from({ length: 100_000 }, (_, i) => entry(`k${i}`)).join("");
  await using store = storeOn(() => listing(`<IsTruncated>false</IsTruncated>${page}`));
  let count = 0;
  for await (const _ of store.list({ recursive: true })) count++;
  assertEquals(count, 100_000);
});

Deno.test("S3Store.open: a handle fails when another image got the id", async () => {
  let etag = '"1"';
  await using store = storeOn(({ method }) => {
    if (method === "HEAD") return new Response(null, { headers: { etag, "content-length": "5" } });
    const headers = { etag, "content-range": "bytes 0-2/5", "content-length": "3" };
    return new Response("abc", { status: 206, headers });
  });
  await using handle = await store.open("a");
  assertEquals(await handle.read(new Uint8Array(3), 0), 3);
  etag = '"2"';
  await assertRejects(() => handle.read(new Uint8Array(3), 0), ImageChanged);
});
