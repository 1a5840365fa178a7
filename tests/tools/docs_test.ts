/**
 * The gate `docs`, on small modules and texts of its own.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { toFileUrl } from "@std/path";
import { bannedWords, type DocOutput, untagged, withoutExample } from "../../tools/docs.ts";
import { deno } from "../../tools/project.ts";

/** Returns what `deno doc --json` prints of a module of this text. */
async function documented(text: string): Promise<DocOutput> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, text);
    const { stdout } = await deno(["doc", "--json", toFileUrl(file).href]);
    return JSON.parse(stdout);
  } finally {
    await Deno.remove(file);
  }
}

/** Returns what the gate complains of in a module of this text, without the places. */
async function faults(text: string): Promise<string[]> {
  return untagged(await documented(text), () => text).map(({ what }) => what);
}

Deno.test("docs: accepts a function with all of its tags", async () => {
  assertEquals(
    await faults(`
/**
 * Reads a range.
 *
 * @typeParam T The kind of image.
 * @param image The id, the location or the URI of the image.
 * @param rest More images, read after it.
 * @returns The number of bytes read.
 * @throws {RangeError} If the range starts after the end.
 */
export async function read<T>(image: T, ...rest: string[]): Promise<number> {
  if (rest.length > 9) {
    throw new RangeError("x");
  }
  return await 1;
}
`),
    [],
  );
});

Deno.test("docs: names each tag that a function lacks", async () => {
  assertEquals(
    await faults(`
/** Reads a range. */
export function read<T>(image: T, { offset = 0 } = {}): number {
  throw new RangeError("x" + offset);
}
`),
    [
      "read has no @param for image",
      "read has no @param for parameter 2",
      "read has no @returns",
      "read has no @typeParam for T",
      "read has no @throws",
    ],
  );
});

Deno.test("docs: requires no @throws for what a method of an inner object throws", async () => {
  assertEquals(
    await faults(`
/**
 * Opens a shelf.
 *
 * @param width How wide it is, in metres.
 */
export function open(width: number): void {
  use({
    async pull(controller) {
      throw new RangeError("x" + width);
    },
  });
}
function use(_source: unknown): void {}
`),
    [],
  );
});

Deno.test("docs: looks at methods and constructors of classes and interfaces", async () => {
  assertEquals(
    await faults(`
/** A shelf. */
export class Shelf {
  /** Makes one. */
  constructor(width: number) {}
  /** Closes it. */
  close(): Promise<void> {
    return Promise.resolve();
  }
  /** Opens it. */
  open(): void {
    throw new RangeError("x");
  }
  /** Takes an image. */
  take(image: string): string { return image; }
  /** Not for users. */
  private hide(image: string): void {}
}
/** A rack. */
export interface Rack {
  /** Takes an image. */
  take(image: string): string;
}
`),
    [
      "Shelf has no @param for width",
      "Shelf.open has no @throws",
      "Shelf.take has no @param for image",
      "Shelf.take has no @returns",
      "Rack.take has no @param for image",
      "Rack.take has no @returns",
    ],
  );
});

Deno.test("docs: requires an example of each function and class, or of its family", async () => {
  const text = `
/**
 * A shelf.
 *
 * @example
 * new Shelf();
 */
export class Shelf {}
/** A wide shelf. */
export class WideShelf extends Shelf {}
/** A wider shelf. */
export class WiderShelf extends WideShelf {}
/** A rack. */
export class Rack {}
/** Opens a shelf. */
export function open(): void {}
/** How wide a shelf is. */
export const WIDTH = 1;
`;
  assertEquals(
    withoutExample(await documented(text)).map(({ what }) => what).toSorted(),
    ["Rack has no @example", "open has no @example"],
  );
});

Deno.test("docs: refuses a @param of a parameter that was renamed", async () => {
  assertEquals(
    await faults(`
/**
 * Opens a shelf.
 *
 * @param wide How wide it is, in metres.
 */
export function open(width: number): void {}
`),
    ["open has no @param for width", "open: @param wide is no parameter"],
  );
});

Deno.test("docs: requires a verb at the beginning of what a function does", async () => {
  assertEquals(
    await faults(`
/** The width of a shelf. */
export function measure(): void {}
/** Closes the shelf. */
export function close(): void {}
`),
    ["measure: the comment does not begin with a verb: Returns, Opens, ..."],
  );
});

Deno.test("docs: refuses tags that say no more than the name or the type", async () => {
  assertEquals(
    await faults(`
/**
 * Reads a range.
 *
 * @param imageId The image id.
 * @returns A string.
 */
export function read(imageId: string): string {
  return imageId;
}
`),
    [
      "read: @param imageId says no more than the name",
      "read: @returns says no more than the type",
    ],
  );
});

Deno.test("docs: refuses words that are not used, in comments, messages and documents", () => {
  const phrases = ["unless said " + "otherwise", "to" + "ld", "ans" + "wer", "who" + "m"];
  for (const phrase of phrases) {
    const [complaint] = bannedWords([{ path: "README.md", text: `one\nand ${phrase} two` }]);
    assertStringIncludes(complaint ?? "", `README.md:2: "${phrase}", better: `);
  }
  assertEquals(bannedWords([{ path: "a.ts", text: "the response is parsed" }]), []);
});
