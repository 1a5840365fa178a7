/**
 * What an operand names: an image or directory of the tree, a local file, or a standard stream.
 *
 * @module
 */
import { basename } from "@std/path/basename";
import { fromFileUrl } from "@std/path/from-file-url";
import { hasSecret, maskUri } from "../location/mod.ts";
import { UsageError } from "./command.ts";
import { isLocation } from "./tree.ts";

/** A place of the tree, by its path or the location URI of an image. */
export interface TreePlace {
  /** Marks it as a place of the tree. */
  readonly kind: "tree";
  /** The path, or a location URI. */
  readonly path: string;
}

/** A local file or directory. */
export interface LocalPlace {
  /** Marks it as a local file. */
  readonly kind: "local";
  /** Its path on this machine. */
  readonly path: string;
}

/** Standard input or output. */
export interface StandardPlace {
  /** Marks it as a standard stream. */
  readonly kind: "standard";
}

/** What an operand names. */
export type Place = TreePlace | LocalPlace | StandardPlace;

/**
 * Parses an operand: `/store/path` is of the tree, as is any location URI but `file:///x`, which is a
 * local file like `./x` and `../x`; `-` is standard input or output.
 *
 * @param operand The operand.
 * @returns The place that it names.
 * @throws {UsageError} If it names none, or holds a secret.
 */
export function parsePlace(operand: string): Place {
  if (operand === "-") return { kind: "standard" };
  if (operand.startsWith("/")) return { kind: "tree", path: operand };
  if (operand.startsWith("file:///")) return { kind: "local", path: fromFileUrl(operand) };
  if (/^\.\.?(\/|$)/.test(operand)) return { kind: "local", path: operand };
  if (isLocation(operand)) return { kind: "tree", path: withoutSecret(operand) };
  throw new UsageError(
    `${operand}: a path of the tree begins with "/", a local file with "./", "../" or "file:///"`,
  );
}

function withoutSecret(uri: string): string {
  if (!hasSecret(uri)) return uri;
  throw new UsageError(
    `${maskUri(uri)}: leave out the secret: everybody on this machine can read it`,
  );
}

/**
 * Parses an operand that must be in the tree: a path, or a location URI. Here `file:///x` is a location
 * URI too, because no local file can be meant.
 *
 * @param operand The operand.
 * @returns The path, or the location URI.
 * @throws {UsageError} If it is neither.
 */
export function parseTreePath(operand: string): string {
  if (operand.startsWith("file:///")) return operand;
  const place = parsePlace(operand);
  if (place.kind !== "tree") throw new UsageError(`${operand}: not a path of the tree`);
  return place.path;
}

/**
 * Returns the last segment of a path.
 *
 * @param path A path of the tree, a location URI or a local path.
 * @returns The name, without a trailing slash.
 */
export function nameOf(path: string): string {
  return basename(path);
}

/**
 * Returns a place below another.
 *
 * @typeParam P The kind of the place.
 * @param place A directory. A standard stream has nothing below it and is returned as it is.
 * @param name The path from there.
 * @returns The place.
 */
export function childOf<P extends Place>(place: P, name: string): P {
  if (place.kind === "standard") return place;
  return { ...place, path: `${place.path.replace(/\/$/, "")}/${name}` };
}

/**
 * Returns a place as the user writes it.
 *
 * @param place The place.
 * @returns Its path, or `-`.
 */
export function formatPlace(place: Place): string {
  return place.kind === "standard" ? "-" : place.path;
}
