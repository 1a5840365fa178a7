/**
 * The progress display of many images, on terminals of several widths and into a pipe.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { progressText } from "../../cli/progress_text.ts";
import { columnsOf } from "../../cli/text.ts";
import { pipe } from "../import/pipe.ts";
import { Workplace } from "./harness.ts";

const NAMES = ["画像ファイルの長い名前".repeat(4), "debian-12-generic-amd64.qcow2", "🐧.img"];

/** A folder `in` of three images of 8 MiB, two of which have wide characters in their names. */
async function withImages(): Promise<Workplace> {
  const place = await Workplace.make();
  await Deno.mkdir(place.path("in"));
  for (const name of NAMES) await Deno.writeFile(place.path(`in/${name}`), new Uint8Array(8 << 20));
  return place;
}

/** Plays what was written to a terminal, and returns each screen that was seen. */
function screensOf(output: string): string[][] {
  const screens: string[][] = [];
  const lines = [""];
  let row = 0;
  // deno-lint-ignore no-control-regex
  for (const [token] of output.matchAll(/\x1b\[[AK]|\r|\n|[^\x1b\r\n]+/g)) {
    if (token === "\x1b[A") row--;
    else if (token === "\n") lines[++row] ??= "";
    else if (token === "\x1b[K") lines[row] = "";
    else if (token !== "\r") {
      lines[row] += token;
      screens.push(lines.map((line) => line));
    }
    assert(row >= 0, "the cursor leaves the display");
  }
  screens.push(lines);
  return screens;
}

for (const command of ["cp", "sync"]) {
  Deno.test(`${command}: shows totals and the transfers under way in 40, 80 and 200 columns`, async () => {
    await using place = await withImages();
    for (const columns of [40, 80, 200]) {
      const args = ["--bwlimit", "24M", "./in", `/local/${columns}`];
      if (command === "cp") args.unshift("-r");
      const child = place.startOnColumns(columns, [command, ...args]);
      const { code, stdout } = await child.output();
      const output = new TextDecoder().decode(stdout);
      assertEquals(code, 0, output);
      const screens = screensOf(output);
      for (const line of screens.flat()) assert(columnsOf(line) < columns, `${columns}: ${line}`);
      const fullest = screens.find(({ length }) => length === 4);
      assert(fullest, output);
      assertMatch(fullest[0]!, /^\d of 3\+? images {2}/);
      const isNamed = (name: string) => fullest.some((line) => line.startsWith(name));
      assert(isNamed("🐧") && isNamed("画") && isNamed("de"), fullest.join("\n"));
      assertEquals(screens.at(-1)!.filter(Boolean), [], output);
    }
  });

  Deno.test(`${command}: draws no progress into a pipe`, async () => {
    await using place = await withImages();
    const args = command === "cp" ? ["-r", "./in", "/local/x"] : ["./in", "/local/x"];
    assertEquals(await place.run(command, ...args), { code: 0, out: "", err: "" });
  });
}

Deno.test("add --progress json: says how much was fetched, unpacked and stored", async () => {
  await using place = await Workplace.make();
  const image = new Uint8Array(9_000_000).map((_, index) => index >> 12);
  await Deno.writeFile(place.path("disk.raw.gz"), await pipe(image, "gzip", "-c"));
  const { size } = await Deno.stat(place.path("disk.raw.gz"));
  const args = ["./disk.raw.gz", "--unpack", "auto", "--progress", "json", "--json"];
  const { code, out, err } = await place.run("add", ...args);
  assertEquals([code, JSON.parse(out).size], [0, image.length], err);
  const lines = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  const last = Object.fromEntries(lines.map(({ phase, ...line }) => [phase, line]));
  assertEquals(last, {
    fetch: { image: "disk.raw.gz", bytes: size, total: size },
    unpack: { image: "disk.raw.gz", bytes: image.length },
    store: { image: "disk.raw.gz", bytes: image.length },
  });
  const copied = await place.run("cp", "/local/disk.raw", "/mirror/", "--progress", "json");
  const { phase, bytes, total } = JSON.parse(copied.err.trimEnd().split("\n").at(-1)!);
  assertEquals([phase, bytes, total], ["store", image.length, image.length]);
  assertEquals((await place.run("cp", "/local/x", "/mirror/", "--progress", "xml")).code, 2);
});

Deno.test("sync, check, verify --progress json: say how much was stored and compared", async () => {
  await using place = await withImages();
  const bytes = NAMES.length * (8 << 20);
  const all = { images: 3, totalImages: 3, bytes, isListed: true, total: bytes };
  const linesOf = async (...args: [string, ...string[]]) => {
    const { code, err } = await place.run(...args, "--progress", "json");
    // Of local files no digest is known, so that they are not compared.
    assertEquals(code, args[0] === "check" ? 4 : 0, err);
    return err.trimEnd().split("\n").map((line) => JSON.parse(line));
  };
  const synced = await linesOf("sync", "./in", "/local/x");
  assertEquals(synced.at(-1), { phase: "store", ...all });
  const image = synced.find((line) => "image" in line);
  assertEquals([NAMES.includes(image.image), image.phase, image.total], [true, "store", 8 << 20]);
  const checked = await linesOf("check", "./in", "/local/x");
  assertEquals(checked.at(-1), { phase: "verify", ...all, bytes: 0 });
  const verified = await linesOf("verify", "/local/x");
  const done = verified.filter(({ bytes, total }) => bytes === total).map(({ image }) => image);
  assertEquals(new Set(done), new Set(NAMES.map((name) => `/local/x/${name}`)));
  assertEquals(new Set(verified.map(({ phase }) => phase)), new Set(["verify"]));
});

Deno.test("progressText: what is unpacked is shown beside what has arrived, if there is room", () => {
  const transfer = { name: "disk.raw.xz", size: 1000, bytes: 500, unpacked: 4096, seconds: 1 };
  assertMatch(progressText(transfer, 100), /50% .*500 B of 1000 B .*4\.0 KiB unpacked/);
  assertEquals(progressText(transfer, 40).includes("unpacked"), false);
});
