/**
 * The corpus's images, and what is to be found in each.
 *
 * @module
 */
import type { Endpoints } from "../services/mod.ts";

/** What is to be found in an image. */
export interface Expected {
  /** The format. */
  format: string;
  /** The variant. */
  subformat?: string;
  /** Size of the disk in bytes; `image` if it is that of the image. */
  virtualSize?: number | "image";
  /** Width of a picture. */
  width?: number;
  /** Height of a picture. */
  height?: number;
  /** Whether it is safe. */
  safe: boolean;
  /** The codes of the findings that are no notes. */
  findings?: string[];
  /** Why it is in the corpus. */
  reason: string;
}

/** What is to be found, by the names of the images. */
export const EXPECTED: Readonly<Record<string, Expected>> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", import.meta.url)),
);

/** Reads an image of the corpus. */
export function readImage(corpus: Endpoints, name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(`${corpus.directory}/${name}`);
}

/** The names of the images that are there. */
export function namesOf(corpus: Endpoints): string[] {
  return Array.from(Deno.readDirSync(corpus.directory), ({ name }) => name).sort();
}
