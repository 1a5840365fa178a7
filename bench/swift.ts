/**
 * The Swift driver against glance_store's, on one Swift with auth v1, and the server's own limits:
 * segments of zeros put by a client that does nothing else, or digests beside it as every store must,
 * each segment too for its ETag or not; and `curl` into nothing, of the image and of its segments.
 *
 * Usage: `swift.ts [MIB] [ROUNDS]`; default: 512 MiB and 5 rounds. The services `swift` and
 * `glance_store` run: `deno task services start`.
 *
 * @module
 */
import { SwiftStore } from "@vitrine/vitrine/swift";
import { service } from "../tests/services/mod.ts";
import { writeRandom } from "../tests/random_file.ts";
import { child, compare, type Contender } from "./harness.ts";
import type { Measurement } from "../tools/measurement.ts";

const MIB = 1024 * 1024;
/** What both are configured to: segments of 16 MB, which is 15.6 MiB to glance_store. */
const SEGMENT = 16;
const CONCURRENCY = 4;
/** How many segments curl reads at once. */
const AT_ONCE = 3;

/** Measures add and get of one image. */
export async function swift(mib = 512, rounds = 5): Promise<void> {
  const at = await service("swift");
  const glance = await service("glance_store");
  if (!at || !glance) throw new Error("swift and glance_store do not run");
  const container = `bench-${crypto.randomUUID()}`;
  const options = {
    ...{ authVersion: "1" as const, authAddress: at.authUrl, user: at.user, key: at.key },
    ...{ container, createContainerOnPut: true },
    ...{ largeObjectSize: SEGMENT, largeObjectChunkSize: SEGMENT, concurrency: CONCURRENCY },
  };
  const source = await Deno.makeTempFile({ prefix: "vitrine-bench-" });
  await using store = new SwiftStore("bench", options);

  const deno = (work: string) => (image: string) =>
    child(Deno.execPath(), [
      ...["run", "--no-lock", "--allow-all"],
      ...[pathOf("swift_child.ts"), work, source, image, JSON.stringify(options)],
    ]);
  const python = (work: string) => (image: string) =>
    child(glance.python, [
      ...[pathOf("glance.py"), "swift", work, source, image],
      `swift+config://ref1/${container}/${image}`,
      JSON.stringify({
        swift_store_auth_version: "1",
        swift_store_auth_address: at.authUrl,
        swift_store_user: at.user,
        swift_store_key: at.key,
        swift_store_container: container,
        swift_store_large_object_size: SEGMENT,
        swift_store_large_object_chunk_size: SEGMENT,
      }),
    ]);

  /** Adds under a name of its own and deletes it after. */
  const adding = (run: (image: string) => Promise<Measurement>): Contender["run"] => async () => {
    const image = crypto.randomUUID();
    try {
      return await run(image);
    } finally {
      await store.delete(image).catch(() => {});
    }
  };
  const against = "glance_store";

  try {
    await writeRandom(source, mib);
    await store.add("image", (await Deno.open(source)).readable, { size: mib * MIB });

    await compare(`swift add ${mib} MiB`, [
      { name: "glance_store", run: adding(python("add")) },
      { name: "vitrine", against, run: adding(deno("add")) },
      { name: "vitrine, no FFI", against, run: adding(deno("add-threads")) },
      { name: "vitrine, size unknown", against, run: adding(deno("add-unsized")) },
      { name: "the server's limit", against, run: adding(deno("bare-add")) },
      { name: "the limit with md5 and sha512", against, run: adding(deno("digested-add")) },
      { name: "the limit with ETags as well", against, run: adding(deno("checked-add")) },
    ], rounds);
    console.log(
      `allowed growth: ${SEGMENT} MB x (${CONCURRENCY} + 2) + 32 MiB = ` +
        `${Math.round(SEGMENT * 1_024_000 * (CONCURRENCY + 2) / MIB) + 32} MiB`,
    );

    const { url, token } = await login(at.user, at.key, at.authUrl);
    const image = "image";
    const path = `/${container}/${image}`;
    const segments = await segmentsOf(url, path, token);
    const curl = (...args: string[]) => () =>
      child(glance.python, [
        ...[pathOf("program.py"), `${mib * MIB}`, "curl", "-sf", "-H", `x-auth-token: ${token}`],
        ...args,
      ]);
    const discarded = (url: string) => ["-o", "/dev/null", url];
    await compare(`swift get ${mib} MiB`, [
      { name: "glance_store", run: () => python("get")(image) },
      { name: "vitrine, BYOB reader", against, run: () => deno("get-byob")(image) },
      { name: "vitrine, default reader", against, run: () => deno("get-default")(image) },
      { name: "curl", against, run: curl(...discarded(url + path)) },
      {
        name: `curl, ${AT_ONCE} segments at once`,
        against,
        run: curl(
          ...["-Z", "--parallel-max", `${AT_ONCE}`],
          ...segments.flatMap((name) => discarded(url + name)),
        ),
      },
    ], rounds);
  } finally {
    await Deno.remove(source);
    for await (const { path } of store.list({ recursive: true })) await store.delete(path);
  }
}

/** The account's URL, and a token. */
async function login(
  user: string,
  key: string,
  authUrl: string,
): Promise<{ url: string; token: string }> {
  const { headers, body } = await fetch(authUrl, {
    headers: { "x-auth-user": user, "x-auth-key": key },
  });
  await body?.cancel();
  return { url: headers.get("x-storage-url")!, token: headers.get("x-auth-token")! };
}

/** The paths of an image's segments in the account. */
async function segmentsOf(url: string, path: string, token: string): Promise<string[]> {
  const response = await fetch(`${url}${path}?multipart-manifest=get`, {
    headers: { "x-auth-token": token },
  });
  return (await response.json()).map(({ name }: { name: string }) => name);
}

function pathOf(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

if (import.meta.main) {
  const [mib, rounds] = Deno.args.map(Number);
  await swift(mib || undefined, rounds || undefined);
}
