/**
 * What a server and a network can do wrong while an image is read: each case ends in the right
 * bytes or in the right error, by either way of sending requests.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  BackendException,
  ChecksumMismatch,
  EgressDenied,
  type GetOptions,
  ImageChanged,
  MaxRedirectsExceeded,
  RemoteServiceUnavailable,
  SizeMismatch,
  StoreError,
  StoreRandomGetNotSupported,
  TimeoutError,
} from "@vitrine/vitrine";
import { type HttpOptions, HttpStore } from "@vitrine/vitrine/http";
import { assertBytes, pattern } from "../../conformance/data.ts";
import {
  correctResponse,
  FaultServer,
  type RawResponse,
  type ServedImage,
  type Written,
  written,
  writtenInChunks,
} from "../faults/server.ts";
import { latin1, type RawRequest } from "../faults/wire.ts";

const SIZE = 300_000;
const data = pattern(SIZE);
const strong: ServedImage = { data, headers: { etag: '"one"' } };
const dated: ServedImage = {
  data,
  headers: {
    "last-modified": "Sat, 01 Nov 2025 10:00:00 GMT",
    date: "Sat, 01 Nov 2025 11:00:00 GMT",
  },
};
const weak: ServedImage = { data, headers: { etag: 'W/"one"' } };
const other: ServedImage = { data: pattern(SIZE, 99), headers: { etag: '"two"' } };

type Respond = (request: RawRequest, index: number) => Written;
type ErrorClass = new (...args: never[]) => Error;

/** Both ways of sending requests: an option that `fetch` has not makes it `node:http`. */
const ENGINES: Record<string, HttpOptions> = { fetch: {}, node: { insecure: true } };

interface Case {
  respond: Respond;
  get?: GetOptions;
  options?: HttpOptions;
  /** The error, or nothing where the bytes must be right. */
  error?: ErrorClass | readonly ErrorClass[];
  /** How many requests it takes. */
  requests?: number;
}

/** Reads an image from a server that does wrong, and compares. */
async function run({ respond, get = {}, options, error, requests }: Case, engine: HttpOptions) {
  await using server = new FaultServer(respond);
  await using store = new HttpStore("site", {
    baseUrl: `${server.url}/dir/`,
    retries: 2,
    retryDelay: 0,
    firstByteTimeout: 250,
    connectTimeout: 250,
    idleTimeout: 250,
    ...engine,
    ...options,
  });
  let bytes: Uint8Array | undefined;
  let failure: unknown;
  try {
    const { stream } = await store.get("a.img", get);
    bytes = await new Response(stream).bytes();
  } catch (thrown) {
    failure = thrown;
  }
  if (requests !== undefined) assertEquals(server.requests.length, requests);
  if (error === undefined) {
    if (failure) throw failure;
    const { offset = 0, length = SIZE } = get;
    assertBytes(bytes!, data.subarray(offset, offset + length));
    return;
  }
  assertInstanceOf(failure, StoreError, `no error but ${bytes?.length} bytes`);
  const classes = [error].flat();
  if (!classes.some((one) => failure instanceof one)) throw failure;
  assert(failure.message.startsWith("site: get a.img: "), failure.message);
}

/** Registers a case for both engines. */
function faultTest(name: string, makeCase: () => Case | Case[]): void {
  for (const [engine, options] of Object.entries(ENGINES)) {
    Deno.test(`${name} (${engine})`, async () => {
      for (const one of [makeCase()].flat()) await run(one, options);
    });
  }
}

/** Responds rightly, but for what `change` does to the responses whose numbers are in `which`. */
function changing(
  image: ServedImage,
  change: (response: RawResponse, request: RawRequest) => RawResponse,
  which: (index: number) => boolean = () => true,
): Respond {
  return (request, index) => {
    const right = correctResponse(request, image);
    return { bytes: written(which(index) ? change(right, request) : right) };
  };
}

const first = (index: number) => index === 0;

function withHeaders(
  changes: Record<string, string | undefined>,
): (response: RawResponse) => RawResponse {
  return ({ headers, ...rest }) => {
    const entries = Object.entries({ ...headers, ...changes }).filter(([, value]) => value);
    return { ...rest, headers: Object.fromEntries(entries) as Record<string, string> };
  };
}

/** Responds rightly, but ends after `at` bytes, those of the head included, where `which` says so. */
function cutting(
  image: ServedImage,
  at: number,
  which: (index: number) => boolean = () => true,
): Respond {
  return (request, index) => {
    const bytes = written(correctResponse(request, image));
    return { bytes: which(index) ? bytes.subarray(0, at) : bytes };
  };
}

