/**
 * A small S3 server in memory, which does what Amazon's does: one bucket, multipart uploads, ACLs, tags.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { RawRequest } from "../faults/wire.ts";
import { type FakeServer, type Reply, textReply } from "./exchange.ts";

interface StoredObject {
  data: Uint8Array;
  etag: string;
  meta: Record<string, string>;
  acl: string;
  tags: string;
}

const OWNER = "0123456789abcdef";
const XML = { "content-type": "application/xml" };
const MODIFIED = "Tue, 02 Jan 2024 03:04:05 GMT";
const NO_TAGS = "<TagSet></TagSet>";
const EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers";

/** The server. Its bucket is `b`. */
export class FakeBucket implements FakeServer {
  readonly #objects = new Map<string, StoredObject>();
  readonly #uploads = new Map<string, { key: string; meta: Record<string, string> }>();
  readonly #parts = new Map<string, Uint8Array>();
  #ids = 0;

  /** Creates a bucket with images, and an upload that nobody will end. */
  constructor(images: Readonly<Record<string, Uint8Array>>) {
    for (const [key, data] of Object.entries(images)) this.#put(key, data, {});
    this.#uploads.set("old", { key: "left.img", meta: {} });
  }

  images(): Map<string, Uint8Array> {
    return new Map([...this.#objects].map(([key, { data }]) => [key, data]));
  }

  grants(): string {
    return this.#objects.get("a.img")?.acl ?? "";
  }

  /** Returns the ids of the uploads that nobody will end. */
  leftovers(): string[] {
    return [...this.#uploads.keys()];
  }

  kindOf({ method, headers }: RawRequest, url: URL): string {
    const query = [...url.searchParams.keys()].filter((name) => name !== "continuation-token");
    const copies = headers.has("x-amz-copy-source") ? " copy" : "";
    return `${method} ${url.pathname}?${query.sort().join("&")}${copies}`;
  }

  handle(request: RawRequest, url: URL): Reply {
    const reply = this.#handle(request, url);
    const base = { "x-amz-request-id": "4442587FB7D0A2F9", date: new Date().toUTCString() };
    return { ...reply, headers: { ...base, ...reply.headers } };
  }

  #handle({ method, headers, body }: RawRequest, { pathname, searchParams: query }: URL): Reply {
    const key = decodeURIComponent(pathname.replace(/^\/b\/?/, ""));
    if (key === "") {
      if (query.has("uploads")) return this.#listUploads();
      if (query.has("delete")) return this.#deleteMany(new TextDecoder().decode(body));
      if (method === "GET") return this.#list(query);
      return textReply(200);
    }
    const object = this.#objects.get(key);
    const meta = Object.fromEntries(
      [...headers].filter(([name]) => name.startsWith("x-amz-meta-")),
    );
    const uploadId = query.get("uploadId");
    if (query.has("acl")) return this.#acl(method, object, headers);
    if (query.has("tagging")) return this.#tagging(method, object, body);
    if (method === "POST" && query.has("uploads")) {
      const id = `upload${++this.#ids}`;
      this.#uploads.set(id, { key, meta });
      return xml(
        "InitiateMultipartUploadResult",
        element("Bucket", "b") + element("Key", key) +
          element("UploadId", id),
      );
    }
    if (uploadId !== null) {
      return this.#part(method, uploadId, query.get("partNumber"), headers, body);
    }
    if (method === "PUT") {
      if (headers.has("if-none-match") && object !== undefined) {
        return failure(412, "PreconditionFailed");
      }
      const source = sourceOf(headers);
      if (source === undefined) {
        const { etag } = this.#put(key, body, meta);
        return textReply(200, "", { etag });
      }
      const found = this.#objects.get(source);
      if (found === undefined) return failure(404, "NoSuchKey");
      const { etag } = this.#put(key, found.data, meta);
      return xml(
        "CopyObjectResult",
        element("LastModified", "2024-01-02T03:04:05.000Z") +
          element("ETag", etag),
      );
    }
    if (method === "DELETE") {
      this.#objects.delete(key);
      return textReply(204);
    }
    if (object === undefined) return failure(404, "NoSuchKey");
    return read(object, headers);
  }

  #put(
    key: string,
    data: Uint8Array,
    meta: Record<string, string>,
    etag = md5(data),
  ): StoredObject {
    const object = { data, etag: `"${etag}"`, meta, acl: "private", tags: NO_TAGS };
    this.#objects.set(key, object);
    return object;
  }

  #part(
    method: string,
    id: string,
    number: string | null,
    headers: Headers,
    body: Uint8Array,
  ): Reply {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return failure(404, "NoSuchUpload");
    if (method === "DELETE") {
      this.#uploads.delete(id);
      return textReply(204);
    }
    if (method === "PUT") {
      this.#parts.set(`${id}/${number}`, body);
      return textReply(200, "", { etag: `"${md5(body)}"` });
    }
    if (headers.has("if-none-match") && this.#objects.has(upload.key)) {
      return failure(412, "PreconditionFailed");
    }
    const numbers = [...new TextDecoder().decode(body).matchAll(/<PartNumber>(\d+)</g)];
    const data = numbers.map(([, number]) => this.#parts.get(`${id}/${number}`)!);
    const whole = concat(data);
    this.#uploads.delete(id);
    const { etag } = this.#put(upload.key, whole, upload.meta, `${md5(whole)}-${data.length}`);
    return xml(
      "CompleteMultipartUploadResult",
      element("Location", "http://b/") +
        element("Bucket", "b") + element("Key", upload.key) + element("ETag", etag),
    );
  }

  #list(query: URLSearchParams): Reply {
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter");
    const directories = new Set<string>();
    let contents = "";
    for (const [key, { data, etag }] of [...this.#objects].sort()) {
      if (!key.startsWith(prefix)) continue;
      const slash = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      if (slash >= 0) {
        directories.add(key.slice(0, slash + 1));
        continue;
      }
      contents += element(
        "Contents",
        element("Key", encodeURIComponent(key)) +
          element("LastModified", "2024-01-02T03:04:05.000Z") + element("ETag", etag) +
          element("Size", `${data.length}`),
      );
    }
    const common = [...directories].map((name) =>
      element("CommonPrefixes", element("Prefix", encodeURIComponent(name)))
    );
    return xml(
      "ListBucketResult",
      element("Name", "b") + element("EncodingType", "url") +
        element("Prefix", encodeURIComponent(prefix)) +
        (delimiter ? element("Delimiter", encodeURIComponent(delimiter)) : "") +
        element("KeyCount", "2") + element("IsTruncated", "false") + contents + common.join(""),
    );
  }

  #listUploads(): Reply {
    const uploads = [...this.#uploads].map(([id, { key }]) =>
      element(
        "Upload",
        element("Key", key) + element("UploadId", id) +
          element("Initiated", "2024-01-02T03:04:05.000Z"),
      )
    );
    return xml(
      "ListMultipartUploadsResult",
      element("Bucket", "b") +
        element("IsTruncated", "false") + uploads.join(""),
    );
  }

