/**
 * Multipart uploads that are open, and those among them that nobody is working on.
 *
 * @module
 */
import type { Leftover } from "../../store/types.ts";
import { parseIsoDate } from "../../streams/encoding.ts";
import type { S3Client } from "./client.ts";
import { sendDeletion } from "./deleter.ts";
import { readPages } from "./pages.ts";
import type { WriteState } from "./write_state.ts";

/** An upload that is open. */
export interface OpenUpload {
  /** The key. */
  key: string;
  /** Its id. */
  id: string;
  /** When it was begun, where the server says so in a date that can be read. */
  initiated: Date | undefined;
}

/**
 * Lists the open uploads.
 *
 * @param client The client of the bucket.
 * @param key The key whose uploads are listed. Default: all of the bucket.
 * @param signal Ends the listing.
 * @returns The uploads.
 */
export async function* listUploads(
  client: S3Client,
  key = "",
  signal?: AbortSignal,
): AsyncGenerator<OpenUpload> {
  // Without `encoding-type`: Ceph encodes these keys then, but does not say so.
  const listing = {
    root: "ListMultipartUploadsResult",
    entries: ["Upload"],
    query: { uploads: "", prefix: key },
    markers: { "key-marker": "NextKeyMarker", "upload-id-marker": "NextUploadIdMarker" },
  };
  for await (const page of readPages(client, listing, signal)) {
    for (const upload of page.all("Upload")) {
      const found = upload.text("Key");
      const id = upload.text("UploadId");
      if (id === "" || (key !== "" && found !== key)) continue;
      yield { key: found, id, initiated: parseIsoDate(upload.text("Initiated")) };
    }
  }
}

/**
 * Lists the uploads that nobody in this store is working on.
 *
 * @param state The client, and the uploads that are under way.
 * @param signal Ends the listing.
 * @returns What is left over. Its `remove` aborts the upload.
 */
export async function* listLeftovers(
  { client, uploads }: WriteState,
  signal: AbortSignal | undefined,
): AsyncGenerator<Leftover> {
  for await (const { key, id, initiated } of listUploads(client, "", signal)) {
    if (uploads.has(id)) continue;
    yield {
      path: key,
      kind: "upload",
      since: initiated,
      async remove() {
        await sendDeletion(client, { key, query: { uploadId: id }, signal });
      },
    };
  }
}
