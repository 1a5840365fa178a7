/**
 * What goes wrong between a store and Swift, committed on purpose on the way to a real one.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BackendException,
  ChecksumMismatch,
  Duplicate,
  ImageChanged,
  NotFound,
  RemoteServiceUnavailable,
  StorageFull,
  StoreError,
} from "../../mod.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { assertBytes, bytesOf, pattern, streamOf } from "../../conformance/data.ts";
import { serviceTest } from "../services/mod.ts";
import { until } from "../until.ts";
import { expire, type Passing, proxy } from "./proxy.ts";
import { account, container, emptied, swift } from "./servers.ts";

const BYTES = pattern(4_500_000);
const SEGMENT = /^PUT .*\/\.segments\/[^/]*-[^/]*\/\d+$/;

/** Runs `body` with a store behind a proxy, and the names that are really in its container. */
async function behind(
  meddle: (passing: Passing) => Promise<Response>,
  body: (given: {
    store: SwiftStore;
    names: () => Promise<string[]>;
    requests: string[];
    options: SwiftOptions;
  }) => Promise<void>,
  more: SwiftOptions = {},
): Promise<void> {
  await using through = await proxy(meddle);
  const options = {
    ...through.options,
    container: container(),
    largeObjectSize: 1,
    largeObjectChunkSize: 1,
    ...more,
  };
  const { names } = await account(swift!);
  await using store = new SwiftStore("faulty", options);
  try {
    const { requests } = through;
    await body({ store, names: () => names(options.container), requests, options });
  } finally {
    await emptied({ ...swift!, container: options.container });
  }
}

/** Passes everything on, but the first `count` requests of that kind. */
function atFirst(count: number, kind: RegExp, respond: (passing: Passing) => Promise<Response>) {
  let left = count;
  return (passing: Passing) =>
    kind.test(passing.name) && left-- > 0 ? respond(passing) : passing.pass();
}

function status(status: number, headers: HeadersInit = {}): Promise<Response> {
  return Promise.resolve(new Response(null, { status, headers }));
}

serviceTest(
  "swift: a token that ends between two segments is renewed once, and its segments sent again",
  "swift",
  async ({ swift }) => {
    let segments = 0;
    const meddle = async (passing: Passing) => {
      if (SEGMENT.test(passing.name) && ++segments === 3) {
        await expire(passing.token!, swift.memcachedPort);
      }
      return await passing.pass();
    };
    await behind(meddle, async ({ store, requests }) => {
      await store.add("a", streamOf(BYTES));
      assertEquals(requests.filter((name) => name === "LOGIN").length, 2);
      assert(segments > 5, `${segments} segments were sent`);
      assertBytes(await bytesOf(store, "a"), BYTES);
    });
  },
);

serviceTest(
  "swift: callers at once share one login, and one more when the token has ended",
  "swift",
  async ({ swift }) => {
    let token: string | null = null;
    const meddle = (passing: Passing) => {
      token = passing.token;
      return passing.pass();
    };
    await behind(meddle, async ({ store, requests }) => {
      await store.add("a", pattern(10));
      const logins = () => requests.filter((name) => name === "LOGIN").length;
      const callers = () => Promise.all(Array.from({ length: 20 }, () => store.stat("a")));
      await callers();
      assertEquals(logins(), 1);
      await expire(token!, swift.memcachedPort);
      await callers();
      assertEquals(logins(), 2);
    });
  },
);

serviceTest("swift: 408, 429, 498, 500 and 503 are tried again", "swift", async () => {
  for (const code of [408, 429, 498, 500, 503]) {
    const kinds = [SEGMENT, /^PUT .*\/a$/, /^HEAD .*\/a$/, /^GET .*\/a$/, /^DELETE .*\/a$/];
    const faults = kinds.map((kind) => ({ kind, left: 2 }));
    const meddle = (passing: Passing) => {
      const fault = faults.find(({ kind, left }) => left > 0 && kind.test(passing.name));
      if (fault === undefined) return passing.pass();
      fault.left--;
      return status(code, { "retry-after": "0" });
    };
    await behind(meddle, async ({ store, names }) => {
      await store.add("a", streamOf(BYTES));
      assertBytes(await bytesOf(store, "a"), BYTES);
      await store.delete("a");
      assertEquals(faults.map(({ left }) => left), [0, 0, 0, 0, 0], `${code}`);
      assertEquals(await names(), []);
    });
  }
});