  #deleteMany(body: string): Reply {
    const keys = [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key!);
    for (const key of keys) this.#objects.delete(key);
    return xml("DeleteResult", keys.map((key) => element("Deleted", element("Key", key))).join(""));
  }

  #acl(method: string, object: StoredObject | undefined, headers: Headers): Reply {
    if (object === undefined) return failure(404, "NoSuchKey");
    if (method === "PUT") {
      object.acl = headers.get("x-amz-grant-read")?.includes(EVERYBODY) ? "public" : "private";
      return textReply(200);
    }
    const grant = (grantee: string, permission: string) =>
      element("Grant", element("Grantee", grantee) + element("Permission", permission));
    return xml(
      "AccessControlPolicy",
      element("Owner", element("ID", OWNER)) +
        element(
          "AccessControlList",
          grant(element("ID", OWNER), "FULL_CONTROL") +
            (object.acl === "public" ? grant(element("URI", EVERYBODY), "READ") : ""),
        ),
    );
  }

  #tagging(method: string, object: StoredObject | undefined, body: Uint8Array): Reply {
    if (object === undefined) return failure(404, "NoSuchKey");
    if (method !== "PUT") return xml("Tagging", object.tags);
    object.tags = /<TagSet>.*<\/TagSet>/s.exec(new TextDecoder().decode(body))?.[0] ?? NO_TAGS;
    return textReply(200);
  }
}

function read({ data, etag, meta }: StoredObject, headers: Headers): Reply {
  const common = {
    etag,
    "last-modified": MODIFIED,
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    ...meta,
  };
  const match = headers.get("if-match");
  if (match !== null && match !== etag) return failure(412, "PreconditionFailed");
  return withRange(common, data, headers.get("range"));
}

/** Returns the response to a `GET` or `HEAD` of one range, or of all. */
export function withRange(
  headers: Record<string, string>,
  data: Uint8Array,
  range: string | null,
): Reply {
  const [, begin, end] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  const length = { "content-length": `${data.length}` };
  if (begin === undefined) return { status: 200, headers: { ...headers, ...length }, body: data };
  const first = Number(begin);
  const last = Math.min(end ? Number(end) : Infinity, data.length - 1);
  if (first > last) {
    return textReply(416, "", { ...headers, "content-range": `bytes */${data.length}` });
  }
  const body = data.subarray(first, last + 1);
  const part = {
    "content-range": `bytes ${first}-${last}/${data.length}`,
    "content-length": `${body.length}`,
  };
  return { status: 206, headers: { ...headers, ...part }, body };
}

function sourceOf(headers: Headers): string | undefined {
  return headers.get("x-amz-copy-source")?.split("/").slice(2).map(decodeURIComponent).join("/");
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function xml(root: string, content: string): Reply {
  return textReply(200, `<?xml version="1.0"?>${element(root, content)}`, XML);
}

function failure(status: number, code: string): Reply {
  return textReply(status, element("Error", element("Code", code) + element("Message", "no")), XML);
}

/** Returns the bytes of all parts, one behind the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns the md5 of bytes in hex. */
export function md5(data: Uint8Array | string): string {
  return createHash("md5").update(data).digest("hex");
}
