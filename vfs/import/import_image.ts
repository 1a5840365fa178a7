/**
 * Images from elsewhere into one store, in one pass.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { AddResult } from "../../store/mod.ts";
import type { ImageData } from "../../streams/mod.ts";
import type { Vfs } from "../vfs.ts";
import { type Arrival, type IncomingOptions, withIncoming } from "./incoming_image.ts";

/** Options of {@linkcode importImage}. */
export interface ImportOptions extends IncomingOptions {
  /** Path of the new image in the tree. Default: `id` in the store `store`. */
  path?: string | undefined;
  /** Name of the store. Default: the default store. */
  store?: string | undefined;
  /** Whether the import continues one that died. See `AddOptions.resume`. Default: `false`. */
  resume?: boolean | undefined;
}

/** What {@linkcode importImage} resolves to: what was stored, and what arrived. */
export interface ImportResult extends AddResult, Arrival {}

/**
 * Stores an image that comes from elsewhere. It is fetched, checked, unpacked, judged and stored in one
 * pass and in bounded memory; it appears whole and checked, or not at all.
 *
 * An `http` or `https` URL that no configured store owns is read through an egress gate that lets public
 * addresses pass alone. What a store of the tree owns is read by that store. A connection that breaks is
 * resumed.
 *
 * @param vfs The tree.
 * @param source A URL or a location URI, or the data itself.
 * @param options Where the image goes, what the source must be, and how it is unpacked.
 * @returns What was stored, and what arrived.
 * @throws {ChecksumMismatch} If the source does not have a published digest.
 * @throws {NotFound} If the checksum file does not name the source.
 * @throws {Invalid} If the source is cut off, corrupt or too large, or the runtime cannot unpack it.
 * @throws {Duplicate} If there is such an image.
 *
 * @example Unpack an image on its way into a store
 * ```ts
 * import { Vfs } from "@vitrine/vitrine";
 * import { importImage } from "@vitrine/vitrine/import";
 * import { MemoryStore } from "@vitrine/vitrine/memory";
 * import { assertEquals } from "@std/assert";
 *
 * const vfs = new Vfs({ local: new MemoryStore("local") });
 * const packed = new Blob(["hello"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const { size, unpacked } = await importImage(vfs, packed, {
 *   path: "/local/a.raw",
 *   unpack: "auto",
 * });
 * assertEquals([size, unpacked], [5, "gzip"]);
 * ```
 */
export function importImage(
  vfs: Vfs,
  source: string | URL | ImageData,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const { accept, format, hashingAlgo, verifier, signal, context } = options;
  const { path, store, resume } = options;
  return withIncoming(vfs, source, options, async ({ reader, size, sparse, id, arrival }) => {
    const { contentType, cacheControl, metadata } = options;
    const properties = { contentType, cacheControl, metadata };
    const what = { accept, format, hashingAlgo, verifier, size, sparse, resume };
    const add = { ...what, ...properties, signal, context };
    let added: AddResult;
    if (path !== undefined) added = await vfs.writeFile(path, reader, add);
    else {
      if (!id) throw new Invalid("the new image needs an id: the source has no name");
      added = await vfs.stores.add(id, reader, { backend: store, ...add });
    }
    return { ...added, ...arrival(added) };
  });
}
