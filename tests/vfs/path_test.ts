/**
 * Paths of the tree: what is accepted stays in its mount, and names what it came from.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "../fast_check.ts";
import { BadStoreConfiguration, Invalid, NotFound, parsePath, Vfs } from "@vitrine/vitrine";
import { MemoryStore } from "@vitrine/vitrine/memory";

const MOUNTS = {
  "/images/debian": "/mirror/debian",
  "/images/all": "/mirror",
  "/local/extra": "/mirror/debian/12",
  "/mirror/hidden": "/local",
};

const vfs = new Vfs({ local: new MemoryStore("local"), mirror: new MemoryStore("mirror") }, {
  mounts: MOUNTS,
});

/** Segments good and bad, the tree's own names often, so that paths lead somewhere. */
const segment = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("local", "mirror", "images", "debian", "all", "12") },
  {
    weight: 3,
    arbitrary: fc.constantFrom("extra", "hidden", "..", ".", "", "%2e%2e", "%2f", "..."),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom("a\\b", "\0", "a\nb", "\ud800", "..\\..", "~", "C:") },
);
const path = fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join("/")}`);

/** The location a path names, or `undefined` if it is refused. */
async function located(path: string) {
  try {
    return await vfs.locate(path);
  } catch (error) {
    assert(error instanceof Invalid || error instanceof NotFound, `${error}`);
    assertEquals(error.message.split("\n").length, 1);
    return undefined;
  }
}

Deno.test("parsePath: no accepted path names anything outside its mount", async () => {
  const points = Object.entries({ "/local": "/local", "/mirror": "/mirror", ...MOUNTS })
    .sort(([one], [other]) => other.length - one.length);
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(path, async (path) => {
      const location = await located(path);
      if (location === undefined) return;
      accepted++;
      const [point, target] = points.find(([point]) => path.startsWith(`${point}/`))!;
      const inStore = `/${location.storeName}/${location.imageId}`;
      assertEquals(inStore, target + path.slice(point.length));
      assert(!location.imageId!.split("/").some((one) => ["", ".", ".."].includes(one)));
    }),
    { numRuns: 2000 },
  );
  assert(accepted > 100, `${accepted} paths led somewhere`);
});

Deno.test("Vfs.pathOf: a location and its path name each other", async () => {
  await fc.assert(
    fc.asyncProperty(path, async (path) => {
      const location = await located(path);
      if (location === undefined) return;
      const back = vfs.pathOf(location);
      if (back === undefined) {
        // Only what a mount hides has no path; then no path can have led to it.
        throw new Error(`${path} leads to ${location}, which has no path`);
      }
      const again = await vfs.locate(back);
      assertEquals([again.storeName, again.imageId], [location.storeName, location.imageId]);
      const mounted = Object.keys(MOUNTS).some((point) => path.startsWith(`${point}/`));
      if (!mounted) assertEquals(back, path);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("Vfs.pathOf: what a mount hides has no path, unless another mount shows it", async () => {
  const [local, mirror] = ["local", "mirror"].map((name) =>
    vfs.stores.getStoreFromStoreIdentifier(name)
  );
  assertEquals(vfs.pathOf(await local!.locationOf("extra/a")), "/mirror/hidden/extra/a");
  assertEquals(vfs.pathOf(await mirror!.locationOf("hidden/a")), "/images/all/hidden/a");
  const alone = new Vfs({ local: local! }, {
    mounts: { "/local/x": "/local/y" },
  });
  assertEquals(alone.pathOf(await local!.locationOf("x/1")), undefined);
  assertEquals(alone.pathOf(await local!.locationOf("y/1")), "/local/y/1");
});

for (
  const [bad, why] of [
    ["local/a", 'does not start with "/"'],
    ["", 'does not start with "/"'],
    ["//a", "empty segment"],
    ["/local//a", "empty segment"],
    ["/local/a//", "empty segment"],
    ["/local/../mirror/a", '".." segment'],
    ["/local/a/..", '".." segment'],
    ["/local/./a", '"." segment'],
    ["/local/a\0", "control character"],
    ["/local/a\nb", "control character"],
    ["/local/..\\..\\etc", "backslash"],
    ["/local/\udc00", "surrogate"],
  ] as const
) {
  Deno.test(`parsePath: ${JSON.stringify(bad)} is Invalid`, async () => {
    assertThrows(() => parsePath(bad), Invalid, why);
    for (
      const operation of [
        () => vfs.stat(bad),
        () => vfs.readFile(bad),
        () => vfs.writeFile(bad, new Uint8Array()),
        () => vfs.remove(bad, { recursive: true }),
        () => vfs.copyFile("/local/x", bad),
        () => vfs.rename(bad, "/local/y"),
        () => vfs.readDir(bad).next(),
        () => vfs.mkdir(bad),
        () => vfs.exists(bad),
        () => vfs.locate(bad),
      ]
    ) await assertRejects(operation, Invalid, why);
  });
}

Deno.test("Vfs.locate: does not percent-decode", async () => {
  assertEquals((await vfs.locate("/local/%2e%2e/a%2Fb")).imageId, "%2e%2e/a%2Fb");
});

Deno.test("Vfs: refuses mounts that lead nowhere or are taken, by name", () => {
  const store = new MemoryStore("a");
  for (
    const [at, to, why] of [
      ["/x", "/nowhere", 'no store "nowhere"'],
      ["/x", "/", 'no store ""'],
      ["x", "/a", 'does not start with "/"'],
      ["/x/../y", "/a", '".." segment'],
      ["/x", "/a/../b", '".." segment'],
      ["/a", "/a/b", "something is mounted there"],
    ] as const
  ) {
    const error = assertThrows(
      () => new Vfs({ a: store }, { mounts: { [at]: to } }),
      BadStoreConfiguration,
      why,
    );
    assert(error.message.includes(`the mount of "${to}" at "${at}"`));
  }
});
