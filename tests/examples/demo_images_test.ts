/**
 * The images that the demo builds are real to the programs that know the formats.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { buildIso } from "../../examples/demo/iso.ts";
import { buildQcow2 } from "../../examples/demo/qcow2.ts";
import { serviceTest } from "../services/mod.ts";

function* blocks(count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(65_536).fill(i + 1);
}

async function written(name: string, pieces: Iterable<Uint8Array>): Promise<string> {
  const path = join(await Deno.makeTempDir(), name);
  await Deno.writeFile(
    path,
    new Uint8Array(await new Blob([...pieces] as BlobPart[]).arrayBuffer()),
  );
  return path;
}

async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, text);
  return text;
}

serviceTest(
  "demo images: qemu-img finds the built qcow2 sound, and its data in place",
  "tools",
  async ({ tools }) => {
    const path = await written("a.qcow2", buildQcow2(blocks(20), 20, 10 * 2 ** 30));
    assertStringIncludes(await run(`${tools["qemu-img"]}`, "check", path), "No errors were found");
    const info = JSON.parse(await run(`${tools["qemu-img"]}`, "info", "--output=json", path));
    assertEquals([info.format, info["virtual-size"]], ["qcow2", 10 * 2 ** 30]);
    const raw = `${path}.raw`;
    await run(`${tools["qemu-img"]}`, "convert", "-O", "raw", path, raw);
    using file = await Deno.open(raw);
    await file.seek(19 * 65_536, Deno.SeekMode.Start);
    const bytes = new Uint8Array(1);
    await file.read(bytes);
    assertEquals(bytes[0], 20);
  },
);

serviceTest(
  "demo images: xorriso reads the built ISO, its file and its boot record",
  "tools",
  async ({ tools }) => {
    const path = await written("a.iso", buildIso(blocks(3), 3 * 65_536));
    const report = await run(`${tools["xorriso"]}`, "-indev", path, "-report_el_torito", "plain");
    assertStringIncludes(report, "BIOS");
    const listing = await run(`${tools["xorriso"]}`, "-indev", path, "-find", "/", "-exec", "lsdl");
    assertStringIncludes(listing, "196608");
    const out = `${path}.payload`;
    await run(
      `${tools["xorriso"]}`,
      "-osirrox",
      "on",
      "-indev",
      path,
      "-extract",
      "/PAYLOAD.BIN",
      out,
    );
    assertEquals((await Deno.readFile(out))[65_536], 2);
  },
);
