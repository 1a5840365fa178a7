/**
 * A publisher's files, made by Debian's own tools and served by nginx, into a file store, S3 and Swift at
 * once; and everything that can be wrong with them.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Workplace } from "../cli/harness.ts";
import { TestBucket } from "../s3/bucket.ts";
import { serviceTest } from "../services/mod.ts";
import { emptied, swift } from "../swift/servers.ts";

const decoder = new TextDecoder();

/** Makes the files of a publisher: one image, packed in every way, damaged in every way, and lists of them. */
const PUBLISH = `
qemu-img create -q -f qcow2 plain.qcow2 8M
qemu-img create -q -f raw disk.raw 3M
qemu-img convert -f raw -O qcow2 disk.raw disk.qcow2
qemu-img create -q -u -f qcow2 -F raw -b /etc/passwd unsafe.qcow2 1M
head -c 5000000 /dev/urandom >> disk.qcow2
xz -k disk.qcow2
bzip2 -k disk.qcow2
gzip -k disk.qcow2
tar -cJf disk.tar.xz disk.qcow2
zip -q two.zip disk.qcow2 plain.qcow2
gzip -k unsafe.qcow2
head -c 1G /dev/zero | zstd -q > bomb.raw.zst
head -c 3000000 disk.qcow2.gz > cut.qcow2.gz
(cat disk.qcow2.xz; echo what is this doing here) > garbage.qcow2.xz
sha512sum disk.* > SHA512SUMS
sha256sum --tag disk.* > CHECKSUM
(echo '-----BEGIN PGP SIGNED MESSAGE-----'; sha256sum disk.* | sed 's/^..../0000/') > WRONG
`;

/** A server that passes a file on, and breaks the first connection in the middle of it. */
function cuttingServer(file: Uint8Array<ArrayBuffer>) {
  const requests: (string | null)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const range = request.headers.get("range");
    requests.push(range);
    const start = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const headers = { etag: '"1"', "accept-ranges": "bytes" };
    if (start > 0) {
      return new Response(file.slice(start), {
        status: 206,
        headers: {
          ...headers,
          "content-range": `bytes ${start}-${file.length - 1}/${file.length}`,
        },
      });
    }
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(file.slice(0, 1_000_000));
        await new Promise((resolve) => setTimeout(resolve));
        controller.error(new Error("cut"));
      },
    });
    return new Response(body, { headers: { ...headers, "content-length": `${file.length}` } });
  });
  return { server, requests, port: server.addr.port };
}

serviceTest("vitrine add URL: what publishers have, into three stores or none", [
  "nginx",
  "ceph",
  "swift",
], async ({ nginx, ceph }) => {
  const name = `wild-${crypto.randomUUID().slice(0, 8)}`;
  const folder = `${nginx.root}/${name}`;
  await Deno.mkdir(folder);
  const made = await new Deno.Command("sh", { args: ["-ec", PUBLISH], cwd: folder }).output();
  assertEquals(made.code, 0, decoder.decode(made.stderr));
  const image = await Deno.readFile(`${folder}/disk.qcow2`);
  const cutting = cuttingServer(await Deno.readFile(`${folder}/disk.qcow2.gz`));
  await using bucket = new TestBucket(ceph.s3);
  const [s3, container] = [bucket.options, name];
  const bad = { ...s3, host: "http://127.0.0.1:1", retries: 0 };
  const stores = {
    local: { driver: "file", datadir: "./local", createDatadir: true },
    cloud: { driver: "s3", ...s3 },
    objects: { driver: "swift", ...swift, container },
    bad: { driver: "s3", ...bad },
    web: {
      driver: "http",
      allowedHosts: ["127.0.0.1"],
      allowedPorts: [new URL(nginx.url!).port, `${cutting.port}`],
    },
  };
  await using work = await Workplace.make({ default: "local", stores });
  const url = `${nginx.url}${name}`;
  const all = ["--unpack", "auto", "--store", "local,cloud,objects", "--json"];
  const ids: string[] = [];
  try {
    for (
      const [id, source, ...flags] of [
        ["xz.qcow2", `${url}/disk.qcow2.xz`, "--checksums", `${url}/SHA512SUMS`],
        ["bz2.qcow2", `${url}/disk.qcow2.bz2`, "--checksums", `${url}/SHA512SUMS`],
        ["tar.qcow2", `${url}/disk.tar.xz`, "--checksums", `${url}/CHECKSUM`],
        [
          "cut.qcow2",
          `http://127.0.0.1:${cutting.port}/disk.qcow2.gz`,
          ...["--checksums", `${url}/CHECKSUM`],
        ],
      ] as [string, string, ...string[]][]
    ) {
      const { code, out, err } = await work.run("add", source, "--id", id, ...all, ...flags);
      assertEquals([code, err], [0, ""], source);
      const result = JSON.parse(out);
      const oks = result.stores.map(({ store, ok, size }: Record<string, unknown>) => [
        store,
        ok,
        size,
      ]);
      const expected = ["local", "cloud", "objects"].map((store) => [store, true, image.length]);
      assertEquals(oks, expected);
      assertEquals(await Deno.readFile(work.path(`local/${id}`)), image);
      ids.push(id);
    }
    assertStringIncludes(cutting.requests[1] ?? "", "bytes=");
    const verified = await work.run(
      "verify",
      ...ids.flatMap((id) => [`/cloud/${id}`, `/objects/${id}`]),
    );
    assertEquals([verified.code, verified.err], [0, ""]);

    const failures: [string[], code: number, reason: string][] = [
      [[`${url}/disk.qcow2.xz`, "--checksums", `${url}/WRONG`], 3, "sha256 of what arrived is"],
      [[`${url}/bomb.raw.zst`], 1, "more than 500 times as many"],
      [[`${url}/bomb.raw.zst`, "--max-size", "1000000"], 1, "more than the 1000000 bytes allowed"],
      [[`${url}/cut.qcow2.gz`], 1, "is cut off after 3000000 bytes"],
      [[`${url}/garbage.qcow2.xz`], 1, "other bytes"],
      [[`${url}/two.zip`], 1, "several members"],
      [[`${url}/unsafe.qcow2.gz`, "--refuse-unsafe"], 3, "is not safe"],
      [[`${url}/disk.qcow2.gz`, "--store", "bad", "--all-or-nothing"], 1, "bad: add"],
    ];
    await Promise.all(failures.map(async ([args, expected, reason], index) => {
      const { code, out, err } = await work.run("add", ...args, "--id", `failed-${index}`, ...all);
      assertEquals([code, out], [expected, ""], `${args.join(" ")}: ${err}`);
      assertStringIncludes(err, reason);
      assertEquals(err.trimEnd().split("\n").length, 1, err);
    }));
    for (const store of ["local", "cloud", "objects"]) {
      const { out } = await work.run("ls", `/${store}`);
      assertEquals(out.trim().split("\n").toSorted(), ids.toSorted());
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
    await cutting.server.shutdown();
    await emptied({ ...swift, container });
  }
});
