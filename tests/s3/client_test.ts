/**
 * Responses of Amazon that the servers of the other tests do not send.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { S3Fault, type S3Options, S3Store } from "../../drivers/s3/mod.ts";
import { escapeXml, parseXml } from "../../drivers/s3/xml.ts";
import {
  BackendException,
  ChecksumMismatch,
  Forbidden,
  ImageChanged,
  NotAuthenticated,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  StoreAclsNotSupported,
  StoreError,
} from "../../mod.ts";

/** A request as the server gets it. */
interface Seen {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

/** A store whose server gives these responses, one after the other, and its requests. */
function storeOn(
  responses: (Response | ((seen: Seen) => Response))[],
  options: Partial<S3Options> = {},
): { store: S3Store; seen: Seen[] } {
  const seen: Seen[] = [];
  const store = new S3Store("s3", {
    host: "https://s3.example.org",
    bucket: "b",
    accessKey: "AKIA",
    secretKey: "hush-hush",
    fetch(url, { method = "GET", headers, body }) {
      const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : "";
      const request = { method, url: new URL(url), headers: new Headers(headers), body: text };
      seen.push(request);
      const next = responses.shift();
      if (next === undefined) throw new Error(`no response for ${method} ${url}`);
      return Promise.resolve(typeof next === "function" ? next(request) : next);
    },
    ...options,
  });
  return { store, seen };
}

function fault(status: number, code: string, more = "", headers: HeadersInit = {}): Response {
  const body =
    `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>hush-hush</Message>${more}</Error>`;
  return new Response(body, { status, headers });
}

const image = () => new Response("abc", { headers: { "content-length": "3", etag: '"e"' } });

Deno.test("S3Store: chooses the error by the S3 code, and repeats none of the server's words", async () => {
  const classes: [number, string, new (detail: string) => StoreError][] = [
    [404, "NoSuchKey", NotFound],
    [404, "NoSuchBucket", NotFound],
    [403, "AccessDenied", Forbidden],
    [403, "InvalidAccessKeyId", NotAuthenticated],
    [403, "SignatureDoesNotMatch", NotAuthenticated],
    [400, "ExpiredToken", NotAuthenticated],
    [400, "EntityTooLarge", StorageFull],
    [403, "QuotaExceeded", StorageFull],
    [400, "BadDigest", ChecksumMismatch],
    [400, "AccessControlListNotSupported", StoreAclsNotSupported],
    [412, "PreconditionFailed", ImageChanged],
    [400, "SomethingNew", BackendException],
    [503, "SlowDown", RemoteServiceUnavailable],
    [400, "RequestTimeout", RemoteServiceUnavailable],
    [409, "OperationAborted", RemoteServiceUnavailable],
  ];
  for (const [status, code, Class] of classes) {
    const { store } = storeOn([fault(status, code)], { retries: 0 });
    const error = await assertRejects(() => store.get("a")) as StoreError;
    assertEquals(error.constructor, Class, code);
    assert(error.cause instanceof S3Fault && error.cause.code === code);
    assert(!Deno.inspect(error).includes("hush"), Deno.inspect(error));
  }
});

Deno.test("S3Client: SlowDown and a 400 that says so are retried after the time that the server wants", async () => {
  for (
    const first of [
      fault(503, "SlowDown", "", { "retry-after": "1" }),
      fault(400, "RequestTimeout", "", { "retry-after": "1" }),
    ]
  ) {
    const { store, seen } = storeOn([first, image()]);
    const began = performance.now();
    assertEquals(await new Response((await store.get("a")).stream).text(), "abc");
    assert(performance.now() - began > 990);
    assertEquals(seen.length, 2);
  }
});

Deno.test("S3Client: a region that the server names is signed for from then on", async () => {
  const responses = [
    fault(400, "AuthorizationHeaderMalformed", "<Region>eu-west-9</Region>"),
    image(),
    image(),
  ];
  const { store, seen } = storeOn(responses);
  await (await store.get("a")).stream.cancel();
  await (await store.get("a")).stream.cancel();
  const regions = seen.map(({ headers }) => headers.get("authorization")!.split("/")[2]);
  assertEquals(regions, ["us-east-1", "eu-west-9", "eu-west-9"]);
});

Deno.test("S3Client: a region is learned from the headers of a response without a body too", async () => {
  const { store, seen } = storeOn([
    new Response(null, { status: 400, headers: { "x-amz-bucket-region": "eu-west-9" } }),
    new Response(null, { headers: { "content-length": "3", etag: '"e"' } }),
  ]);
  assertEquals(await store.getSize("a"), 3);
  assertEquals(seen[1]!.headers.get("authorization")!.split("/")[2], "eu-west-9");
});

const KEYS = { accessKey: "a", secretKey: "b", sessionToken: "t" };

Deno.test("S3Client: keys that expired are renewed once", async () => {
  let given = 0;
  const credentials = () => ({ accessKey: `A${++given}`, secretKey: "b", sessionToken: "t" });
  const options = { credentials, accessKey: undefined!, secretKey: undefined! };
  const { store, seen } = storeOn([fault(400, "ExpiredToken"), image()], options);
  await (await store.get("a")).stream.cancel();
  assertEquals(
    seen.map(({ headers }) => /Credential=(A\d)/.exec(headers.get("authorization")!)![1]),
    ["A1", "A2"],
  );
  assertEquals(seen[1]!.headers.get("x-amz-security-token"), "t");
  const refused = () => new Response(null, { status: 400 });
  const found = () => new Response(null, { headers: { "content-length": "3", etag: '"e"' } });
  // The response to a HEAD has no code.
  const headed = storeOn([refused(), found(), refused(), refused()], options);
  assertEquals(await headed.store.getSize("a"), 3);
  await assertRejects(() => headed.store.getSize("a"), BackendException);
  const permanent = storeOn([refused()], { ...options, credentials: undefined!, ...KEYS });
  await assertRejects(() => permanent.store.getSize("a"), BackendException);
  const dead = storeOn([1, 2, 3].map(() => fault(400, "ExpiredToken")), options);
  await assertRejects(() => dead.store.get("a"), NotAuthenticated);
});

Deno.test("S3Store.add: a bucket is created in the region that the host names", async () => {
  const regions = { "s3.eu-west-1.amazonaws.com": "eu-west-1", "s3.amazonaws.com": undefined };
  for (const [host, region] of Object.entries(regions)) {
    const ok = () => new Response(null, { headers: { etag: '"e"' } });
    const { store, seen } = storeOn([fault(404, "NoSuchBucket"), ok(), ok()], {
      host: `https://${host}`,
      bucket: "images",
      createBucketOnPut: true,
    });
    await store.add("a", new Uint8Array(3));
    const named = /<LocationConstraint>(.*)<\/LocationConstraint>/.exec(seen[1]!.body)?.[1];
    assertEquals(named, region);
  }
});

Deno.test("S3Store: an anonymous store signs nothing", async () => {
  const options = { anonymous: true, accessKey: undefined!, secretKey: undefined! };
  const { store, seen } = storeOn([image()], options);
  await (await store.get("a")).stream.cancel();
  assertEquals(seen[0]!.headers.get("authorization"), null);
  await assertRejects(() => store.presign("a"), StoreError, "signs nothing");
});

/** Responds to an add of one part beyond the first. */
function addResponses(complete: Response[]): (Response | ((seen: Seen) => Response))[] {
  const missing = () => new Response(null, { status: 404 });
  const part = () => new Response(null, { headers: { etag: '"p"' } });
  return [
    missing(),
    new Response(
      "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
    ),
    part(),
    part(),
    missing(),
    ...complete,
  ];
}

const LARGE = { largeObjectSize: 0, largeObjectChunkSize: 5 };
const completed = () =>
  new Response(
    "<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag></CompleteMultipartUploadResult>",
  );
const created = (method: string | undefined, headers: Headers) =>
  method === "POST"
    ? completed()
    : headers.has("x-amz-copy-source")
    ? new Response("<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>")
    : new Response(null, { headers: { etag: '"e"' } });
const initiated = (id: string) =>
  `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;

Deno.test("S3Store.add: an error in the body of a completion with status 200 is retried", async () => {
  const responses = addResponses([
    new Response("  <Error><Code>InternalError</Code></Error>"),
    new Response("<CompleteMultipartUploadRes"),
    completed(),
  ]);
  const { store, seen } = storeOn(responses, LARGE);
  await store.add("a", new Uint8Array(6 * 2 ** 20));
  const posts = seen.filter(({ method }) => method === "POST");
  assertEquals(posts.length, 4);
  assertEquals(posts.at(-1)!.headers.get("if-none-match"), "*");
});

Deno.test("S3Store.add: a completion that was carried out although its response was lost is no Duplicate", async () => {
  let addId = "";
  const ours = () =>
    new Response(null, {
      headers: { "x-amz-meta-vitrine-add": addId, "content-length": "1", etag: '"e"' },
    });
  const lost = () => {
    throw new TypeError("connection reset");
  };
  for (const second of [fault(412, "PreconditionFailed"), fault(404, "NoSuchUpload")]) {
    const responses = addResponses([]);
    responses[1] = ({ headers }) => {
      addId = headers.get("x-amz-meta-vitrine-add")!;
      return new Response(initiated("u"));
    };
    const { store } = storeOn([...responses, lost, second, ours], LARGE);
    await store.add("a", new Uint8Array(6 * 2 ** 20));
  }
});

Deno.test("S3Store.add: an abort while the server makes the image appear leaves none", async () => {
  const bytes = new Uint8Array(6 * 2 ** 20);
  const kinds: ((store: S3Store, signal: AbortSignal) => Promise<unknown>)[] = [
    (store, signal) => store.add("a", bytes.subarray(0, 3), { signal }),
    (store, signal) => store.add("a", bytes, { signal, size: bytes.length }),
    (store, signal) => store.copy("source", "a", { signal }),
  ];
  for (const start of kinds) {
    const reason = new Error("enough");
    const controller = new AbortController();
    let appeared = false;
    let addId = "";
    let late = false;
    const { store } = storeOn([], {
      ...LARGE,
      largeObjectSize: 5,
      fetch(url, { method, headers, signal }) {
        const asked = new Headers(headers);
        addId = asked.get("x-amz-meta-vitrine-add") ?? addId;
        const creates = method === "POST"
          ? url.includes("uploadId=")
          : method === "PUT" && !url.includes("partNumber");
        if (creates) {
          controller.abort(reason);
          // A request that is cut off is carried out once the clean-up has looked.
          late = signal!.aborted;
          appeared = !late;
          if (late) return Promise.reject(signal!.reason);
          return Promise.resolve(created(method, asked));
        }
        if (method === "POST" || url.includes("?uploads")) {
          return Promise.resolve(new Response(initiated("u")));
        }
        if (method === "DELETE") {
          if (url.includes("uploadId")) return Promise.resolve(fault(404, "NoSuchUpload"));
          appeared = false;
        }
        const found = appeared || url.includes("source");
        if (method === "HEAD" && late) appeared = true;
        return Promise.resolve(
          method === "HEAD" && !found ? new Response(null, { status: 404 }) : new Response(null, {
            headers: { "content-length": "3", etag: '"e"', "x-amz-meta-vitrine-add": addId },
          }),
        );
      },
    });
    assertStrictEquals(await assertRejects(() => start(store, controller.signal)), reason);
    assertEquals(appeared, false);
  }
});

Deno.test("S3Store.add: an upload whose beginning was refused or aborted leaves those of others alone", async () => {
  const reason = new RemoteServiceUnavailable("enough");
  const refusals: [number, (abort: () => void, signal: AbortSignal) => Response][] = [
    [0, () => fault(403, "AccessDenied")],
    [0, () => fault(503, "SlowDown")],
    [0, (abort, signal) => {
      abort();
      signal.throwIfAborted();
      return new Response(initiated("ours"));
    }],
    // Nobody knows then which is whose.
    [1, () => {
      throw new TypeError("connection reset");
    }],
  ];
  for (const [swept, begin] of refusals) {
    const controller = new AbortController();
    const ended: (string | null)[] = [];
    const { store } = storeOn([], {
      ...LARGE,
      retries: 1,
      fetch(href, { method, signal }) {
        const url = new URL(href);
        const respond = () => {
          if (method === "HEAD") return new Response(null, { status: 404 });
          if (method === "POST") return begin(() => controller.abort(reason), signal!);
          if (method === "DELETE") ended.push(url.searchParams.get("uploadId"));
          const begun = new Date().toISOString();
          return new Response(
            "<ListMultipartUploadsResult><Upload><Key>a</Key><UploadId>theirs</UploadId>" +
              `<Initiated>${begun}</Initiated></Upload></ListMultipartUploadsResult>`,
          );
        };
        return Promise.resolve().then(respond);
      },
    });
    const { signal } = controller;
    await assertRejects(() => store.add("a", new Uint8Array(6 * 2 ** 20), { signal }));
    assertEquals(ended.filter((id) => id === "theirs").length, swept);
    assertEquals(ended.includes("ours"), signal.aborted);
  }
});

Deno.test("S3Store.add: an upload by checksums names its algorithm, and the completion has them", async () => {
  const bytes = new Uint8Array(6 * 2 ** 20);
  const kinds = {
    CRC64NVME: ["FULL_OBJECT", "ChecksumCRC64NVME"],
    CRC32C: [null, "ChecksumCRC32C"],
    SHA256: [null, "ChecksumSHA256"],
  } as const;
  for (const [checksumAlgorithm, [type, name]] of Object.entries(kinds)) {
    const header = `x-amz-checksum-${checksumAlgorithm.toLowerCase()}`;
    const responses = addResponses([completed()]);
    const echo = ({ headers }: Seen) =>
      new Response(null, { headers: { etag: '"p"', [header]: headers.get(header)! } });
    responses[2] = responses[3] = echo;
    const { store, seen } = storeOn(responses, {
      ...LARGE,
      enableDataIntegrityProtection: true,
      requestChecksumCalculation: "when_supported",
      checksumAlgorithm: checksumAlgorithm as keyof typeof kinds,
    });
    await store.add("a", bytes);
    const begun = seen[1]!.headers;
    assertEquals(begun.get("x-amz-checksum-algorithm"), checksumAlgorithm);
    assertEquals(begun.get("x-amz-checksum-type"), type);
    const { body } = seen.findLast(({ method }) => method === "POST")!;
    assertEquals(body.match(new RegExp(`<${name}>[^<]+</${name}>`, "g"))?.length, 2);
  }
});

Deno.test("S3Store: without the options no request has a checksum header", async () => {
  const { store, seen } = storeOn(addResponses([completed()]), LARGE);
  await store.add("a", new Uint8Array(6 * 2 ** 20));
  for (const { headers } of seen) {
    const names = [...headers.keys()].filter((name) => !name.startsWith("x-amz-meta-"));
    assertEquals(names.filter((name) => /checksum/.test(name)), []);
  }
});

Deno.test("a server that is slow holds the source back: parts in memory are counted", async () => {
  const pending: (() => void)[] = [];
  let most = 0;
  const options = { host: "https://h", bucket: "b", accessKey: "a", secretKey: "b", ...LARGE };
  await using store = new S3Store("s3", {
    ...options,
    concurrency: 2,
    async fetch(url, { method }) {
      if (method === "HEAD") return new Response(null, { status: 404 });
      if (url.includes("uploadId") && method === "POST") return completed();
      if (method === "POST") return new Response(initiated("u"));
      if (url.includes("partNumber")) {
        await new Promise<void>((resolve) => most = Math.max(most, pending.push(resolve)));
      }
      return new Response(null, { headers: { etag: '"p"' } });
    },
  });
  let given = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (given === 100) return controller.close();
      given++;
      controller.enqueue(new Uint8Array(2 ** 20));
    },
  }, { highWaterMark: 0 });
  const adding = store.add("a", source);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  while (pending.length < 2) await turn();
  for (let turns = 0; turns < 50; turns++) await turn();
  // Two parts on their way, one being filled, and the four chunks of 4 MiB that go round.
  assert(given <= 3 * 5 + 4 * 4, `${given} MiB were read`);
  let done = false;
  void adding.then(() => done = true);
  while (!done) {
    pending.shift()?.();
    await turn();
  }
  assertEquals((await adding).size, 100 * 2 ** 20);
  assertEquals(most, 2);
});

Deno.test("S3Store.add: an encrypted image in parts is not held to a tag that is no md5", async () => {
  const tag = { etag: `"${"0".repeat(32)}-1"`, "x-amz-meta-vitrine-part-size": "5242880" };
  for (
    const encryption of [
      { "x-amz-server-side-encryption": "aws:kms" },
      { "x-amz-server-side-encryption-customer-algorithm": "AES256" },
      {},
    ]
  ) {
    const headers = { "content-length": "3", ...tag, ...encryption };
    const { store } = storeOn([new Response(null, { headers }), new Response("abc", { headers })], {
      enableDataIntegrityProtection: true,
      responseChecksumValidation: "when_supported",
    });
    const text = async () => await new Response((await store.get("a")).stream).text();
    if (Object.keys(encryption).length > 0) assertEquals(await text(), "abc");
    else await assertRejects(text, ChecksumMismatch);
  }
});

Deno.test("S3Store.list: a listing that says it goes on but not where is an error, not a short list", async () => {
  const page = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
  const { store } = storeOn([new Response(page)]);
  await assertRejects(() => Array.fromAsync(store.list()), BackendException, "goes on");
});

Deno.test("S3Store.list: a plus sign in a listing is a space", async () => {
  const page =
    "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>" +
    "<Contents><Key>a+b%2Bc</Key><Size>1</Size></Contents></ListBucketResult>";
  const { store } = storeOn([new Response(page)]);
  assertEquals((await Array.fromAsync(store.list())).map(({ path }) => path), ["a b+c"]);
});

Deno.test("parseXml: reads entities, CDATA and white space, and not without its end", () => {
  const text = `<?xml version="1.0"?>\n<!-- c --><R xmlns="x">\n <K> a&amp;&lt;&#x42;&#67; </K>` +
    `<K><![CDATA[<d>]]></K><E/>\n</R>\n`;
  const root = parseXml(text);
  assertEquals(root.name, "R");
  assertEquals(root.text("K"), " a&<BC ");
  assertEquals(root.all("K").length, 2);
  assertEquals([root.text("E"), root.text("none")], ["", ""]);
  for (const cut of ["", "  ", "nothing", "<R><K>a</K>", text.slice(0, -5)]) {
    try {
      parseXml(cut);
    } catch (error) {
      assert(error instanceof BackendException && error.retryable);
      continue;
    }
    throw new Error(`${JSON.stringify(cut)} was read`);
  }
  const odd = "<a>&\r\"'";
  assertEquals(parseXml(`<R><K>${escapeXml(odd)}</K></R>`).text("K"), odd);
});