const HEAD = written({ ...correctResponse(asked({}), strong), body: new Uint8Array() }).length;
/** Where a response may end: around every boundary of the message and of how it is read. */
const CUTS = [
  ...[0, 1, 9, 13, 16, 17, HEAD - 3, HEAD - 2, HEAD - 1, HEAD],
  ...[1, 65_535, 65_536, 65_537, 150_000, 196_608, SIZE - 1].map((at) => HEAD + at),
];

function asked(headers: Record<string, string>): RawRequest {
  const empty = new Uint8Array();
  return { method: "GET", target: "/", head: "", headers: new Headers(headers), body: empty };
}

faultTest("HttpStore.get: a response cut once, at any byte, is resumed", () => [
  ...CUTS.map((at) => ({ respond: cutting(strong, at, first), requests: 2 })),
  ...CUTS.map((at) => ({
    respond: cutting(strong, at, first),
    get: { offset: 1000, length: 250_000 },
  })),
  ...CUTS.map((at) => ({ respond: cutting(dated, at, first) })),
]);

faultTest(
  "HttpStore.get: without a validator, only what has not begun is retried",
  () =>
    [{ data, headers: {} }, weak].flatMap((image) => {
      const head = written({ ...correctResponse(asked({}), image), body: new Uint8Array() }).length;
      return [
        { respond: cutting(image, head - 2, first) },
        { respond: cutting(image, head, first) },
        {
          respond: changing(
            image,
            (response) => ({ ...response, body: response.body.subarray(0, 200_000) }),
          ),
          error: RemoteServiceUnavailable,
        },
      ];
    }),
);

faultTest(
  "HttpStore.get: responses that always end at the same byte of the message are an error",
  () => [
    ...[0, 9, HEAD - 1, HEAD].map((at) => ({
      respond: cutting(strong, at),
      error: RemoteServiceUnavailable,
      requests: 3,
    })),
  ],
);

faultTest("HttpStore.get: progress renews the retries, with more cuts than retries", () => ({
  respond: changing(
    strong,
    (response) => ({ ...response, body: response.body.subarray(0, 70_000) }),
  ),
}));

faultTest(
  "HttpStore.get: chunks cut off anywhere are resumed",
  () =>
    [0, 5, 20, 60_000, 150_000, SIZE, SIZE + 20].map((at) => ({
      respond: (request, index) => {
        const right = correctResponse(request, strong);
        if (index > 0) return { bytes: written(right) };
        const bytes = writtenInChunks(right, 10_000);
        return { bytes: bytes.subarray(0, Math.min(HEAD + at, bytes.length - 3)) };
      },
    })),
);

faultTest("HttpStore.get: whole chunks of unknown size are read", () => ({
  respond: (request) => ({ bytes: writtenInChunks(correctResponse(request, strong), 4099) }),
  requests: 1,
}));

faultTest("HttpStore.get: a Content-Length that is too long is no image", () => {
  const long = withHeaders({ "content-length": `${SIZE + 1000}` });
  return [
    { respond: changing(strong, long, first), error: ImageChanged },
    { respond: changing(strong, long), error: BackendException },
    { respond: changing({ data, headers: {} }, long), error: RemoteServiceUnavailable },
    {
      get: { offset: 100 },
      respond: changing(strong, withHeaders({ "content-length": `${SIZE}` })),
      error: BackendException,
    },
  ];
});

faultTest(
  "HttpStore.get: a Content-Length that is too short does not pass verification, nor for a range",
  () => [
    {
      get: { verify: { checksum: "0".repeat(32) } },
      respond: changing(strong, withHeaders({ "content-length": `${SIZE - 1000}` })),
      error: ChecksumMismatch,
    },
    {
      get: { offset: 100 },
      respond: changing(strong, withHeaders({ "content-length": "1000" })),
      error: BackendException,
    },
  ],
);

faultTest("HttpStore.get: a Content-Range that is not what was requested is an error", () =>
  [
    undefined,
    `bytes 101-${SIZE - 1}/${SIZE}`,
    `bytes 99-${SIZE - 1}/${SIZE}`,
    `bytes 100-${SIZE - 2}/${SIZE}`,
    `bytes 100-${SIZE}/${SIZE}`,
    `bytes 100-${SIZE - 1}/*`,
    `bytes */${SIZE}`,
    `bytes 100-50/${SIZE}`,
    `items 100-${SIZE - 1}/${SIZE}`,
    `bytes=100-${SIZE - 1}/${SIZE}`,
    "bytes 100-99999999999999999999/*",
    "nonsense",
  ].map((range) => ({
    get: { offset: 100 },
    respond: changing(strong, withHeaders({ "content-range": range })),
    error: BackendException,
    requests: 1,
  })));

