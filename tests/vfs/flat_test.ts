/**
 * Walks and listings of stores that list all images in one go.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type ListEntry, type ListOptions, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { S3Store } from "@vitrine/vitrine/s3";
import type { Session } from "../../cli/command.ts";
import { below } from "../../cli/walk.ts";

/** A store that lists flatly, and counts its listings. `empty` and `a/empty` are folder markers. */
class Flat extends MemoryStore {
  listings: (string | undefined)[] = [];

  override get listsFlat(): boolean {
    return true;
  }

  override async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
    this.listings.push(options.directory);
    options.onSkipped?.({ path: "a/b\\c", reason: new Error("it has a backslash") });
    for (const path of ["empty", "a/empty", "a/b/c"]) {
      if (path.startsWith(options.directory ?? "")) options.onDirectory?.(path);
    }
    yield* super.list(options);
  }
}

async function tree() {
  const [flat, plain] = [new Flat("flat"), new MemoryStore("plain")];
  const vfs = new Vfs({ flat, plain }, { mounts: { "/flat/plain": "/plain" } });
  for (const path of ["b/x", "a/b/c/d", "a-b/x", "a/z", "b/a", "top"]) {
    await vfs.writeTextFile(`/flat/${path}`, path);
  }
  await vfs.writeTextFile("/plain/p", "p");
  flat.listings = [];
  return { vfs, flat };
}

Deno.test("Vfs.walk: takes one listing of a store that lists flatly, folder markers included", async () => {
  const { vfs, flat } = await tree();
  const skipped: string[] = [];
  const options = { onSkipped: ({ path }: { path: string }) => void skipped.push(path) };
  const entries = await Array.fromAsync(vfs.walk("/flat/a", options));
  assertEquals(entries.map(({ path }) => path), [
    "/flat/a",
    ...["empty", "b", "b/c", "b/c/d", "z"].map((path) => `/flat/a/${path}`),
  ]);
  assertEquals(entries.map(({ isDirectory }) => isDirectory), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  assertEquals(entries.map(({ name }) => name), ["a", "empty", "b", "c", "d", "z"]);
  assertEquals(skipped, ["/flat/a/b\\c"]);
  // The one is of `stat`, which looks whether the directory exists.
  assertEquals(flat.listings, ["a", "a"]);
});

Deno.test("Vfs.walk: sees a store that is mounted in one that lists flatly", async () => {
  const { vfs } = await tree();
  const paths = await Array.fromAsync(vfs.walk("/flat"), ({ path }) => path);
  assertEquals(paths.filter((path) => path.startsWith("/flat/plain")), [
    "/flat/plain",
    "/flat/plain/p",
  ]);
  assert(paths.includes("/flat/a/b/c/d"));
});

Deno.test("Vfs.walk: with a depth, lists directory by directory", async () => {
  const { vfs } = await tree();
  const paths = await Array.fromAsync(vfs.walk("/flat/a", { maxDepth: 1 }), ({ path }) => path);
  assertEquals(paths, ["/flat/a", "/flat/a/b", "/flat/a/z"]);
});

Deno.test("below: of a store that lists flatly, has the order of sorted directories", async () => {
  const flat = new Flat("flat");
  await using vfs = new Vfs({ flat });
  for (const path of ["b/x", "a/z", "a-b/x", "a/b/d", "a.x"]) await flat.add(path, new Blob());
  flat.listings = [];
  const session = { fail() {} } as unknown as Session;
  const paths = await Array.fromAsync(below(vfs, "/flat", true, session), ({ path }) => path);
  assertEquals(
    paths.map((path) => path.slice("/flat/".length)),
    [
      ...["a", "a/b", "a/b/c", "a/b/d", "a/empty", "a/z"],
      ...["a-b", "a-b/x", "a.x", "b", "b/x", "empty"],
    ],
  );
  assertEquals(flat.listings, [""]);
});

/** A bucket of such keys, listed in pages of 1,000 as S3 does; keys with a slash at the end are markers. */
function bucketOf(keys: readonly string[]) {
  const sorted = keys.toSorted();
  const requests: URL[] = [];
  const fetch = (address: string) => {
    const url = new URL(address);
    const isListing = url.searchParams.has("list-type");
    if (!isListing) return Promise.resolve(new Response(null, { status: 404 }));
    requests.push(url);
    const [prefix, delimiter, after] = ["prefix", "delimiter", "continuation-token"].map((name) =>
      url.searchParams.get(name) ?? ""
    ) as [string, string, string];
    const shown = new Set<string>();
    for (const key of sorted) {
      if (!key.startsWith(prefix)) continue;
      const end = delimiter ? key.indexOf(delimiter, prefix.length) + 1 : 0;
      const name = end ? key.slice(0, end) : key;
      if (name > after) shown.add(name);
      if (shown.size > 1000) break;
    }
    const page = [...shown].slice(0, 1000);
    const goesOn = shown.size > 1000;
    const entries = page.map((key) =>
      delimiter && key.endsWith("/") && key !== prefix
        ? `<CommonPrefixes><Prefix>${key}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${key}</Key><Size>${key.endsWith("/") ? 0 : 3}</Size></Contents>`
    );
    return Promise.resolve(
      new Response(
        `<ListBucketResult><IsTruncated>${goesOn}</IsTruncated>${
          goesOn ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ""
        }${entries.join("")}</ListBucketResult>`,
      ),
    );
  };
  const store = new S3Store("cloud", {
    host: "http://127.0.0.1:1",
    bucket: "images",
    accessKey: "a",
    secretKey: "s",
    bucketUrlFormat: "path",
    fetch,
  });
  return { store, requests };
}

Deno.test("Vfs.walk: takes one request for 1,000 keys of S3, not one for each of 300 directories", async () => {
  const directories = Array.from({ length: 300 }, (_, i) => `d${String(i).padStart(3, "0")}`);
  const images = directories.flatMap((name) => Array.from({ length: 9 }, (_, i) => `${name}/${i}`));
  const { store, requests } = bucketOf([...images, "d000/", "d000/empty/", "empty/"]);
  await using vfs = new Vfs({ cloud: store });
  const entries = await Array.fromAsync(vfs.walk("/cloud"));
  assertEquals(entries.filter(({ isFile }) => isFile).map(({ path }) => path), [
    ...images.map((image) => `/cloud/${image}`),
  ]);
  assertEquals(entries.filter(({ isDirectory }) => isDirectory).map(({ path }) => path), [
    ...["", "/d000", "/d000/empty", ...directories.slice(1).map((name) => `/${name}`), "/empty"]
      .map((path) => `/cloud${path}`),
  ]);
  assertEquals(requests.length, 3);
});
