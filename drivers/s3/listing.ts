/**
 * Listings: objects, and uploads that were never completed.
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";
import { checkImageId } from "../../location/mod.ts";
import type { Leftover, ListEntry } from "../../store/types.ts";
import type { S3Client } from "./client.ts";
import type { WriteState } from "./write_state.ts";
import type { Element } from "./xml.ts";

/** The pages of a listing, `next` telling what the query of the next one has beside. */
async function* pages(
  client: S3Client,
  query: Readonly<Record<string, string>>,
  next: (page: Element) => Record<string, string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Element> {
  let more: Record<string, string> = {};
  for (;;) {
    const root = await client.xml({ query: { ...query, ...more }, signal });
    yield root;
    if (root.text("IsTruncated") !== "true") return;
    const following = next(root);
    const known = JSON.stringify(following) === JSON.stringify(more);
    if (known || !Object.values(following).some(Boolean)) {
      throw new BackendException("the server says that its listing goes on, but not where");
    }
    more = following;
  }
}

/** Reads a key; Amazon writes a space as `+`, everybody else as `%20`. */
function keyOf(page: Element, element: Element, name: string): string {
  const text = element.text(name);
  if (page.text("EncodingType") !== "url") return text;
  return decodeURIComponent(text.replaceAll("+", " "));
}

/** Whether a key is an image id; a bucket may hold others, which have no location. */
function isImageId(key: string): boolean {
  try {
    return checkImageId(key) === key;
  } catch {
    return false;
  }
}

/** Lists a directory: one level, or everything below. */
export async function* listObjects(
  client: S3Client,
  directory: string,
  recursive: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListEntry> {
  const query = {
    "list-type": "2",
    "encoding-type": "url",
    prefix: directory === "" ? "" : `${directory}/`,
    ...(recursive ? {} : { delimiter: "/" }),
  };
  const next = (page: Element) => ({ "continuation-token": page.text("NextContinuationToken") });
  for await (const page of pages(client, query, next, signal)) {
    for (const common of page.all("CommonPrefixes")) {
      const path = keyOf(page, common, "Prefix").slice(0, -1);
      if (isImageId(path)) yield { path, kind: "directory" };
    }
    for (const object of page.all("Contents")) {
      const path = keyOf(page, object, "Key");
      if (!isImageId(path)) continue;
      yield {
        path,
        kind: "image",
        size: Number(object.text("Size")),
        modified: new Date(object.text("LastModified")),
        etag: object.text("ETag"),
      };
    }
  }
}

/** An upload that is open. */
export interface OpenUpload {
  /** The key. */
  key: string;
  /** Its id. */
  id: string;
  /** When it was begun. */
  initiated: Date;
}

/** The open uploads of the bucket, or of one key. */
export async function* uploadsOf(
  client: S3Client,
  key = "",
  signal?: AbortSignal,
): AsyncGenerator<OpenUpload> {
  const next = (page: Element) => ({
    "key-marker": page.text("NextKeyMarker"),
    "upload-id-marker": page.text("NextUploadIdMarker"),
  });
  // Without `encoding-type`: Ceph encodes these keys then, but does not say so.
  for await (const page of pages(client, { uploads: "", prefix: key }, next, signal)) {
    for (const upload of page.all("Upload")) {
      const found = upload.text("Key");
      if (key !== "" && found !== key) continue;
      const initiated = new Date(upload.text("Initiated"));
      yield { key: found, id: upload.text("UploadId"), initiated };
    }
  }
}

/** The uploads that nobody in this store is working on. */
export async function* leftovers(
  { client, uploads }: WriteState,
  signal: AbortSignal | undefined,
): AsyncGenerator<Leftover> {
  for await (const { key, id, initiated } of uploadsOf(client, "", signal)) {
    if (uploads.has(id)) continue;
    yield {
      path: key,
      kind: "upload",
      since: initiated,
      async remove() {
        await client.headers({ method: "DELETE", key, query: { uploadId: id }, signal });
      },
    };
  }
}
