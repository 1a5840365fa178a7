/**
 * Programs that people have, against `serveNbd`. docs/nbd.md has the table.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FileStore } from "../../drivers/file/mod.ts";
import { MemoryStore } from "../../drivers/memory/mod.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { checkSizes } from "./image_rules.ts";
import { randomBytes, ServedImages, sha256 } from "./served_images.ts";

const MIB = 1024 * 1024;
const IMAGE = "/files/debian/12 ü.raw";

serviceTest("serveNbd: clients read a memory store's images", "nbd-clients", async (endpoints) => {
  await checkSizes(new MemoryStore("images"), endpoints["nbd-clients"]);
});

serviceTest("serveNbd: clients read a file store's images", "nbd-clients", async (endpoints) => {
  const datadir = await Deno.makeTempDir();
  await checkSizes(new FileStore("images", { datadir }), endpoints["nbd-clients"]);
  await Deno.remove(datadir, { recursive: true });
});

/** Registers a test with a file store in which one image of 9 MiB is. */
function clientTest(
  name: string,
  test: (
    served: ServedImages,
    clients: Endpoints,
    image: { bytes: Uint8Array<ArrayBuffer>; file: string; uri: string },
  ) => Promise<void>,
): void {
  serviceTest(name, "nbd-clients", async (endpoints) => {
    const datadir = await Deno.makeTempDir();
    const store = new FileStore("files", { datadir });
    {
      await using served = await ServedImages.start({ files: store });
      const bytes = randomBytes(9 * MIB);
      await served.vfs.writeFile(IMAGE, bytes);
      const file = `${datadir}/debian/12 ü.raw`;
      await test(served, endpoints["nbd-clients"], {
        bytes,
        file,
        uri: served.server.uriOf(IMAGE),
      });
    }
    await Deno.remove(datadir, { recursive: true });
  });
}

clientTest("serveNbd: nbdinfo shows, lists and maps", async (served, { nbdinfo }, { uri }) => {
  const { exports: [image] } = JSON.parse(await served.output(nbdinfo, "--json", uri));
  assertEquals(image["export-name"], "files/debian/12 ü.raw");
  assertEquals(image["export-size"], 9 * MIB);
  assertEquals([image.is_read_only, image.can_multi_conn, image.can_df], [true, true, true]);
  assertEquals(image.block_size_maximum, 32 * MIB);
  assertEquals(image.contexts, ["base:allocation"]);
  assertEquals((await served.run(nbdinfo, "--can", "multi-conn", uri)).code, 0);
  assertEquals((await served.run(nbdinfo, "--is", "read-only", uri)).code, 0);
  const map = JSON.parse(await served.output(nbdinfo, "--map", "--json", uri));
  assertEquals(map, [{ offset: 0, length: 9 * MIB, type: 0, description: "data" }]);
  const all = await served.output(nbdinfo, "--list", "--json", served.server.uriOf("/"));
  assertEquals(JSON.parse(all).exports.length, 1);
  const missing = await served.run(nbdinfo, served.server.uriOf("/files/missing"));
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.err, "No such file or directory for export: files/missing");
});

clientTest("serveNbd: nbdcopy copies by 4 connections, and with one request at a time", async (
  served,
  { nbdcopy },
  { uri, bytes },
) => {
  for (const option of ["--connections=4", "--synchronous"]) {
    await served.output(nbdcopy, option, uri, served.path("copy"));
    assertEquals(await sha256(await Deno.readFile(served.path("copy"))), await sha256(bytes));
  }
});

