/**
 * What an operand names: an image or directory of the tree, a local file, or standard input or output.
 *
 * @module
 */
import { basename, dirname, fromFileUrl, join } from "@std/path";
import { Duplicate, NotFound, type StoreError } from "../errors/mod.ts";
import { maskUri } from "../location/mod.ts";
import type { ImageData } from "../streams/mod.ts";
import { Misuse } from "./command.ts";
import { isLocation } from "./tree.ts";

/** An operand, read. What is in the tree has a path there, or is an image with a location URI. */
export type Place =
  | { kind: "tree"; path: string }
  | { kind: "local"; path: string }
  | { kind: "standard" };

/**
 * Reads an operand: `/store/path` is of the tree, as is any location URI but `file:///x`, which is a
 * local file like `./x` and `../x`; `-` is standard input or output.
 */
export function readPlace(operand: string): Place {
  if (operand === "-") return { kind: "standard" };
  if (operand.startsWith("/")) return { kind: "tree", path: operand };
  if (operand.startsWith("file:///")) return { kind: "local", path: fromFileUrl(operand) };
  if (/^\.\.?(\/|$)/.test(operand)) return { kind: "local", path: operand };
  if (isLocation(operand)) return { kind: "tree", path: withoutSecret(operand) };
  throw new Misuse(
    `${operand}: a path of the tree begins with "/", a local file with "./", "../" or "file:///"`,
  );
}

function withoutSecret(uri: string): string {
  const masked = maskUri(uri);
  if (masked === uri) return uri;
  throw new Misuse(`${masked}: everybody on this machine can read the secret: leave it out`);
}

/** Reads an operand that must be in the tree: a path, or a location URI. */
export function treePath(operand: string): string {
  const place = readPlace(operand);
  if (place.kind !== "tree") throw new Misuse(`${operand}: not a path of the tree`);
  return place.path;
}

/** The last segment of a path. */
export function nameOf(path: string): string {
  return basename(path);
}

/** Opens a local file, or standard input, as an image's data. */
export async function openLocal(
  place: Exclude<Place, { kind: "tree" }>,
): Promise<{ data: ImageData; size: number | undefined; name: string }> {
  if (place.kind === "standard") {
    return { data: Deno.stdin.readable, size: undefined, name: "-" };
  }
  const { path } = place;
  const file = await Deno.open(path).catch((error) => {
    throw localError(error, "read", path);
  });
  const info = await file.stat();
  if (info.isDirectory) {
    file.close();
    throw new Misuse(`${path}: is a directory`);
  }
  return { data: file.readable, size: info.isFile ? info.size : undefined, name: basename(path) };
}

/**
 * Writes a stream to a local file, which appears whole or not at all, or to standard output through
 * `write`.
 */
export async function writeLocal(
  stream: ReadableStream<Uint8Array>,
  path: string,
  overwrite: boolean,
): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.partial`);
  try {
    const file = await Deno.open(partial, { write: true, createNew: true });
    await stream.pipeTo(file.writable);
    if (overwrite) await Deno.rename(partial, path);
    else await Deno.link(partial, path);
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw localError(error, "write", path);
  } finally {
    await Deno.remove(partial).catch(() => {});
  }
}

function localError(error: unknown, operation: string, path: string): unknown {
  const where = { store: "local file", operation, path };
  if (error instanceof Deno.errors.NotFound) {
    return new NotFound("no such file or directory", { ...where, cause: error });
  }
  if (error instanceof Deno.errors.AlreadyExists) {
    return new Duplicate("it exists already; --force replaces it", { ...where, cause: error });
  }
  const known = (error as StoreError).operation !== undefined || !(error instanceof Error) ||
    !("code" in error);
  if (known) return error;
  return new Error(`${operation} ${path}: ${(error as Error).message}`, { cause: error });
}
