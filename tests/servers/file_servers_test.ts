/**
 * The http driver against the file servers that Debian has: listing, ranges, verification.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  ChecksumMismatch,
  NotFound,
  type SkippedEntry,
  StoreRandomGetNotSupported,
} from "@vitrine/vitrine";
import { HttpStore } from "@vitrine/vitrine/http";
import { Vfs } from "@vitrine/vitrine/vfs";
import { assertBytes, pattern } from "../../conformance/data.ts";
import { encodeHex } from "../../streams/encoding.ts";
import { hasPrograms } from "../services/service.ts";
import { FILE_SERVERS, startFileServer } from "./file_servers.ts";

const IMAGE = pattern(300_000);
/** The images, by path; some with names that need care. */
const FILES: Readonly<Record<string, Uint8Array>> = {
  "debian-12.qcow2": IMAGE,
  "empty.img": new Uint8Array(),
  "iso/C# 12 & ü+.iso": pattern(1_000, 1),
  "iso/v1.2/100%41.img": pattern(10, 2),
};

async function sha256(bytes: Uint8Array): Promise<string> {
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))));
}

async function makeRoot(): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "vitrine-root-" });
  await Deno.chmod(root, 0o755);
  await Deno.mkdir(`${root}/iso/v1.2`, { recursive: true });
  await Deno.mkdir(`${root}/nothing`);
  for (const [path, bytes] of Object.entries(FILES)) await Deno.writeFile(`${root}/${path}`, bytes);
  const sums = `${await sha256(IMAGE)}  debian-12.qcow2\n${"0".repeat(64)} *empty.img\n`;
  await Deno.writeTextFile(`${root}/SHA256SUMS`, sums);
  return root;
}

for (const [name, server] of Object.entries(FILE_SERVERS)) {
  Deno.test({
    name:
      `HttpStore on ${name} of Debian: lists, reads ranges and verifies [needs ${server.package}]`,
    ignore: !hasPrograms(server.program),
    async fn() {
      const root = await makeRoot();
      try {
        await using running = await startFileServer(server, root);
        await using store = new HttpStore("site", { baseUrl: running.url, retries: 0 });
        await reads(store, server.hasRanges);
        await verifies(store);
        await lists(store, server.hasIndex);
        await directories(store, server.hasIndex);
      } finally {
        await Deno.remove(root, { recursive: true });
      }
    },
  });
}

async function reads(store: HttpStore, hasRanges: boolean): Promise<void> {
  for (const [path, bytes] of Object.entries(FILES)) {
    assertEquals((await store.stat(path)).size, bytes.length, path);
    const { stream } = await store.get(path);
    assertBytes(await new Response(stream).bytes(), bytes);
  }
  const range = () => store.get("debian-12.qcow2", { offset: 200_000, length: 5_000 });
  if (!hasRanges) return void await assertRejects(range, StoreRandomGetNotSupported);
  const { stream } = await range();
  assertBytes(await new Response(stream).bytes(), IMAGE.subarray(200_000, 205_000));
}

async function verifies(store: HttpStore): Promise<void> {
  assertEquals((await store.stat("debian-12.qcow2")).multihash?.value, await sha256(IMAGE));
  const { stream } = await store.get("debian-12.qcow2", { verify: true });
  assertBytes(await new Response(stream).bytes(), IMAGE);
  const wrong = await store.get("empty.img", { verify: true });
  await assertRejects(() => new Response(wrong.stream).bytes(), ChecksumMismatch);
}

async function lists(store: HttpStore, hasIndex: boolean): Promise<void> {
  const skipped: SkippedEntry[] = [];
  const entries = await Array.fromAsync(
    store.list({ recursive: true, onSkipped: (entry) => skipped.push(entry) }),
  );
  const paths = entries.map(({ path }) => path).sort();
  // Without an index, the checksum file is the only one who names images.
  const named = ["debian-12.qcow2", "empty.img"];
  assertEquals(paths, hasIndex ? ["SHA256SUMS", ...Object.keys(FILES)].sort() : named);
  assertEquals(skipped, []);
  for (const { path, size } of entries) {
    const expected = FILES[path]?.length;
    if (size !== undefined && expected !== undefined) assertEquals(size, expected, path);
  }
}

async function directories(store: HttpStore, hasIndex: boolean): Promise<void> {
  await assertRejects(() => store.stat("iso"), NotFound);
  await assertRejects(() => store.get("iso").then(({ stream }) => stream.cancel()), NotFound);
  assertEquals(await Array.fromAsync(store.list({ directory: "nothing" })), []);
  if (!hasIndex) return;
  const vfs = new Vfs({ site: store });
  assert((await vfs.stat("/site/iso")).isDirectory);
  const walked = await Array.fromAsync(vfs.walk("/site/iso"));
  assertEquals(
    walked.filter(({ isDirectory }) => !isDirectory).map(({ path }) => path).sort(),
    ["/site/iso/C# 12 & ü+.iso", "/site/iso/v1.2/100%41.img"],
  );
}