clientTest("serveNbd: qemu-img converts, compares, maps and measures speed", async (
  served,
  { "qemu-img": qemuImg },
  { uri, file },
) => {
  assertMatch(await served.output(qemuImg, "info", "-f", "raw", uri), /9 MiB \(9437184 bytes\)/);
  await served.output(qemuImg, "convert", "-f", "raw", "-O", "qcow2", uri, served.path("disk"));
  for (const source of [uri, served.path("disk")]) {
    const format = source === uri ? "raw" : "qcow2";
    const args = ["compare", "-f", format, "-F", "raw", source, file];
    assertStringIncludes(await served.output(qemuImg, ...args), "identical");
  }
  const map = JSON.parse(await served.output(qemuImg, "map", "--output=json", "-f", "raw", uri));
  assertEquals(map.map(({ data }: { data: boolean }) => data), [true]);
  for (const [size, depth] of [["4096", "16"], ["1048576", "8"]]) {
    const args = ["bench", "-f", "raw", "-c", "500", "-d", depth!, "-s", size!, uri];
    assertStringIncludes(await served.output(qemuImg, ...args), "Run completed");
  }
});

clientTest("serveNbd: qemu-img opens the disk in a qcow2 image", async (
  served,
  { "qemu-img": qemuImg },
  { file },
) => {
  await served.output(qemuImg, "convert", "-f", "raw", "-O", "qcow2", file, served.path("q"));
  await served.vfs.writeFile("/files/disk.qcow2", await Deno.readFile(served.path("q")));
  const uri = served.server.uriOf("/files/disk.qcow2");
  const { format, "virtual-size": size } = JSON.parse(
    await served.output(qemuImg, "info", "--output=json", uri),
  );
  assertEquals([format, size], ["qcow2", 9 * MIB]);
  const compared = await served.output(qemuImg, "compare", "-f", "qcow2", "-F", "raw", uri, file);
  assertStringIncludes(compared, "identical");
});

clientTest("serveNbd: qemu-io reads a pattern and cannot write", async (
  served,
  { "qemu-io": qemuIo },
) => {
  await served.vfs.writeFile("/files/pattern", new Uint8Array(2 * MIB).fill(0xa7));
  const uri = served.server.uriOf("/files/pattern");
  const read = await served.output(qemuIo, "-r", "-f", "raw", "-c", "read -P 0xa7 4097 1M", uri);
  assertMatch(read, /read 1048576\/1048576 bytes/);
  assert(!read.includes("verification failed"), read);
  const { code, err } = await served.run(qemuIo, "-f", "raw", "-c", "write 0 512", uri);
  assertEquals(code, 1);
  assertMatch(err, /Permission denied|read.only/i);
});

clientTest("serveNbd: nbd-client lists", async (served, { "nbd-client": nbdClient }) => {
  const list = await served.output(nbdClient, "-l", "127.0.0.1", `${served.server.port}`);
  assertEquals(list, "Negotiation: ..\nfiles/debian/12 ü.raw\n");
});

clientTest("serveNbd: nbdkit passes an image on", async (
  served,
  { nbdkit, nbdcopy },
  { uri, bytes },
) => {
  await served.output(
    nbdkit,
    ...["-U", "-", "nbd", `uri=${uri}`, "--run", `${nbdcopy} "$uri" ${served.path("copy")}`],
  );
  assertEquals(await sha256(await Deno.readFile(served.path("copy"))), await sha256(bytes));
});

serviceTest("serveNbd: a Unix socket serves, and only its owner", "nbd-clients", async (
  endpoints,
) => {
  const folder = await Deno.makeTempDir();
  const socket = `${folder}/nbd.sock`;
  const { nbdinfo } = endpoints["nbd-clients"];
  {
    await using served = await ServedImages.start({ m: new MemoryStore("m") }, { socket });
    await served.vfs.writeFile("/m/a", new Uint8Array(1001));
    const uri = served.server.uriOf("/m/a");
    assertEquals(uri, `nbd+unix:///m/a?socket=${encodeURIComponent(socket)}`);
    assertEquals(await served.output(nbdinfo, "--size", uri), "1001\n");
  }
  assertEquals(await Array.fromAsync(Deno.readDir(folder)), [], "no socket is left");
  await Deno.remove(folder, { recursive: true });
});
