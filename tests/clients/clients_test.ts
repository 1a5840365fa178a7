/**
 * Programs that people have, against `vitrine serve`: what they fetch equals the images.
 * docs/compatibility.md has the table.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
// deno-lint-ignore no-import-prefix
import { chromium as browsers } from "npm:playwright-core@1.65.0";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { freePorts } from "../services/ports.ts";
import { responds } from "../services/processes.ts";
import { until } from "../until.ts";
import { ServedTree } from "./served_tree.ts";

const ISO = "debian/12/netinst.iso";
const QCOW = "debian/13 (testing)/disk ü.qcow2";
const RAW = "raw/disk.raw";

function clientTest(
  name: string,
  test: (tree: ServedTree, programs: Endpoints) => Promise<void>,
): void {
  serviceTest(`vitrine serve to ${name}`, ["clients"], async ({ clients }) => {
    await using tree = await ServedTree.start();
    await test(tree, clients);
  });
}

clientTest("curl: downloads, resumes, and requests ranges", async (tree, { curl }) => {
  await tree.run(curl, ["-sSf", "-o", "a", tree.urlOf(QCOW)]);
  await tree.assertImage("a", QCOW);
  await tree.writePart("b", ISO, 1_000_001);
  await tree.run(curl, ["-sSf", "-C", "-", "-o", "b", tree.urlOf(ISO)]);
  await tree.assertImage("b", ISO);
  const parts = await tree.run(curl, [
    "-sSf",
    "-r",
    "0-3,1000-1003,-4",
    "-o",
    "c",
    tree.urlOf(ISO),
  ]);
  assertEquals(parts, "");
  await tree.run(curl, ["-sSfL", "-o", "page", tree.urlOf("debian")]);
  assertMatch(await Deno.readTextFile(tree.path("page")), /<a href="13%20\(testing\)\/">/);
});

clientTest(
  "wget: resumes, mirrors the tree, and fetches only what is newer",
  async (tree, { wget }) => {
    await tree.writePart("netinst.iso", ISO, 5_000_000);
    await tree.run(wget, ["-q", "-c", tree.urlOf(ISO)]);
    await tree.assertImage("netinst.iso", ISO);
    const mirror = ["-nv", "-r", "-N", "-np", "-nH", "--cut-dirs=1", "-P", "out", tree.url.href];
    await tree.run(wget, mirror);
    await tree.assertTree("out");
    const { mtime } = await Deno.stat(tree.path(`out/${ISO}`));
    await Deno.writeTextFile(tree.path("out/empty.img"), "");
    await tree.run(wget, mirror);
    await tree.assertTree("out");
    assertEquals((await Deno.stat(tree.path(`out/${ISO}`))).mtime, mtime);
    // The listing is fetched once a directory: there are no links that sort it.
    const names = await Array.fromAsync(Deno.readDir(tree.path("out")), ({ name }) => name);
    assert(names.every((name) => !name.includes("?")), names.join());
  },
);

clientTest("aria2: fetches in four parts", async (tree, { aria2c }) => {
  const options = ["-x4", "-s4", "-k1M", "--quiet", "--allow-overwrite=true"];
  await tree.run(aria2c, [...options, "-o", "a", tree.urlOf(ISO)]);
  await tree.assertImage("a", ISO);
});

clientTest("axel: fetches in four parts", async (tree, { axel }) => {
  await tree.run(axel, ["-q", "-n", "4", "-o", "a", tree.urlOf(ISO)]);
  await tree.assertImage("a", ISO);
});

clientTest("lftp: lists, mirrors, and fetches in parts", async (tree, { lftp }) => {
  const listing = await tree.run(lftp, ["-c", `open ${tree.url.href}; cls -1 debian/12/`]);
  assertEquals(listing.trim().split("\n").sort(), [
    "debian/12/SHA256SUMS",
    "debian/12/netinst.iso",
  ]);
  await tree.run(lftp, ["-c", `open ${tree.url.href}; mirror . out`]);
  await tree.assertTree("out");
  await tree.run(lftp, ["-c", `pget -n 4 ${tree.urlOf(ISO)} -o a`]);
  await tree.assertImage("a", ISO);
});

clientTest("rclone: lists, copies and checks", async (tree, { rclone }) => {
  const remote = [":http:", "--http-url", tree.url.href];
  const listed = await tree.run(rclone, ["lsf", "-R", "--files-only", ...remote]);
  assertEquals(listed.trim().split("\n").sort(), [...tree.images.keys()].sort());
  await tree.run(rclone, ["copy", ...remote, "out"]);
  await tree.assertTree("out");
  await tree.run(rclone, ["check", "--download", ...remote, "out"]);
  const sizes = JSON.parse(await tree.run(rclone, ["lsjson", "-R", "--files-only", ...remote]));
  for (const { Path, Size } of sizes) assertEquals(Size, tree.images.get(Path)!.length, Path);
});

/** Runs a program that mounts the tree, until a file shows; then reads it, and unmounts. */
async function mounted(
  tree: ServedTree,
  fusermount: string,
  program: string,
  args: readonly string[],
  paths: Iterable<string> = tree.images.keys(),
): Promise<void> {
  await Deno.mkdir(tree.path("mount"));
  const command = new Deno.Command(program, {
    args: [...args],
    cwd: tree.path("."),
    env: { HOME: tree.path("."), XDG_CACHE_HOME: tree.path("cache") },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const child = command.spawn();
  try {
    await until("the mount", async () => {
      const entries = await Array.fromAsync(Deno.readDir(tree.path("mount")));
      return entries.length > 0;
    });
    for (const path of paths) await tree.assertImage(`mount/${path}`, path);
    const file = await Deno.open(tree.path(`mount/${ISO}`));
    await file.seek(5_000_000, Deno.SeekMode.Start);
    const buffer = new Uint8Array(1000);
    assertEquals(await file.read(buffer), 1000);
    assertEquals(buffer, tree.images.get(ISO)!.slice(5_000_000, 5_001_000));
    file.close();
  } finally {
    await new Deno.Command(fusermount, { args: ["-u", "-z", tree.path("mount")] }).output();
    await child.status;
  }
}

clientTest("rclone: mounts the tree", async (tree, { rclone, fusermount3 }) => {
  const args = ["mount", ":http:", tree.path("mount"), "--http-url", tree.url.href, "--read-only"];
  await mounted(tree, fusermount3, rclone, args);
});

clientTest("httpdirfs: mounts the tree", async (tree, { httpdirfs, fusermount3 }) => {
  // It shows no file of 0 bytes, of any server.
  const paths = [...tree.images].filter(([, { length }]) => length > 0).map(([path]) => path);
  await mounted(tree, fusermount3, httpdirfs, ["-f", tree.url.href, tree.path("mount")], paths);
});

clientTest("zsync: fetches only what differs", async (tree, { zsync, zsyncmake }) => {
  const old = tree.images.get(ISO)!.slice();
  for (const at of [10_000, 3_000_000, 3_500_000, 6_000_000, 9_000_000]) old.fill(0, at, at + 9);
  await Deno.writeFile(tree.path("old.iso"), old);
  await Deno.writeFile(tree.path("new.iso"), tree.images.get(ISO)!);
  await tree.run(zsyncmake, ["-u", tree.urlOf(ISO), "-o", "iso.zsync", "new.iso"]);
  await tree.run(zsync, ["-q", "-i", "old.iso", "-o", "out.iso", "iso.zsync"]);
  await tree.assertImage("out.iso", ISO);
});

clientTest("qemu-img and qemu-io: read a disk where it lies", async (tree, programs) => {
  const url = tree.urlOf(RAW);
  const info = JSON.parse(
    await tree.run(programs["qemu-img"], ["info", "--output=json", "-f", "raw", url]),
  );
  assertEquals(info["virtual-size"], tree.images.get(RAW)!.length);
  await tree.run(programs["qemu-img"], ["convert", "-f", "raw", "-O", "raw", url, "disk"]);
  await tree.assertImage("disk", RAW);
  const image = { driver: "raw", file: { driver: "http", url } };
  const dump = await tree.run(programs["qemu-io"], [
    "-r",
    "-c",
    "read -v 1048576 16",
    `json:${JSON.stringify(image)}`,
  ]);
  const hex = Array.from(
    tree.images.get(RAW)!.slice(1_048_576, 1_048_592),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join(" ");
  assertMatch(dump, new RegExp(hex));
});

clientTest("busybox wget: downloads and resumes", async (tree, { busybox }) => {
  await tree.run(busybox, ["wget", "-q", "-O", "a", tree.urlOf(QCOW)]);
  await tree.assertImage("a", QCOW);
  await tree.writePart("b", ISO, 1_000_000);
  await tree.run(busybox, ["wget", "-q", "-c", "-O", "b", tree.urlOf(ISO)]);
  await tree.assertImage("b", ISO);
});

serviceTest(
  "vitrine serve: Chromium fetches from a page of another origin, where it is allowed",
  ["chromium", "nginx"],
  async ({ chromium, nginx }) => {
    const origin = new URL(nginx.url).origin;
    await using allowed = await ServedTree.start("--allow-origin", origin);
    await using closed = await ServedTree.start();
    const browser = await browsers.launch({
      executablePath: chromium.path,
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
    });
    try {
      const page = await browser.newPage();
      await page.goto(nginx.url);
      const read = (url: string) =>
        page.evaluate(async (url) => {
          // A Range of this form needs no preflight, this If-None-Match does.
          const headers = { "range": "bytes=10-19", "if-none-match": '"other"' };
          const response = await fetch(url, { headers });
          const fields = ["content-range", "accept-ranges", "etag", "content-length"];
          return {
            status: response.status,
            fields: fields.map((name) => response.headers.get(name)),
            bytes: Array.from(new Uint8Array(await response.arrayBuffer())),
          };
        }, url);
      const { status, fields, bytes } = await read(allowed.urlOf(ISO));
      const image = allowed.images.get(ISO)!;
      assertEquals([status, bytes], [206, [...image.slice(10, 20)]]);
      assertEquals(fields.slice(0, 2), [`bytes 10-19/${image.length}`, "bytes"]);
      assert(fields[2] !== null && fields[3] === "10", fields.join());
      await assertRejects(() => read(closed.urlOf(ISO)));
    } finally {
      await browser.close();
    }
  },
);

clientTest("nginx: works in front, with a prefix, a cache and slices", async (tree, programs) => {
  const [port] = freePorts(1);
  for (const name of ["cache", "temp"]) await Deno.mkdir(tree.path(name));
  await Deno.writeTextFile(
    tree.path("nginx.conf"),
    `daemon off;
pid ${tree.path("nginx.pid")};
error_log stderr;
${Deno.uid() === 0 ? "user root root;" : ""}
events {}
http {
  access_log off;
${
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
        `  ${kind}_temp_path ${tree.path("temp")};\n`
      ).join("")
    }  proxy_cache_path ${tree.path("cache")} keys_zone=images:1m;
  server {
    listen 127.0.0.1:${port};
    location /images/ {
      proxy_pass ${tree.url.origin}/;
    }
    location /cached/ {
      slice 1m;
      proxy_pass ${tree.url.origin}/;
      proxy_http_version 1.1;
      proxy_cache images;
      proxy_cache_key $uri$slice_range;
      proxy_set_header Range $slice_range;
      proxy_cache_valid 200 206 1h;
    }
  }
}
`,
  );
  const nginx = new Deno.Command(programs["nginx"], {
    args: ["-p", tree.path("."), "-e", "stderr", "-c", tree.path("nginx.conf")],
    stderr: "null",
  }).spawn();
  try {
    const base = `http://127.0.0.1:${port}/`;
    await until("nginx", () => responds(`${base}images/`));
    // Redirects and links lead back below the prefix.
    const page = await fetch(`${base}images/local/debian`);
    assertEquals(page.url, `${base}images/local/debian/`);
    const links = [...(await page.text()).matchAll(/<td><a href="([^"]+)"/g)];
    const directory = new URL(links[0]![1]!, page.url);
    assertEquals((await (await fetch(directory)).text()).includes("netinst.iso"), true);
    const args = [
      "-q",
      "-r",
      "-N",
      "-np",
      "-nH",
      "--cut-dirs=2",
      "-P",
      "out",
      `${base}images/local/`,
    ];
    await tree.run(programs["wget"], args);
    await tree.assertTree("out");
    for (let time = 0; time < 2; time++) {
      const cached = await fetch(`${base}cached/local/${ISO}`);
      await Deno.writeFile(tree.path("cached"), cached.body!);
      await tree.assertImage("cached", ISO);
      const headers = { range: "bytes=3000000-5000000" };
      const part = await fetch(`${base}cached/local/${ISO}`, { headers });
      assertEquals(part.status, 206);
      assertEquals(await part.bytes(), tree.images.get(ISO)!.slice(3_000_000, 5_000_001));
    }
  } finally {
    nginx.kill("SIGTERM");
    await nginx.status;
  }
});
