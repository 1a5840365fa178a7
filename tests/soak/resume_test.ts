/**
 * Random kills of `vitrine add --resume`: the next run sends what is missing, and at most one part more.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { assertBytes, bytesOf, MIB, pattern } from "../../conformance/data.ts";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { sendForXml } from "../../drivers/s3/xml_request.ts";
import { SwiftStore } from "../../drivers/swift/mod.ts";
import type { Store } from "../../mod.ts";
import { Workplace } from "../cli/harness.ts";
import { type Recorder, recorder } from "../faults/recorder.ts";
import { seeded } from "../faults/random.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { account, container, emptied, swift } from "../swift/servers.ts";
import { until } from "../until.ts";

/** How many runs are killed. */
const KILLS = Deno.env.get("VITRINE_SOAK") === "full" ? 20 : 1;

/** Where images are added, behind a proxy. */
interface Target {
  proxy: Recorder;
  /** The configuration of the store. */
  store: Record<string, unknown>;
  /** The size of a part in bytes. */
  part: number;
  /** Matches the request targets of parts. */
  parts: RegExp;
  /** The same store, for this process. */
  direct: Store;
  /** Returns how many bytes of parts the server has that are in no image. */
  kept(): Promise<number>;
}

/** Starts an add, kills it when it has begun to send so many parts, and waits until it is gone. */
async function killAtPart(
  place: Workplace,
  { proxy, parts }: Target,
  count: number,
  args: readonly string[],
): Promise<void> {
  const child = place.start(args, { stdout: "null", stderr: "null" });
  let left = count;
  proxy.onRequest = ({ method, target, body }) => {
    if (method !== "PUT" || !parts.test(target) || body.length === 0 || --left > 0) return;
    delete proxy.onRequest;
    child.kill("SIGKILL");
  };
  assertEquals((await child.status).signal, "SIGKILL");
}

/** Kills adds at random parts. Each is run again, and counted. */
async function soakResume(target: Target): Promise<void> {
  const { proxy, store, part, parts, direct } = target;
  const random = seeded(11);
  const count = 6;
  const bytes = pattern(count * part - 1000);
  await using place = await Workplace.make({ default: "cloud", stores: { cloud: store } });
  await Deno.writeFile(place.path("disk.raw"), bytes);
  for (let kill = 0; kill < KILLS; kill++) {
    const id = `kill-${kill}`;
    const args = ["add", "./disk.raw", "--id", id, "--resume"];
    await killAtPart(place, target, 1 + Math.floor(random() * count), args);
    // What has come whole is passed on, whether its sender lives or not.
    const begun = sum(proxy.takeSent(parts));
    await until("the parts to be stored", async () => await target.kept() >= begun);
    const kept = await target.kept();
    const again = await place.run(...args);
    assertEquals([again.code, again.err], [0, ""], id);
    const sent = sum(proxy.takeSent(parts));
    assert(sent <= bytes.length - kept + part, `${id}: sent ${sent} after ${kept}`);
    assertBytes(await bytesOf(direct, id), bytes);
    // Younger than this is nothing, also by the server's clock.
    await Array.fromAsync(direct.gc({ olderThan: -600_000 }));
    assertBytes(await bytesOf(direct, id), bytes);
    await direct.delete(id);
    // Listings of Swift may lag behind.
    await until("the leftovers to go", async () => await target.kept() === 0);
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

serviceTest(
  `vitrine add: after each of ${KILLS} random kills --resume sends what is missing to S3`,
  "ceph",
  async ({ ceph: { s3 } }) => {
    await using proxy = recorder(s3.url);
    const more = { largeObjectSize: 0, largeObjectChunkSize: 5, concurrency: 2 };
    await using bucket = new TestBucket(s3, more);
    await soakResume({
      proxy,
      store: { driver: "s3", ...bucket.options, host: proxy.url },
      part: 5 * MIB + 65_536,
      parts: /partNumber=/,
      direct: bucket.store,
      async kept() {
        const client = bucket.client();
        try {
          let size = 0;
          for await (const { key, id } of listUploads(client)) {
            const root = "ListPartsResult";
            const parts = await sendForXml(client, { root, key, query: { uploadId: id } });
            size += sum(parts.all("Part").map((part) => Number(part.text("Size"))));
          }
          return size;
        } finally {
          await client.close();
        }
      },
    });
  },
);

serviceTest(
  `vitrine add: after each of ${KILLS} random kills --resume sends what is missing to Swift`,
  "swift",
  async () => {
    const { origin } = new URL(swift!.authAddress!);
    await using proxy = recorder(origin);
    const options = {
      ...swift!,
      container: container(),
      largeObjectSize: 1,
      largeObjectChunkSize: 5,
      concurrency: 2,
    };
    const { url, send } = await account(options);
    const through = (address: string) => address.replace(origin, proxy.url);
    await using direct = new SwiftStore("direct", options);
    try {
      // So that the container is there.
      await direct.add("first", new Uint8Array(1));
      await direct.delete("first");
      await soakResume({
        proxy,
        store: {
          ...{ driver: "swift", ...options },
          authAddress: through(options.authAddress!),
          endpoint: through(url),
        },
        part: 5 * 1_024_000,
        parts: /\.segments\/[0-9a-f-]{36}\/\d/,
        direct,
        async kept() {
          const { status, text } = await send("GET", `/${options.container}?format=json`);
          if (status === 404) return 0;
          const listed: { name: string; bytes: number }[] = JSON.parse(text);
          return sum(
            listed.filter(({ name }) => name.startsWith(".segments/")).map(({ bytes }) => bytes),
          );
        },
      });
    } finally {
      await emptied(options);
    }
  },
);
