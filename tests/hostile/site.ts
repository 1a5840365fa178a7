/**
 * A small web server of images, with an index as nginx makes it and a file of checksums.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { RawRequest } from "../faults/wire.ts";
import { withRange } from "./bucket.ts";
import { type FakeServer, type Reply, textReply } from "./exchange.ts";

/** The server. Its images are below `/i/`. */
export class FakeSite implements FakeServer {
  readonly #files: Map<string, Uint8Array>;

  /** Creates a site with images. */
  constructor(images: Readonly<Record<string, Uint8Array>>) {
    this.#files = new Map(Object.entries(images));
  }

  images(): Map<string, Uint8Array> {
    return new Map(this.#files);
  }

  grants(): string {
    return "";
  }

  kindOf({ method, headers }: RawRequest, { pathname }: URL): string {
    return `${method} ${pathname}${headers.has("range") ? " range" : ""}`;
  }

  handle({ headers }: RawRequest, { pathname }: URL): Reply {
    const path = decodeURIComponent(pathname).replace(/^\/i\//, "");
    if (path === "" || path.endsWith("/")) return this.#index(path);
    if (path === "SHA256SUMS") {
      return textReply(200, this.#sums(), { "content-type": "text/plain" });
    }
    const data = this.#files.get(path);
    if (data === undefined) return textReply(404, "<html>404</html>");
    const common = {
      etag: `"${data.length}-1"`,
      "last-modified": "Tue, 02 Jan 2024 03:04:05 GMT",
      date: new Date().toUTCString(),
      "content-type": "application/octet-stream",
      "accept-ranges": "bytes",
    };
    return withRange(common, data, headers.get("range"));
  }

  #index(directory: string): Reply {
    const names = new Map<string, string>();
    for (const [path, { length }] of this.#files) {
      if (!path.startsWith(directory)) continue;
      const [first, ...more] = path.slice(directory.length).split("/");
      names.set(more.length > 0 ? `${first}/` : first!, more.length > 0 ? "-" : `${length}`);
    }
    if (directory === "") names.set("SHA256SUMS", "99");
    const lines = [...names].map(([name, size]) =>
      `<a href="${encodeURI(name)}">${name}</a>          02-Jan-2024 03:04          ${size}\n`
    );
    const page = `<html>\n<head><title>Index of /i/${directory}</title></head>\n<body>\n` +
      `<h1>Index of /i/${directory}</h1><hr><pre><a href="../">../</a>\n${lines.join("")}` +
      "</pre><hr></body>\n</html>\n";
    return textReply(200, page, { "content-type": "text/html" });
  }

  #sums(): string {
    return [...this.#files].map(([name, data]) =>
      `${createHash("sha256").update(data).digest("hex")}  ${name}\n`
    ).join("");
  }
}
