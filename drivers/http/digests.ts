/**
 * Digests that a web server tells of its files: `Repr-Digest`, and `SHA256SUMS` files.
 *
 * @module
 */
import type { HttpResponse } from "../../transport/response.ts";
import { decodeBase64, encodeHex } from "../../streams/encoding.ts";
import type { Multihash } from "../../streams/mod.ts";

/** The strongest digest of a `Repr-Digest` header (RFC 9530, section 3) that Vitrine knows. */
export function reprDigest(header: string): Multihash | undefined {
  for (
    const [name, algo, size] of [["sha-512", "sha512", 64], ["sha-256", "sha256", 32]] as const
  ) {
    const base64 = new RegExp(`(?:^|,)\\s*${name}=:([A-Za-z0-9+/]+=*):`).exec(header)?.[1];
    if (base64 === undefined) continue;
    const bytes = decodeBase64(base64);
    if (bytes?.length === size) return { algo, value: encodeHex(bytes) };
  }
  return undefined;
}

/**
 * Reads what `sha256sum` writes, plain or with `--tag`: digests in lower-case hex by file name.
 * Other lines, a signature's for example, are passed over.
 *
 * @example A file of two names
 * ```ts
 * import { parseSums } from "./digests.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
 * const sums = parseSums(`${sum}  a.iso\nSHA256 (b.iso) = ${sum}\n`);
 * assertEquals([...sums.keys()], ["a.iso", "b.iso"]);
 * ```
 */
export function parseSums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^(\\?)([0-9a-f]{64}) [ *](.+)$/i.exec(line) ??
      /^(\\?)SHA256 \((?<name>.+)\) = (?<sum>[0-9a-f]{64})$/i.exec(line);
    if (match === null) continue;
    const [sum, name] = match.groups
      ? [match.groups["sum"]!, match.groups["name"]!]
      : [match[2]!, match[3]!];
    // A backslash before the line says that the name is escaped.
    const plain = match[1] ? name.replace(/\\([n\\r])/g, unescape) : name;
    sums.set(plain.replace(/^(\.\/)+/, ""), sum.toLowerCase());
  }
  return sums;
}

function unescape(_: string, char: string): string {
  return { n: "\n", r: "\r" }[char] ?? char;
}

/** Asks a site for a path. The answer is one of 200, 403, 404 and 410. */
export type Ask = (path: string) => Promise<HttpResponse>;

/** The `SHA256SUMS` file of a directory, read; `undefined` where there is none. */
export async function readSums(
  ask: Ask,
  directory: string,
): Promise<Map<string, string> | undefined> {
  const response = await ask(directory === "" ? FILE : `${directory}/${FILE}`);
  if (!response.ok) {
    await response.release();
    return undefined;
  }
  return parseSums(await response.text(LIMIT));
}

const FILE = "SHA256SUMS";
/** The largest file that is read, in bytes. */
const LIMIT = 16_777_216;
/** How long a file is good for, in milliseconds, and of how many directories. */
const KEPT = 60_000;
const DIRECTORIES = 16;

/** The `SHA256SUMS` files of a site, each kept for a minute. */
export class Sums {
  readonly #files = new Map<
    string,
    { read: number; sums: Promise<Map<string, string> | undefined> }
  >();

  /** The digest of an image, where the file beside it has one. */
  async find(imageId: string, ask: Ask): Promise<Multihash | undefined> {
    const slash = imageId.lastIndexOf("/");
    const name = imageId.slice(slash + 1);
    if (name === FILE) return undefined;
    const directory = imageId.slice(0, Math.max(0, slash));
    let file = this.#files.get(directory);
    if (file === undefined || Date.now() - file.read > KEPT) {
      file = { read: Date.now(), sums: readSums(ask, directory) };
      this.#files.delete(directory);
      this.#files.set(directory, file);
      if (this.#files.size > DIRECTORIES) this.#files.delete(this.#files.keys().next().value!);
      file.sums.catch(() => this.#files.delete(directory));
    }
    const value = (await file.sums)?.get(name);
    return value === undefined ? undefined : { algo: "sha256", value };
  }
}
