/**
 * Where images from elsewhere come from: a store of the tree, the web, or data at hand.
 *
 * @module
 */
import { BadStoreUri, Invalid, UnknownScheme } from "../../errors/mod.ts";
import { maskUri } from "../../location/mod.ts";
import type { OperationOptions } from "../../store/mod.ts";
import type { ByteReader, ImageData } from "../../streams/mod.ts";
import { openSource } from "../../streams/source.ts";
import type { Vfs } from "../vfs.ts";

/** A source that was opened. */
export interface OpenedSource {
  /** The bytes. */
  reader: ByteReader;
  /** Their number, where known. */
  size: number | undefined;
  /** Whether it is an image with holes, where known. */
  isSparse?: boolean | undefined;
  /** Releases what was opened for it alone, once the reader is closed. */
  release(): Promise<void>;
}

/**
 * Opens a source for reading. A URL that a store of the tree owns is read by that store; another one is
 * read through an egress gate that lets only public addresses pass.
 *
 * @param vfs The tree.
 * @param source A URL or a location URI, or the data itself.
 * @param options The caller, and an abort signal.
 * @returns The bytes, to be closed and released.
 * @throws {UnknownScheme} If no store has the scheme of the URL.
 * @throws {NotFound} If there is nothing at the URL.
 */
export async function openImportSource(
  vfs: Vfs,
  source: string | URL | ImageData,
  options: OperationOptions,
): Promise<OpenedSource> {
  if (typeof source !== "string" && !(source instanceof URL)) {
    return { ...openSource(source), release: () => Promise.resolve() };
  }
  const uri = `${source}`;
  if (isOwned(vfs, uri)) {
    const { reader, size, isSparse } = await vfs.stores.get(uri, options);
    return { reader, size, isSparse, release: () => Promise.resolve() };
  }
  if (!/^https?:\/\//i.test(uri)) throw new UnknownScheme(`no store has ${maskUri(uri)}`);
  const { HttpStore } = await import("../../drivers/http/store.ts");
  const web = new HttpStore("web");
  try {
    const { reader, size } = await web.get(uri, options);
    return { reader, size, release: () => web.close() };
  } catch (error) {
    await web.close();
    throw error;
  }
}

/**
 * Reads a small file of text.
 *
 * @param vfs The tree, whose stores may have it.
 * @param source Its URL, or its content.
 * @param what What it is, for the error.
 * @param limit How many bytes it may have.
 * @param options The caller, and an abort signal.
 * @returns The text.
 * @throws {Invalid} If it has more bytes.
 */
export async function readText(
  vfs: Vfs,
  source: string | URL | ImageData,
  what: string,
  limit: number,
  options: OperationOptions,
): Promise<string> {
  const opened = await openImportSource(vfs, source, options);
  try {
    const bytes = await opened.reader.read(new Uint8Array(limit + 1));
    if (bytes.length > limit) throw new Invalid(`the ${what} has more than ${limit} bytes`);
    return new TextDecoder().decode(bytes);
  } finally {
    await opened.reader.close();
    await opened.release();
  }
}

/**
 * Returns whether a URI is an image of a store of the tree.
 *
 * @param vfs The tree.
 * @param uri The URI.
 * @returns Whether a store owns it, whether the image exists or not.
 */
export function isOwned(vfs: Vfs, uri: string): boolean {
  try {
    vfs.stores.getLocationFromUri(uri);
    return true;
  } catch (error) {
    if (error instanceof UnknownScheme || error instanceof BadStoreUri) return false;
    throw error;
  }
}

/**
 * Returns the last segment of a URL's path, decoded.
 *
 * @param uri The URL, or a location URI.
 * @returns The segment, or `undefined` if it is empty.
 */
export function lastSegment(uri: string): string | undefined {
  const segment = uri.replace(/[?#].*$/, "").replace(/^[^:]*:\/\/[^/]*/, "").split("/").pop() ?? "";
  try {
    return decodeURIComponent(segment) || undefined;
  } catch {
    return segment;
  }
}
