/**
 * Images from elsewhere: fetched, checked against what their publisher says, unpacked, judged and stored
 * in one store or several, in one pass.
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
 * await importImage(vfs, packed, { path: "/local/a.raw", unpack: "auto" });
 * assertEquals(await vfs.readTextFile("/local/a.raw"), "hello");
 * ```
 *
 * @module
 */
export * from "./import_image.ts";
export * from "./image_signature.ts";
export * from "./import_to_stores.ts";
export type { SeveralStoresOptions } from "../add_to_several.ts";
export type { Arrival, ImportProgress, IncomingOptions, Unpacking } from "./incoming_image.ts";
export type { PublishedDigests, PublishedOptions } from "./published.ts";
export type { SignatureOptions, Signed } from "./signature.ts";
export type { Packing, UnpackLimits } from "../../streams/unpack/unpack.ts";
