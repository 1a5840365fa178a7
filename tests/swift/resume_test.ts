/**
 * Adds that go on where one that died has ended, on Swift and on radosgw.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { assertBytes, bytesOf, pattern } from "../../conformance/data.ts";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { type Recorder, recorder } from "../faults/recorder.ts";
import { serviceTest } from "../services/mod.ts";
import { until } from "../until.ts";
import { account, ceph, container, emptied, swift } from "./servers.ts";

const SEGMENT = 1_024_000;
/** 13 segments. The chunks of 4 MiB end in the fifth and in the ninth. */
const SIZE = 12 * SEGMENT + 1000;
const RESUME = { resume: true, size: SIZE };
const SEGMENTS = /\.segments\/[0-9a-f-]{36}\/\d/;

interface Fixture {
  store: SwiftStore;
  proxy: Recorder;
  options: SwiftOptions;
}

/** The servers, and the kinds of manifests that they are to have. */
const SERVERS = [["swift", swift, "slo"], ["swift", swift, "dlo"], ["ceph", ceph, "slo"]] as const;

/** Registers a test on servers, in a container of its own behind a proxy that records. */
function resumeTest(
  name: string,
  run: (fixture: Fixture) => Promise<void>,
  servers: readonly (typeof SERVERS)[number][] = SERVERS.slice(0, 1),
): void {
  for (const [server, settings, type] of servers) {
    serviceTest(`${name}, with ${type} on ${server}`, server, async () => {
      const { origin } = new URL(settings!.authAddress!);
      await using proxy = recorder(origin);
      const options: SwiftOptions = {
        ...settings!,
        container: container(),
        largeObjectSize: 1,
        largeObjectChunkSize: 1,
        largeObjectType: type,
        concurrency: 2,
      };
      const { url } = await account(options);
      const through = {
        ...options,
        authAddress: settings!.authAddress!.replace(origin, proxy.url),
        endpoint: url.replace(new URL(url).origin, proxy.url),
      };
      await using store = new SwiftStore("proxied", through);
      try {
        // So that the container is there.
        await store.add("first", new Uint8Array(1));
        await store.delete("first");
        await run({ store, proxy, options });
      } finally {
        await emptied(options);
      }
    });
  }
}

/** Lets an add fail when the server lists so many segments, and no other is under way. */
async function failAfter(
  { store, options }: Fixture,
  bytes: Uint8Array,
  segments: number,
): Promise<void> {
  const { names } = await account(options);
  const broken = async function* () {
    yield bytes.subarray(0, segments * SEGMENT + 300_000);
    const stored = async () =>
      (await names(options.container)).filter((name) => SEGMENTS.test(name)).length;
    await until("the segments to be listed", async () => await stored() >= segments);
    throw new Error("the source broke");
  };
  await assertRejects(() => store.add("disk.raw", broken(), RESUME), Error, "broke");
}

resumeTest("SwiftStore.add: with resume sends only what has not been sent", async (fixture) => {
  const { store, proxy, options } = fixture;
  const bytes = pattern(SIZE);
  await failAfter(fixture, bytes, 8);
  assertEquals(proxy.takeSent(SEGMENTS).length, 8);
  const { checksum } = await store.add("disk.raw", bytes, RESUME);
  assertEquals(proxy.takeSent(SEGMENTS).length, 5);
  assertBytes(await bytesOf(store, "disk.raw", { verify: { checksum } }), bytes);
  // The image has segments of its own, and those of the failed add are left over.
  const left = await Array.fromAsync(store.gc({ olderThan: -600_000 }));
  assertEquals(left.map(({ kind }) => kind), ["upload"]);
  assertBytes(await bytesOf(store, "disk.raw"), bytes);
  await store.delete("disk.raw");
  const { names } = await account(options);
  assertEquals(await names(options.container), []);
}, SERVERS);

resumeTest("SwiftStore.add: with resume sends segments anew that differ", async (fixture) => {
  const { store, proxy } = fixture;
  const bytes = pattern(SIZE);
  await failAfter(fixture, bytes, 8);
  proxy.takeSent(SEGMENTS);
  const other = bytes.slice();
  other[7]! ^= 1;
  await store.add("disk.raw", other, RESUME);
  assertEquals(proxy.takeSent(SEGMENTS).length, 6);
  assertBytes(await bytesOf(store, "disk.raw"), other);
});

resumeTest(
  "SwiftStore.add: several adds that fail go on from what all have sent",
  async (fixture) => {
    const { store, proxy } = fixture;
    const bytes = pattern(SIZE);
    let sent = 0;
    for (const segments of [4, 4, 8]) {
      await failAfter(fixture, bytes, segments);
      sent += proxy.takeSent(SEGMENTS).length;
    }
    await store.add("disk.raw", bytes, RESUME);
    sent += proxy.takeSent(SEGMENTS).length;
    assertEquals(sent, 13, "no segment was sent twice");
    assertBytes(await bytesOf(store, "disk.raw"), bytes);
  },
);

resumeTest("SwiftStore.add: with resume uses no segment of an add without", async (fixture) => {
  const { store, proxy } = fixture;
  const bytes = pattern(SIZE);
  await store.add("disk.raw", bytes);
  await store.rename("disk.raw", "other.raw");
  proxy.takeSent(SEGMENTS);
  await store.add("disk.raw", bytes, RESUME);
  assertEquals(proxy.takeSent(SEGMENTS).length, 13);
});
