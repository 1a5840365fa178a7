/**
 * Reading the indexes that web servers make of their directories.
 *
 * @module
 */
import type { ListEntry } from "../../store/types.ts";

/**
 * The entries of an HTML index as nginx, Apache and others make it; `undefined` where the page is
 * none, or not whole. `url` is the page's own: an entry is a link to a name right below it. A size is
 * told where it is exact.
 *
 * @example An index of nginx
 * ```ts
 * import { parseHtmlIndex } from "./indexes.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const html = `<html><head><title>Index of /i/</title></head><body><pre><a href="../">../</a>
 * <a href="a%20b.iso">a b.iso</a>        23-Nov-2025 17:42        1234
 * </pre></body></html>`;
 * assertEquals(parseHtmlIndex(html, new URL("http://localhost/i/")), [
 *   { path: "a b.iso", kind: "image", size: 1234 },
 * ]);
 * ```
 */
export function parseHtmlIndex(html: string, url: URL): ListEntry[] | undefined {
  const title = /<title>\s*(index of|directory listing for)\s/i.test(html);
  if (!title || !/<\/html>\s*$/i.test(html)) return undefined;
  const here = new URL(".", url);
  const entries = new Map<string, ListEntry>();
  for (const [, href, after] of html.matchAll(/<a\s[^>]*?href="([^"]*)"[^>]*>.*?<\/a>([^<]*)/gi)) {
    const text = unescapeHtml(href!);
    if (!URL.canParse(text, here)) continue;
    const link = new URL(text, here);
    if (!link.href.startsWith(here.href) || link.search || link.hash) continue;
    const [, segment, slash] = /^([^/]+)(\/?)$/.exec(link.pathname.slice(here.pathname.length)) ??
      [];
    const path = decode(segment);
    if (path === undefined) continue;
    if (slash) {
      entries.set(path, { path, kind: "directory" });
      continue;
    }
    // Only nginx's column is exact: others round, to "1.2M" or "1K".
    const digits = /^\s+\d\d-[a-z]{3}-\d{4} \d\d:\d\d\s+(\d+)\s*$/i.exec(after!)?.[1];
    const size = sizeOf(Number(digits));
    entries.set(path, { path, kind: "image", ...(size === undefined ? {} : { size }) });
  }
  return [...entries.values()];
}

/** The entries of an index in nginx's `autoindex_format json`; `undefined` where it is none. */
export function parseJsonIndex(text: string): ListEntry[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const entries: ListEntry[] = [];
  for (const entry of list) {
    const { name, type, size, mtime } = entry ?? {};
    if (typeof name !== "string" || name.includes("/")) return undefined;
    // A name that is no UTF-8 cannot be asked for.
    if (name.includes("\ufffd")) continue;
    if (type === "directory") entries.push({ path: name, kind: "directory" });
    else if (type === "file") {
      const modified = new Date(typeof mtime === "string" ? mtime : NaN);
      entries.push({
        path: name,
        kind: "image",
        size: sizeOf(size),
        modified: Number.isNaN(+modified) ? undefined : modified,
      });
    }
  }
  return entries;
}

/** A size in bytes, where it is one. */
function sizeOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : undefined;
}

function decode(segment: string | undefined): string | undefined {
  try {
    const name = decodeURIComponent(segment ?? "");
    return name === "" || name.includes("/") ? undefined : name;
  } catch {
    return undefined;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot));/gi,
    (_, hex, decimal, name) =>
      name
        ? ENTITIES[name.toLowerCase()]!
        : String.fromCodePoint(parseInt(hex ?? decimal, hex ? 16 : 10)),
  );
}
