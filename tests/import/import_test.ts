/**
 * Images out of URLs, files and data into stores: fetched from nginx, checked, unpacked, judged.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  ChecksumMismatch,
  Duplicate,
  EgressDenied,
  Invalid,
  NotFound,
  Vfs,
} from "@vitrine/vitrine";
import { HttpStore } from "@vitrine/vitrine/http";
import { importImage } from "@vitrine/vitrine/import";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { encodeHex } from "../../streams/encoding.ts";
import { Workplace } from "../cli/harness.ts";
import { serviceTest } from "../services/mod.ts";
import { pipe } from "./pipe.ts";

const image = new TextEncoder().encode("the image ".repeat(600_000));
const packed = await pipe(image, "xz", "-c");
const sha256 = async (data: Uint8Array<ArrayBuffer>) =>
  encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));

const createTree = () => new Vfs({ local: new MemoryStore("local") });

Deno.test("importImage: has the digests of what arrived and of what is stored", async () => {
  await using vfs = createTree();
  const published = { sha256: await sha256(packed) };
  const result = await importImage(vfs, packed, {
    name: "disk.raw.xz",
    unpack: "auto",
    published,
    hashingAlgo: "sha256",
  });
  assertEquals(result.arrived, { size: packed.length, digests: published });
  assertEquals(result.multihash, { algo: "sha256", value: await sha256(image) });
  assertEquals([result.size, result.unpacked], [image.length, "xz"]);
  assertEquals(await vfs.readFile("/local/disk.raw"), image);
});

Deno.test("importImage: stores what is not packed, or not to be unpacked, as it is", async () => {
  await using vfs = createTree();
  const kept = await importImage(vfs, packed, { name: "a.xz" });
  assertEquals([kept.size, kept.unpacked], [packed.length, undefined]);
  const plain = await importImage(vfs, image, { path: "/local/b", unpack: "auto" });
  assertEquals([plain.arrived.size, plain.unpacked], [image.length, undefined]);
  await assertRejects(() => importImage(vfs, image, { path: "/local/b" }), Duplicate);
});

Deno.test("importImage: leaves nothing when a digest, the data or a name is wrong", async () => {
  await using vfs = createTree();
  const options = { name: "a.xz", unpack: "auto" } as const;
  const zeros = "0".repeat(64);
  const wrong = [
    [packed, { published: { sha256: zeros } }, ChecksumMismatch, `expected ${zeros}`],
    [packed, { published: { md5: "12" } }, Invalid, "md5 is 32 hexadecimal digits"],
    [packed, { checksums: new Blob([`${zeros}  b.xz`]) }, NotFound, "does not name a.xz"],
    [packed.slice(0, 99), {}, Invalid, "the xz data is cut off after 99 bytes"],
    [packed, { maxSize: 1000 }, Invalid, "more than the 1000 bytes allowed"],
    [packed, { accept: { formats: ["qcow2"] } }, Error, "qcow2"],
  ] as const;
  for (const [data, more, Class, reason] of wrong) {
    await assertRejects(() => importImage(vfs, data, { ...options, ...more }), Class, reason);
  }
  assertEquals(await Array.fromAsync(vfs.walk("/", { includeDirs: false })), []);
});

Deno.test("importImage: a URL of no store passes the egress gate, which refuses loopback", async () => {
  await using vfs = createTree();
  await assertRejects(() => importImage(vfs, "http://127.0.0.1:9/a.img"), EgressDenied);
});

serviceTest("vitrine add URL: checks, unpacks and stores what nginx has", "nginx", async (
  { nginx },
) => {
  const name = `import-${crypto.randomUUID().slice(0, 8)}`;
  const folder = `${nginx.root}/${name}`;
  await Deno.mkdir(folder);
  const url = `${nginx.url}${name}`;
  await using work = await Workplace.make({
    default: "local",
    stores: {
      local: { driver: "file", datadir: "./local", createDatadir: true },
      web: {
        driver: "http",
        allowedHosts: [new URL(url).hostname],
        allowedPorts: new URL(url).port,
      },
    },
  });
  try {
    const files = { "a.raw.xz": packed, "a.raw.gz": await pipe(image, "gzip", "-c") };
    let sums = "";
    for (const [file, data] of Object.entries(files)) {
      await Deno.writeFile(`${folder}/${file}`, data);
      sums += `SHA256 (${file}) = ${await sha256(data)}\n`;
    }
    await Deno.writeTextFile(`${folder}/CHECKSUM`, sums);
    const flags = ["--unpack", "auto", "--checksums", `${url}/CHECKSUM`, "--json"];
    const added = await work.run("add", `${url}/a.raw.xz`, ...flags);
    assertEquals([added.code, added.err], [0, ""]);
    const result = JSON.parse(added.out);
    assertEquals(result.arrived.digests.sha256, await sha256(packed));
    assertEquals([result.size, result.unpacked], [image.length, "xz"]);
    assertEquals(await Deno.readFile(work.path("local/a.raw")), image);

    const copied = await work.run("cp", "--unpack", "auto", `${url}/a.raw.gz`, "/local/copies/");
    assertEquals([copied.code, copied.err], [0, ""]);
    assertEquals(await Deno.readFile(work.path("local/copies/a.raw")), image);
    const sums1 = ["--checksums", `${url}/CHECKSUM`, "--checksum-name"];
    const kept = await work.run("cp", `${url}/a.raw.gz`, ...sums1, "a.raw.gz", "/local/kept");
    assertEquals([kept.code, kept.err], [0, ""]);
    const named = await work.run("verify", "/local/kept", ...sums1, "a.raw.gz");
    assertEquals([named.code, named.out], [0, "/local/kept: ok (sha256)\n"]);
    assertEquals((await work.run("verify", "/local/kept", ...sums1, "a.raw.xz")).code, 3);
    assertEquals((await work.run("verify", "/local/kept", ...sums1.slice(0, 2))).code, 4);

    await Deno.writeFile(`${folder}/a.raw.gz`, packed);
    const wrong = await work.run("add", `${url}/a.raw.gz`, "--id", "b", ...flags);
    assertEquals(
      [wrong.code, wrong.err.includes("sha256 of what arrived is")],
      [3, true],
      wrong.err,
    );
    assertEquals(wrong.err.trimEnd().split("\n").length, 1);
    assertEquals((await work.files()).includes("local/b"), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("HttpStore and importImage: a source of a store is read by the store", async () => {
  const fetch = () => Promise.resolve(new Response(packed, { headers: { etag: '"1"' } }));
  const web = new HttpStore("web", { baseUrl: "https://example.org/", fetch });
  await using vfs = new Vfs({ local: new MemoryStore("local"), web });
  await importImage(vfs, "https://example.org/x/c.raw.xz", { store: "local", unpack: "xz" });
  assertEquals(await vfs.readFile("/local/c.raw"), image);
});

Deno.test("cp: checks and unpacks what is at hand, and nothing for several sources", async () => {
  await using work = await Workplace.make();
  await Deno.writeFile(work.path("a.gz"), await pipe(image, "gzip", "-c"));
  const one = await work.run("cp", "--unpack", "gzip", "./a.gz", "/local/a.raw");
  assertEquals([one.code, one.err], [0, ""]);
  assertEquals(await Deno.readFile(work.path("local/a.raw")), image);
  const md5 = ["--md5", "0".repeat(32)];
  assertEquals((await work.run("cp", ...md5, "/local/a.raw", "/mirror/a.raw")).code, 3);
  assertEquals((await work.run("cp", ...md5, "/local/a.raw", "./a.gz", "/mirror/")).code, 2);
  assertEquals((await work.run("cp", ...md5, "/local/a.raw", "./b.raw")).code, 2);
  assertEquals((await work.files()).some((path) => path.includes("mirror/a")), false);
});
