/**
 * The verdicts on the corpus, held to `expected.json`, to qemu-img, and to each other.
 *
 * @module
 */
import { assert, assertEquals, assertLess } from "@std/assert";
import {
  FormatInspector,
  type ImageInspection,
  inspect,
  inspectRanges,
} from "../../formats/mod.ts";
import { serviceTest } from "../services/mod.ts";
import { EXPECTED, namesOf, readImage } from "./images.ts";

/** The most bytes that may be kept of an image. */
const MOST_KEPT = 512 * 1024;

/** The end of the last region that is kept of an image of the corpus. */
const lastRegion = (name: string) => name.endsWith(".vhdx") ? 3_300_000 : 270_000;

serviceTest("inspect: judges every image as expected.json does", "corpus", async ({ corpus }) => {
  assertEquals(namesOf(corpus), Object.keys(EXPECTED).sort());
  for (
    const [name, { reason: _, findings = [], virtualSize, ...expected }] of Object.entries(EXPECTED)
  ) {
    const image = await readImage(corpus, name);
    const found = await inspect(image);
    const size = virtualSize === "image" ? image.length : virtualSize;
    assertEquals({ name, ...shown(found) }, { name, ...expected, virtualSize: size, findings });
  }
});

function shown({ format, subformat, virtualSize, width, height, findings, safe }: ImageInspection) {
  return {
    format,
    ...subformat !== undefined && { subformat },
    virtualSize,
    ...width !== undefined && { width, height },
    safe,
    findings: [
      ...new Set(findings.filter(({ severity }) => severity !== "note").map(({ code }) => code)),
    ],
  };
}

serviceTest(
  "FormatInspector: one verdict, whole and in chunks of any size",
  "corpus",
  async ({ corpus }) => {
    for (const name of namesOf(corpus)) {
      const image = await readImage(corpus, name);
      const whole = await inspect(image);
      for (const size of [1, 511, 4_096, 4 * 2 ** 20, Infinity]) {
        const inspector = new FormatInspector();
        let kept = 0;
        for (let at = 0, end = 0; at < image.length; at = end) {
          end = at + size;
          // Single bytes where something is kept; between there and the end, the rest at once.
          if (size === 1 && at === lastRegion(name)) end = Math.max(end, image.length - 4_096);
          inspector.update(image.subarray(at, end));
          // Looking costs more than one byte.
          if (size > 1 || at % 4_099 === 0) kept = Math.max(kept, inspector.kept);
        }
        assertEquals(inspector.end(), whole, `${name} in chunks of ${size}`);
        assertLess(kept, MOST_KEPT + 1);
      }
    }
  },
);

serviceTest(
  "inspect: a stream and a Blob have the verdict of the bytes",
  "corpus",
  async ({ corpus }) => {
    for (const name of ["vhdx-dynamic.vhdx", "vhd-fixed.vhd", "qcow2-backing.qcow2", "empty.img"]) {
      const image = await readImage(corpus, name);
      const whole = await inspect(image);
      assertEquals(await inspect(new Blob([image])), whole);
      assertEquals(await inspect(new Blob([image]).stream()), whole);
      assertEquals(await inspect(new Response(image)), whole);
      assertEquals(await inspect(image.buffer), whole);
    }
  },
);

serviceTest(
  "inspectRanges: reads at most 3 ranges and 512 KiB",
  "corpus",
  async ({ corpus }) => {
    for (const name of namesOf(corpus)) {
      const image = await readImage(corpus, name);
      let [ranges, bytes] = [0, 0];
      await inspectRanges({
        read(offset, length) {
          assert(offset < image.length || image.length === 0);
          const range = image.subarray(offset, offset + length);
          ranges++;
          bytes += range.length;
          return Promise.resolve({ bytes: range, size: image.length });
        },
      });
      assert(ranges <= 3 && bytes <= MOST_KEPT, `${name}: ${ranges} ranges, ${bytes} bytes`);
    }
  },
);

/** qemu-img's names of formats where they differ; what is not here and not below is raw to it. */
const QEMU_NAMES: Readonly<Record<string, string>> = { vhd: "vpc" };
const CONTAINERS = ["qcow2", "qcow", "qed", "vmdk", "vhdx", "vhd", "vdi", "luks", "parallels"];

serviceTest(
  "inspect: qemu-img agrees on the format and the size of what is safe",
  ["corpus", "tools"],
  async ({ corpus, tools }) => {
    for (const [name, { format, subformat, virtualSize, safe }] of Object.entries(EXPECTED)) {
      // qemu does not look for the footers of fixed VHDs, and does not know LUKS 2. The log's id is part of
      // a checksum that the corpus leaves as it was.
      if (!safe || subformat === "fixed" || subformat === "luks2" || name === "vhdx-log.vhdx") {
        continue;
      }
      const { stdout, stderr } = await new Deno.Command(tools["qemu-img"], {
        args: ["info", "--output=json", `${corpus.directory}/${name}`],
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      const info = JSON.parse(new TextDecoder().decode(stdout));
      const known = CONTAINERS.includes(format) ? QEMU_NAMES[format] ?? format : "raw";
      assertEquals([name, info.format], [name, known]);
      if (virtualSize !== "image") assertEquals([name, info["virtual-size"]], [name, virtualSize]);
      assertEquals(info["backing-filename"], undefined);
      assertEquals(info["format-specific"]?.data["data-file"], undefined);
    }
  },
);
