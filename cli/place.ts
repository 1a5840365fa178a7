/**
 * What an operand names: an image or directory of the tree, a local file, or standard input or output.
 *
 * @module
 */
import { basename, fromFileUrl } from "@std/path";
import { maskUri } from "../location/mod.ts";
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

/**
 * Reads an operand that must be in the tree: a path, or a location URI, of which `file:///x` is one
 * too where nothing else can be meant.
 */
export function treePath(operand: string): string {
  if (operand.startsWith("file:///")) return operand;
  const place = readPlace(operand);
  if (place.kind !== "tree") throw new Misuse(`${operand}: not a path of the tree`);
  return place.path;
}

/** The last segment of a path. */
export function nameOf(path: string): string {
  return basename(path);
}