faultTest("HttpStore.get: more data than the Content-Range says is an error", () => ({
  get: { offset: 100, length: 1000 },
  respond: (request) => {
    const right = correctResponse(request, strong);
    return { bytes: writtenInChunks({ ...right, body: data.subarray(100, 2000) }, 700) };
  },
  error: SizeMismatch,
}));

faultTest("HttpStore.get: a resumed response of another place is an error", () => ({
  get: { offset: 1000 },
  respond: (request, index) => {
    if (index === 0) return cutting(strong, HEAD + 100_000)(request, index);
    return changing(strong, withHeaders({ "content-range": `bytes 5-${SIZE - 1}/${SIZE}` }))(
      request,
      1,
    );
  },
  error: BackendException,
}));

faultTest(
  "HttpStore.get: an image that is replaced midway is never mixed with its successor",
  () => {
    const cutFirst: Respond = (request) => cutting(strong, HEAD + 100_000)(request, 0);
    const deaf = (request: RawRequest): RawRequest => {
      const headers = new Headers(request.headers);
      headers.delete("if-range");
      return { ...request, headers };
    };
    return [
      // It obeys If-Range.
      (request: RawRequest) => ({ bytes: written(correctResponse(request, other)) }),
      // It does not.
      (request: RawRequest) => ({ bytes: written(correctResponse(deaf(request), other)) }),
      // It forgets the entity tag.
      (request: RawRequest) => ({
        bytes: written(withHeaders({ etag: undefined })(correctResponse(deaf(request), other))),
      }),
      // It keeps the tag of an image of another size.
      (request: RawRequest) => ({
        bytes: written(correctResponse(request, { ...strong, data: pattern(SIZE + 1) })),
      }),
    ].map((successor) => ({
      respond: (request, index) => index === 0 ? cutFirst(request, 0) : successor(request),
      error: ImageChanged,
      requests: 2,
    }));
  },
);

faultTest(
  "HttpStore.get: a response without a length whose end is the connection's is refused",
  () => [
    {
      respond: changing(strong, withHeaders({ "content-length": undefined })),
      error: BackendException,
    },
    ...["identity", "gzip"].map((coding) => ({
      respond: changing(
        strong,
        withHeaders({ "content-length": undefined, "transfer-encoding": coding }),
      ),
      error: [BackendException, RemoteServiceUnavailable],
    })),
    {
      respond: (request) => ({
        bytes: latin1(
          `HTTP/1.0 200 OK\r\ncontent-length: ${SIZE}\r\n\r\n${
            String.fromCharCode(
              ...correctResponse(request, { ...strong, data: data.subarray(0, 9) }).body,
            )
          }`,
        ),
      }),
      error: RemoteServiceUnavailable,
    },
  ],
);

faultTest("HttpStore.get: silence is a timeout, and is retried", () => {
  const stalling = (at: number, which: (index: number) => boolean): Respond => (request, index) => {
    const bytes = written(correctResponse(request, strong));
    return which(index) ? { bytes: bytes.subarray(0, at), then: "stall" } : { bytes };
  };
  return [
    { respond: stalling(0, first) },
    { respond: stalling(HEAD - 2, first) },
    { respond: stalling(HEAD + 100_000, first) },
    { respond: stalling(0, () => true), options: { retries: 1 }, error: TimeoutError, requests: 2 },
    {
      respond: stalling(HEAD + 1000, () => true),
      options: { retries: 1 },
      error: TimeoutError,
      requests: 2,
    },
  ];
});

faultTest("HttpStore.get: statuses that may pass are retried, and others are not", () => [
  ...[408, 429, 500, 502, 503, 504].flatMap((status) => {
    const failing = changing(
      strong,
      (response) => ({ ...response, status: `${status} No` }),
      first,
    );
    return [{ respond: failing, requests: 2 }, {
      respond: changing(strong, (response) => ({ ...response, status: `${status} No` })),
      error: [RemoteServiceUnavailable, TimeoutError],
      requests: 3,
    }];
  }),
  ...[204, 205, 304, 400, 401, 403, 404, 410, 418, 501].map((status) => ({
    respond: changing(strong, (response) => ({ ...response, status: `${status} No` })),
    error: StoreError,
    requests: 1,
  })),
]);