serviceTest(
  "swift: a server that stays away fails the add, and nothing is left",
  "swift",
  async () => {
    for (const kind of [/00000003$/, /^PUT .*\/a$/]) {
      const meddle = atFirst(Infinity, kind, () => status(503));
      await behind(meddle, async ({ store, names }) => {
        const error = await assertRejects(() => store.add("a", BYTES), RemoteServiceUnavailable);
        assertEquals(error.retryable, true);
        assertEquals(await names(), []);
      }, { retries: 1 });
    }
  },
);

serviceTest(
  "swift: a full server (413, 507) is StorageFull, and nothing is left",
  "swift",
  async () => {
    for (const code of [413, 507]) {
      const meddle = atFirst(1, /00000002$/, () => status(code));
      await behind(meddle, async ({ store, names, requests }) => {
        await assertRejects(() => store.add("a", BYTES), StorageFull);
        assertEquals(await names(), []);
        assertEquals(requests.filter((name) => /^PUT .*00000002$/.test(name)).length, 1);
      });
    }
  },
);

serviceTest("swift: a segment that is stored with another md5 is sent again", "swift", async () => {
  const damaged = async ({ pass }: Passing) => {
    const { body, status, headers } = await pass();
    const wrong = new Headers(headers);
    wrong.set("etag", "0".repeat(32));
    return new Response(body, { status, headers: wrong });
  };
  await behind(atFirst(1, /^PUT .*00000002$/, damaged), async ({ store }) => {
    await store.add("a", BYTES);
    assertBytes(await bytesOf(store, "a"), BYTES);
  });
  await behind(atFirst(Infinity, /^PUT .*00000002$/, damaged), async ({ store, names }) => {
    const { message } = await assertRejects(() => store.add("a", BYTES), ChecksumMismatch);
    assert(message.includes("segment 2"), message);
    assertEquals(await names(), []);
  });
});

serviceTest("swift: what is damaged on its way is refused by Swift itself", "swift", async () => {
  await behind(({ pass }) => pass(), async ({ store, names }) => {
    // The digest of an image in one object goes with it; here it is another's.
    const fetch: SwiftOptions["fetch"] = (url, init) => {
      const headers = new Headers(init.headers);
      if (headers.has("etag")) headers.set("etag", "0".repeat(32));
      return globalThis.fetch(url, { ...init, headers });
    };
    await using other = new SwiftStore("other", { ...store["options"], retries: 1, fetch });
    await assertRejects(() => other.add("a", pattern(1000)));
    assertEquals(await names(), []);
  });
});

serviceTest(
  "swift: an add whose last response is lost succeeds, and is no Duplicate of itself",
  "swift",
  async () => {
    for (const bytes of [pattern(1000), BYTES]) {
      const lost = async ({ pass }: Passing) => {
        await (await pass()).body?.cancel();
        return await status(503);
      };
      for (const [count, retries] of [[1, 5], [3, 2]] as const) {
        await behind(atFirst(count, /^PUT .*\/a$/, lost), async ({ store, requests }) => {
          await store.add("a", bytes);
          const puts = requests.filter((name) => /^PUT .*\/a$/.test(name)).length;
          assertEquals(puts, Math.min(count, retries) + 1);
          assertBytes(await bytesOf(store, "a"), bytes);
          await assertRejects(() => store.add("a", bytes), Duplicate);
          assertBytes(await bytesOf(store, "a"), bytes);
        }, { retries });
      }
    }
  },
);

serviceTest("swift: an image that vanishes between HEAD and GET is NotFound", "swift", async () => {
  const { send } = await account(swift!);
  const vanishing = async ({ name, pass }: Passing) => {
    await send("DELETE", name.slice("GET ".length));
    return await pass();
  };
  await behind(atFirst(2, /^GET .*\/a$/, vanishing), async ({ store, requests }) => {
    await store.add("a", pattern(1000));
    await assertRejects(() => store.get("a", { verify: true }), NotFound);
    assertEquals(requests.slice(-2).map((name) => name.split(" ")[0]), ["HEAD", "GET"]);
    await store.add("a", pattern(1000));
    await using handle = await store.open("a");
    await assertRejects(() => handle.read(new Uint8Array(10), 0), NotFound);
  });
});

