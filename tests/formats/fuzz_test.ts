/**
 * Changed images: no exception, one verdict however they are read, and never `safe` where qemu-img finds
 * another file.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { FormatInspector, type ImageInspection, inspectRanges } from "../../formats/mod.ts";
import fc from "../fast_check.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { namesOf, readImage } from "./images.ts";
import { mutated, type Mutation, mutations, shortened } from "./mutations.ts";

const CASES = 100_000;
const SHOWN_CASES = 2_000;
const MOST_KEPT = 512 * 1024;

async function shortImages(corpus: Endpoints, names: readonly string[]): Promise<Uint8Array[]> {
  return await Promise.all(
    names.map(async (name) => shortened(name, await readImage(corpus, name))),
  );
}

/** The verdict in chunks; fails if too much is kept. */
function inChunks(bytes: Uint8Array, chunks: readonly number[]): ImageInspection {
  const inspector = new FormatInspector();
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = chunks[i % chunks.length]!;
    // Thousands of small chunks are the corpus's own test.
    const end = i < 64 ? at + size : bytes.length;
    inspector.update(bytes.subarray(at, end));
    if (inspector.kept > MOST_KEPT) throw new Error(`${inspector.kept} bytes are kept`);
    at = end;
  }
  return inspector.end();
}

/** The verdict by ranges. */
function byRanges(bytes: Uint8Array): Promise<ImageInspection> {
  return inspectRanges({
    read: (offset, length) =>
      Promise.resolve({ bytes: bytes.subarray(offset, offset + length), size: bytes.length }),
  });
}

serviceTest(
  `inspect: ${CASES} changed images make no exception, and have one verdict`,
  "corpus",
  async ({ corpus }) => {
    const images = await shortImages(corpus, namesOf(corpus));
    const property = fc.asyncProperty(mutations(images.length), async (mutation) => {
      const bytes = mutated(mutation, images);
      const whole = await byRanges(bytes);
      const chunked = inChunks(bytes, mutation.chunks);
      assert(JSON.stringify(chunked) === JSON.stringify(whole), "the verdicts differ");
    });
    await fc.assert(property, { numRuns: CASES });
  },
);

/** What the corpus names, and a path of the same length that does not exist. */
const [VICTIM, NOWHERE] = ["/etc/passwd", "/none/such/"].map((text) =>
  new TextEncoder().encode(text)
);

function withoutVictim(image: Uint8Array): Uint8Array {
  const harmless = image.slice();
  for (
    let at = harmless.indexOf(VICTIM![0]!);
    at >= 0;
    at = harmless.indexOf(VICTIM![0]!, at + 1)
  ) {
    if (VICTIM!.every((byte, i) => harmless[at + i] === byte)) harmless.set(NOWHERE!, at);
  }
  return harmless;
}

serviceTest(
  `inspect: of ${SHOWN_CASES} changed images, qemu-img finds no other file in those that are safe`,
  ["corpus", "tools"],
  async ({ corpus, tools }) => {
    const names = namesOf(corpus).filter((name) => /^(qcow|qed|vmdk)/.test(name));
    const images = (await shortImages(corpus, names)).map(withoutVictim);
    const cases = fc.sample(mutations(images.length), SHOWN_CASES);
    let [unsafe, references] = [0, 0];
    const show = async (directory: string, mutation: Mutation) => {
      const bytes = mutated(mutation, images);
      const { safe } = await byRanges(bytes);
      const reference = await otherFile(tools, directory, bytes);
      if (!safe) unsafe++;
      if (reference) references++;
      assertEquals(safe && reference, safe ? undefined : false, JSON.stringify(mutation));
    };
    await Promise.all([0, 1].map(async () => {
      const directory = await Deno.makeTempDir({ prefix: "vitrine-formats-" });
      for (let next = cases.pop(); next; next = cases.pop()) await show(directory, next);
      await Deno.remove(directory, { recursive: true });
    }));
    // Else they have shown nothing.
    assert(unsafe > SHOWN_CASES / 10 && references > SHOWN_CASES / 20, `${unsafe} ${references}`);
  },
);

/** The other file that qemu-img finds in an image, or looks for. */
async function otherFile(
  tools: Endpoints,
  directory: string,
  bytes: Uint8Array,
): Promise<string | undefined> {
  await Deno.writeFile(`${directory}/image`, bytes);
  const { stdout, stderr } = await new Deno.Command("timeout", {
    args: ["10", tools["qemu-img"], "info", "--output=json", "image"],
    cwd: directory,
  }).output();
  const [output, error] = [stdout, stderr].map((text) => new TextDecoder().decode(text));
  // The image is whatever it is opened as; any other name is a file that it leads to.
  const opened = /Could not open '(?!image')([^']*)'/.exec(error!)?.[1];
  if (opened !== undefined || output === "") return opened;
  const info = JSON.parse(output!);
  const data = info["format-specific"]?.data ?? {};
  const extent = data.extents?.find((one: { filename: string; format: string }) =>
    one.format === "FLAT" || one.filename !== "image"
  );
  return info["backing-filename"] ?? data["data-file"] ?? extent?.filename;
}
