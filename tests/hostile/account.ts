/**
 * A small Swift account in memory, with its login of version 1: containers, static large objects, bulk
 * deletes, symbolic ACLs.
 *
 * @module
 */
import type { RawRequest } from "../faults/wire.ts";
import { concat, md5, withRange } from "./bucket.ts";
import { type FakeServer, type Reply, textReply } from "./exchange.ts";

interface StoredObject {
  data: Uint8Array;
  etag: string;
  headers: Record<string, string>;
  manifest?: { name: string; bytes: number; hash: string }[];
}

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const NOTHING = new Uint8Array();
const MODIFIED = "2024-01-02T03:04:05.678900";

/** The server. Its container is `c`. */
export class FakeAccount implements FakeServer {
  readonly #objects = new Map<string, StoredObject>();
  #acl: Record<string, string> = {};

  /** Creates an account with images, and a segment of an upload that nobody will end. */
  constructor(images: Readonly<Record<string, Uint8Array>>) {
    for (const [name, data] of Object.entries(images)) this.#put(name, data, {});
    const left = ".segments/00000000-0000-4000-8000-000000000000/00000001";
    this.#put(left, new Uint8Array(3), {});
    // An image of two segments.
    const id = "11111111-1111-4111-8111-111111111111";
    const manifest = ["hello ", "world"].map((text, i) => {
      const name = `.segments/${id}/0000000${i + 1}`;
      this.#put(name, new TextEncoder().encode(text), {});
      return { name: `/c/${name}`, bytes: text.length, hash: md5(text) };
    });
    this.#putManifest("large.img", manifest, { "x-object-meta-upload-id": id });
  }