serviceTest(
  "swift: a body that breaks is resumed, with a new token if need be",
  "swift",
  async ({ swift }) => {
    const breaks = async ({ token, pass }: Passing) => {
      const { status, headers, body } = await pass();
      const kept = new Headers(headers);
      let left = 1_500_000;
      const reader = body!.getReader();
      const broken = new ReadableStream<Uint8Array>({
        async pull(stream) {
          const { value } = await reader.read();
          stream.enqueue(value!.subarray(0, left));
          left -= value!.length;
          if (left > 0) return;
          await reader.cancel();
          await expire(token!, swift.memcachedPort);
          // Before all is there that the Content-Length promises.
          stream.close();
        },
      }, { highWaterMark: 0 });
      return new Response(broken, { status, headers: kept });
    };
    await behind(atFirst(1, /^GET .*\/a$/, breaks), async ({ store, requests }) => {
      await store.add("a", BYTES);
      assertBytes(await bytesOf(store, "a"), BYTES);
      assertEquals(requests.filter((name) => name === "LOGIN").length, 2);
    });
  },
);

serviceTest("swift: a read is not resumed with the bytes of another image", "swift", async () => {
  const { send } = await account(swift!);
  const replaced = async ({ name, pass }: Passing) => {
    const { status, headers, body } = await pass();
    const { value } = await body!.getReader().read();
    const path = name.slice("GET ".length);
    await send("DELETE", `${path}?multipart-manifest=delete`);
    await send("PUT", path, {}, pattern(BYTES.length, 2));
    const broken = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(value!),
      pull: (stream) => stream.close(),
    });
    return new Response(broken, { status, headers });
  };
  await behind(atFirst(1, /^GET .*\/a$/, replaced), async ({ store }) => {
    await store.add("a", BYTES);
    await assertRejects(() => bytesOf(store, "a"), ImageChanged);
  });
});

serviceTest("swift: an image with a segment missing does not look whole", "swift", async () => {
  const { send } = await account(swift!);
  for (const largeObjectType of ["slo", "dlo"] as const) {
    await behind(({ pass }) => pass(), async ({ store, names, options }) => {
      await store.add("a", BYTES);
      const segment = (await names()).find((name) => name.endsWith("00000003"))!;
      await send("DELETE", `/${options.container}/${segment}`);
      await assertRejects(() => bytesOf(store, "a"), StoreError);
      if (largeObjectType === "dlo") {
        await using single = new SwiftStore("single", { ...options, readConcurrency: 1 });
        for (const range of [{}, { offset: 0, length: 10 }, { offset: BYTES.length - 10 }]) {
          await assertRejects(() => single.get("a", range), StoreError);
        }
        await assertRejects(() => store.stat("a"), BackendException);
        // Half of it would count as the whole from then on.
        await assertRejects(() => store.rename("a", "b"), BackendException);
      }
      await store.delete("a");
      assertEquals(await names(), []);
    }, { retries: 1, largeObjectType });
  }
});

serviceTest(
  "swift: a dynamic manifest is an image once the server finds all of its segments",
  "swift",
  async () => {
    const { send } = await account(swift!);
    for (const comesBack of [true, false]) {
      let back: Promise<unknown> = Promise.resolve();
      const meddle = async ({ name, pass }: Passing) => {
        const { container } = new RegExp("^PUT /(?<container>[^/]+)/a$").exec(name)?.groups ?? {};
        if (container !== undefined) {
          const { names } = await account(swift!);
          const segment = (await names(container)).find((name) => name.endsWith("00000002"))!;
          await send("DELETE", `/${container}/${segment}`);
          if (comesBack) {
            back = new Promise((resolve) => setTimeout(resolve, 500)).then(() =>
              send("PUT", `/${container}/${segment}`, {}, BYTES.slice(1_024_000, 2_048_000))
            );
          }
        }
        return await pass();
      };
      await behind(meddle, async ({ store, names }) => {
        if (comesBack) {
          await store.add("a", BYTES);
          assertBytes(await bytesOf(store, "a"), BYTES);
        } else {
          await assertRejects(() => store.add("a", BYTES), BackendException);
          assertEquals(await names(), []);
        }
        await back;
      }, { largeObjectType: "dlo" });
    }
  },
);