faultTest("HttpStore.get: 206 for 200 is accepted if it is all of it", () => {
  const part = (last: number, total: string): Respond =>
    changing(strong, (response) => ({
      status: "206 Partial Content",
      headers: {
        ...response.headers,
        "content-range": `bytes 0-${last}/${total}`,
        "content-length": `${last + 1}`,
      },
      body: data.subarray(0, last + 1),
    }));
  return [
    { respond: part(SIZE - 1, `${SIZE}`) },
    { respond: part(999, `${SIZE}`), error: BackendException },
    { respond: part(999, "*"), error: BackendException },
    {
      respond: changing(strong, (response) => ({ ...response, status: "206 Partial Content" })),
      error: BackendException,
    },
  ];
});

faultTest("HttpStore.get: 200 for 206 is accepted at the beginning, not in the middle", () => {
  const deaf: Respond = (request) => ({
    bytes: written(correctResponse({ ...request, headers: new Headers() }, strong)),
  });
  return [
    { respond: deaf, get: { length: 1000 } },
    { respond: deaf, get: { length: 2 * SIZE } },
    { respond: deaf, get: { offset: 1, length: 1000 }, error: StoreRandomGetNotSupported },
  ];
});

faultTest(
  "HttpStore.get: an encoded image has the bytes that are stored, whatever the coding",
  () =>
    ["gzip", "x-gzip", "deflate", "br", "zstd", "aws-chunked", "identity", "gzip, br"].flatMap((
      coding,
    ) => [
      { respond: changing(strong, withHeaders({ "content-encoding": coding })) },
      {
        respond: changing(strong, withHeaders({ "content-encoding": coding })),
        get: { offset: 1000, length: 5000 },
      },
    ]),
);

faultTest("HttpStore.get: garbage is no image", () =>
  [
    "\0\x01\x02\xff".repeat(100),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "just the bytes",
    "HTTP/9.9 200 OK\r\ncontent-length: 3\r\n\r\nabc",
    "HTTP/1.1 2000 OK\r\ncontent-length: 3\r\n\r\nabc",
    "HTTP/1.1 abc OK\r\ncontent-length: 3\r\n\r\nabc",
    "HTTP/1.1 999 OK\r\ncontent-length: 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length : 3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 2\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: 3e2\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nx: \0\r\ncontent-length: 5\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\ncontent-length: 30\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(3),
    `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(100_000)}\r\nabc`,
    `HTTP/1.1 200 OK\r\nx: ${"y".repeat(2_000_000)}\r\n\r\nabc`,
  ].map((text) => ({ respond: () => ({ bytes: latin1(text) }), error: StoreError })));

faultTest(
  "HttpStore.get: redirects are followed within the site, five at most, in no circle",
  () => {
    const to = (location: string | undefined, status = 302): Written => ({
      bytes: written({
        status: `${status} Found`,
        headers: { ...(location === undefined ? {} : { location }), "content-length": "0" },
        body: new Uint8Array(),
      }),
    });
    const chain = (length: number): Respond => (request, index) =>
      index < length ? to(`hop-${index}`) : { bytes: written(correctResponse(request, strong)) };
    return [
      ...[301, 302, 303, 307, 308].map((status): Case => ({
        respond: (request, index) =>
          index === 0
            ? to("/elsewhere", status)
            : { bytes: written(correctResponse(request, strong)) },
        requests: 2,
      })),
      { respond: chain(5), requests: 6 },
      { respond: chain(6), error: MaxRedirectsExceeded, requests: 6 },
      { respond: () => to("/dir/a.img"), error: MaxRedirectsExceeded, requests: 1 },
      {
        respond: ({ target }) => to(target === "/dir/b" ? "a.img" : "b"),
        error: MaxRedirectsExceeded,
        requests: 2,
      },
      { respond: () => to(undefined), error: BackendException, requests: 1 },
      { respond: () => to("/other", 300), error: BackendException, requests: 1 },
    ];
  },
);

faultTest(
  "HttpStore.get: redirects do not lead inside, nor to other schemes, nor with credentials",
  () =>
    [
      "http://127.0.0.1:1/",
      "http://localhost:1/",
      "http://2130706433/",
      "http://0x7f.1/",
      "http://0177.0.0.1/",
      "http://[::1]/",
      "http://[::ffff:127.0.0.1]/",
      "http://[64:ff9b::7f00:1]/",
      "http://10.0.0.1/",
      "http://169.254.169.254/latest/meta-data/",
      "//192.168.0.1/",
      "http://metadata.google.internal/",
      "file:///etc/passwd",
      "ftp://example.org/a.img",
      "data:text/plain,abc",
      "http://me:secret@example.org/",
      "http://",
    ].map((location) => ({
      respond: () => ({
        bytes: written({
          status: "302 Found",
          headers: { location, "content-length": "0" },
          body: new Uint8Array(),
        }),
      }),
      error: EgressDenied,
      requests: 1,
    })),
);