  images(): Map<string, Uint8Array> {
    return new Map(
      [...this.#objects].filter(([name]) => !name.startsWith(".segments/"))
        .map(([name, object]) => [name, this.#dataOf(object)]),
    );
  }

  grants(): string {
    return this.#acl["x-container-read"] === ".r:*" ? "public" : "private";
  }

  /** Returns the segments that nobody will use. */
  leftovers(): string[] {
    return [...this.#objects.keys()].filter((name) => name.startsWith(".segments/0000"));
  }

  kindOf({ method }: RawRequest, url: URL): string {
    const path = url.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(
      /[0-9a-f]{64}/,
      "HASH",
    );
    const query = [...url.searchParams.keys()].filter((name) => name !== "marker").sort();
    return `${method} ${path}?${query.join("&")}`;
  }

  handle(request: RawRequest, url: URL): Reply {
    const reply = this.#handle(request, url);
    const base = { "x-trans-id": "tx0123456789", date: new Date().toUTCString() };
    return { ...reply, headers: { ...base, ...reply.headers } };
  }

  #handle({ method, headers, body }: RawRequest, url: URL): Reply {
    const { pathname, searchParams: query, origin } = url;
    if (pathname === "/auth/v1.0") {
      return textReply(200, "", {
        "x-auth-token": "AUTH_tk0",
        "x-storage-url": `${origin}/v1/AUTH_a`,
        "x-auth-token-expires": "86400",
      });
    }
    const [, container, name] = /^\/v1\/AUTH_a(?:\/([^/]+)(?:\/(.+))?)?$/.exec(
      decodeURIComponent(pathname),
    ) ?? [];
    if (container === undefined) {
      if (query.has("bulk-delete")) return this.#deleteMany(new TextDecoder().decode(body));
      if (method !== "GET") return textReply(204, "", { "x-account-container-count": "1" });
      const page = query.has("marker") ? [] : [{ name: "c", count: 3, bytes: 99 }];
      return json(page);
    }
    if (name === undefined) {
      if (method === "GET") return this.#list(query);
      if (method === "POST") {
        this.#acl = Object.fromEntries([...headers].filter(([key]) => /^x-container-/.test(key)));
      }
      return textReply(method === "PUT" ? 202 : 204, "", this.#acl);
    }
    const object = this.#objects.get(name);
    if (method === "PUT") {
      if (headers.get("if-none-match") === "*" && object !== undefined) return textReply(412);
      const kept = keptOf(headers);
      if (query.get("multipart-manifest") === "put") {
        const list = JSON.parse(new TextDecoder().decode(body)) as {
          path: string;
          size_bytes: number;
          etag: string;
        }[];
        const manifest = list.map(({ path, size_bytes, etag }) => ({
          name: path,
          bytes: size_bytes,
          hash: etag,
        }));
        const { etag } = this.#putManifest(name, manifest, kept);
        return textReply(201, "", { etag });
      }
      const source = headers.get("x-copy-from");
      const found = source && this.#objects.get(decodeURIComponent(source).slice(3));
      if (source !== null && !found) return textReply(404);
      const { etag } = this.#put(name, found ? this.#dataOf(found) : body, kept);
      return textReply(201, "", { etag, "last-modified": "Tue, 02 Jan 2024 03:04:06 GMT" });
    }
    if (object === undefined) return textReply(404, "<html><h1>Not Found</h1></html>");
    if (method === "DELETE") {
      this.#objects.delete(name);
      return textReply(204);
    }
    if (query.get("multipart-manifest") === "get" && object.manifest) return json(object.manifest);
    const common = {
      etag: object.manifest ? `"${object.etag}"` : object.etag,
      "last-modified": "Tue, 02 Jan 2024 03:04:06 GMT",
      "x-timestamp": "1704164645.67890",
      "content-type": "application/octet-stream",
      "accept-ranges": "bytes",
      ...(object.manifest ? { "x-static-large-object": "True" } : {}),
      ...object.headers,
    };
    return withRange(common, this.#dataOf(object), headers.get("range"));
  }

  #put(name: string, data: Uint8Array, headers: Record<string, string>): StoredObject {
    const object = { data, etag: md5(data), headers };
    this.#objects.set(name, object);
    return object;
  }

  #putManifest(
    name: string,
    manifest: NonNullable<StoredObject["manifest"]>,
    headers: Record<string, string>,
  ): StoredObject {
    const etag = md5(manifest.map(({ hash }) => hash).join(""));
    const object = { data: new Uint8Array(), etag, headers, manifest };
    this.#objects.set(name, object);
    return object;
  }

  #dataOf({ data, manifest }: StoredObject): Uint8Array {
    if (manifest === undefined) return data;
    return concat(manifest.map(({ name }) => this.#objects.get(name.slice(3))?.data ?? NOTHING));
  }

  #list(query: URLSearchParams): Reply {
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter");
    const marker = query.get("marker") ?? "";
    const entries = new Map<string, unknown>();
    for (const [name, object] of [...this.#objects].sort()) {
      if (!name.startsWith(prefix)) continue;
      const slash = delimiter ? name.indexOf(delimiter, prefix.length) : -1;
      const listed = slash < 0 ? name : name.slice(0, slash + 1);
      if (listed <= marker) continue;
      entries.set(
        listed,
        slash >= 0 ? { subdir: listed } : {
          name,
          bytes: this.#dataOf(object).length,
          hash: object.etag,
          last_modified: MODIFIED,
          content_type: "application/octet-stream",
          ...(object.manifest ? { slo_etag: `"${object.etag}"` } : {}),
        },
      );
    }
    return json([...entries.values()]);
  }

  #deleteMany(body: string): Reply {
    let deleted = 0;
    for (const line of body.split("\n")) {
      if (this.#objects.delete(decodeURIComponent(line).replace(/^\/?c\//, ""))) deleted++;
    }
    return json({
      "Response Status": "200 OK",
      "Response Body": "",
      "Number Deleted": deleted,
      "Number Not Found": 0,
      Errors: [],
    });
  }
}

function keptOf(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("x-object-meta-")));
}

function json(value: unknown): Reply {
  return textReply(200, JSON.stringify(value), JSON_TYPE);
}