serviceTest("swift: a failed or aborted add leaves no segment", "swift", async () => {
  await behind(({ pass }) => pass(), async ({ store, names }) => {
    const broken = new ReadableStream({
      start: (stream) => stream.enqueue(BYTES),
      pull: (stream) => stream.error(new Error("broke")),
    }, { highWaterMark: 0 });
    await assertRejects(() => store.add("a", broken));
    assertEquals(await names(), []);
    const controller = new AbortController();
    const endless = new ReadableStream<Uint8Array>({
      async pull(stream) {
        stream.enqueue(pattern(1_000_000));
        if ((await names()).length > 2) controller.abort();
      },
    });
    await assertRejects(() => store.add("a", endless, { signal: controller.signal }));
    assertEquals(await names(), []);
  });
});

serviceTest("swift: where bulk deletes are refused, segments go one by one", "swift", async () => {
  for (const code of [400, 404, 501]) {
    await behind(atFirst(Infinity, /^POST $/, () => status(code)), async ({ store, names }) => {
      await store.add("a", BYTES);
      await store.delete("a");
      assertEquals(await names(), []);
    }, { largeObjectType: "dlo" });
  }
});

serviceTest(
  "swift: a claim ends soon after its owner has died, and not while it is at work",
  "swift",
  async () => {
    const { send, names } = await account(swift!);
    let life = Infinity;
    const meddle = async ({ name, pass }: Passing) => {
      const { container } = new RegExp("^PUT /(?<container>[^/]+)/a$").exec(name)?.groups ?? {};
      if (container === undefined) return await pass();
      const claim = (await names(container)).find((name) => name.includes("/claims/"))!;
      const look = async () => {
        const { headers } = await send("HEAD", `/${container}/${claim}`);
        const left = Number(headers.get("x-delete-at")) - Date.parse(headers.get("date")!) / 1000;
        return { left, at: Number(headers.get("x-delete-at")) };
      };
      const { left, at } = await look();
      life = left;
      if (life > 60) return await pass();
      await until("the claim to be renewed", async () => (await look()).at > at);
      return await pass();
    };
    await behind(meddle, async ({ store, names }) => {
      await store.add("a", BYTES);
      assert(life <= 60, `a claim holds for ${life} s`);
      assertEquals((await names()).filter((name) => name.includes("/claims/")), []);
    });
  },
);

serviceTest(
  "swift: gc removes no segment of an image that the server denies for a while",
  "swift",
  async () => {
    for (const largeObjectType of ["slo", "dlo"] as const) {
      let fault = "";
      let listings = 0;
      const meddle = async ({ name, pass }: Passing) => {
        const isListing = /^GET \/[^/]*$/.test(name);
        if (fault === "one HEAD" && name.startsWith("HEAD ")) {
          fault = "";
          return await status(404);
        }
        if (fault === "every HEAD" && name.startsWith("HEAD ")) return await status(404);
        if (fault === "old Swift" && isListing) {
          const entries: Record<string, unknown>[] = await (await pass()).json();
          return Response.json(entries.map((entry) => ({ ...entry, slo_etag: undefined })));
        }
        if (isListing && fault === `listing ${++listings}`) return await status(404);
        if (isListing && fault === "images" && listings > 4) return await status(404);
        return await pass();
      };
      await behind(meddle, async ({ store, names, options }) => {
        await store.add("a", BYTES);
        await store.add("plain", pattern(10));
        const { send } = await account(swift!);
        const dead = `.segments/${crypto.randomUUID()}`;
        const faults = ["one HEAD", "every HEAD", "old Swift"];
        for (const kind of [...faults, "listing 2", "listing 5", "images"]) {
          await send("PUT", `/${options.container}/${dead}/00000001`, {}, "dead");
          listings = 0;
          fault = kind;
          const gone = (await Array.fromAsync(store.gc({ olderThan: 0 }))).map(({ path }) => path);
          fault = "";
          // What fails once is tried again with the manifests themselves.
          const isKnown = ["one HEAD", "old Swift", "listing 5"].includes(kind);
          assertEquals(gone, isKnown ? [`${options.container}/${dead}`] : [], kind);
          assertBytes(await bytesOf(store, "a"), BYTES);
        }
        await Array.fromAsync(store.gc({ olderThan: 0 }));
        assertEquals((await names()).filter((name) => name.startsWith(dead)), []);
      }, { largeObjectType });
    }
  },
);
