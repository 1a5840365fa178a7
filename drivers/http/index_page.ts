/**
 * The indexes that web servers make of their directories, parsed: HTML of nginx, Apache, lighttpd, h2o,
 * webfs, mini-httpd, Caddy, rclone and Python, JSON of nginx, Caddy and `vitrine serve`.
 *
 * @module
 */
import { decodePercent } from "../../location/percent_encoding.ts";
import { parseCount, parseHttpDate, parseIsoDate } from "../../streams/encoding.ts";

/** One name in an index. */
export interface IndexEntry {
  /** The name, without a trailing slash, or `undefined` if it is not text. */
  name: string | undefined;
  /** The name as the index writes it, for reports. */
  raw: string;
  /** Whether it is a directory; `undefined` if the index does not say. */
  isDirectory: boolean | undefined;
  /** Size in bytes, if the index has it exactly. */
  size?: number | undefined;
  /** When it was last changed, if the index says. */
  modified?: Date | undefined;
}

/** After as many characters of an index, other work gets a turn. */
const TURN = 262_144;

/** An opening or closing tag of a link. No part of it can match in two ways, so that it takes linear time. */
const TAG = /<(\/?)a(\s[^<>]*)?>/gi;

/**
 * Parses an HTML index. An entry is a link to a name right below the URL of the page. All other links are
 * ignored. It takes linear time, and lets other work have a turn.
 *
 * @param html The page.
 * @param url The URL of the page.
 * @param signal Ends it. Its reason is thrown.
 * @returns The entries, or `undefined` if the page is not an index, or is not complete.
 *
 * @example An index of nginx
 * ```ts
 * import { parseHtmlIndex } from "./index_page.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const html = `<html><head><title>Index of /i/</title></head><body><pre><a href="../">../</a>
 * <a href="a%20b.iso">a b.iso</a>        23-Nov-2025 17:42        1234
 * </pre></body></html>`;
 * assertEquals(await parseHtmlIndex(html, new URL("http://localhost/i/")), [
 *   { name: "a b.iso", raw: "a%20b.iso", isDirectory: false, size: 1234 },
 * ]);
 * ```
 */
export async function parseHtmlIndex(
  html: string,
  url: URL,
  signal?: AbortSignal,
): Promise<IndexEntry[] | undefined> {
  if (!isIndex(html, url)) return undefined;
  const here = new URL(".", url);
  const entries = new Map<string, IndexEntry>();
  let marksDirectories = true;
  let last: IndexEntry | undefined;
  let turn = TURN;
  for (const { index, 0: tag, 1: slash, 2: attributes = "" } of html.matchAll(TAG)) {
    if (index > turn) {
      turn = index + TURN;
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    if (slash) {
      const end = index + tag.length;
      if (last) last.size ??= parseColumn(html.slice(end, html.indexOf("<", end)));
      last = undefined;
      continue;
    }
    const href = parseHref(attributes);
    // h2o and mini-httpd write no slash after the name of a directory, also not of the parent.
    if (href === ".." && /^[^<]*<title>\s*index of/im.test(head(html))) marksDirectories = false;
    last = href === undefined ? undefined : parseLink(href, here);
    if (last) entries.set(last.raw, entries.get(last.raw) ?? last);
  }
  const all = [...entries.values()];
  if (all.some(({ isDirectory }) => isDirectory)) marksDirectories = true;
  if (!marksDirectories) { for (const entry of all) entry.isDirectory = undefined; }
  return all;
}

/** The start of a page, which has its title. Caddy and rclone have their styles there. */
function head(html: string): string {
  return html.slice(0, 16_384);
}

function isIndex(html: string, url: URL): boolean {
  // An incomplete page would hide what follows. h2o ends it with the list, webfs with the body.
  if (!/<\/(html|body|ul)>\s*$/i.test(html.slice(-1_024))) return false;
  const start = head(html);
  if (/<title>\s*(index of|directory listing (for|of))\s/i.test(start)) return true;
  if (/<h1>\s*listing:\s/i.test(start)) return true;
  const title = /<title>([^<]*)<\/title>/i.exec(start)?.[1];
  // Caddy and rclone: the path, or its last segment.
  const path = (decodePercent(url.pathname) ?? "").replace(/^\/|\/$/g, "");
  const named = title && unescapeHtml(title).trim();
  if (!named || !/<(use xlink:href|a href)="[^"]*sort|"#(file|folder)"/.test(html)) return false;
  const segments = named.replace(/^\/|\/$/g, "");
  return segments === "" ? true : path === segments || path.endsWith(`/${segments}`);
}

function parseHref(attributes: string): string | undefined {
  const [, double, single, bare] =
    /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(attributes) ?? [];
  const href = double ?? single ?? bare;
  return href === undefined ? undefined : unescapeHtml(href);
}

/** The entry that a link names, if it leads right below the page. */
function parseLink(href: string, here: URL): IndexEntry | undefined {
  if (!URL.canParse(href, here)) return undefined;
  const link = new URL(href, here);
  if (!link.href.startsWith(here.href) || link.search || link.hash) return undefined;
  const raw = link.pathname.slice(here.pathname.length);
  const [, segment, slash] = /^([^/]+)(\/?)$/.exec(raw) ?? [];
  if (segment === undefined) return undefined;
  const decoded = decodePercent(segment);
  const name = decoded?.includes("/") ? undefined : decoded;
  return { name, raw: segment, isDirectory: slash === "/" };
}

/** The size after a link of nginx or mini-httpd. Other servers round it, to 1.2M or 1K. */
function parseColumn(text: string): number | undefined {
  return parseCount(/^\s*\d\d-?[a-z]{3}-?\d{4} \d\d:\d\d\s+(\d+)\s*$/i.exec(text)?.[1]);
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi,
    (whole, hex, decimal, name) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? whole;
      const code = parseInt(hex ?? decimal, hex ? 16 : 10);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/**
 * Parses a JSON index: that of nginx (`autoindex_format json`), of Caddy, or of `vitrine serve`.
 *
 * @param text The text.
 * @returns The entries, or `undefined` if the text is not an index. One that does not parse has no name.
 */
export function parseJsonIndex(text: string): IndexEntry[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const entries = list.map(parseJsonEntry);
  return entries.length === 0 || entries.some(({ name }) => name !== undefined)
    ? entries
    : undefined;
}

function parseJsonEntry(value: unknown): IndexEntry {
  const { name, type, is_dir, size, mtime, mod_time } = Object(value);
  const raw = typeof name === "string" ? name : JSON.stringify(value)?.slice(0, 80) ?? "";
  const isFile = type === "file" || is_dir === false;
  const isDirectory = type === "directory" || is_dir === true;
  const plain = raw.replace(/\/$/, "");
  const isName = typeof name === "string" && !/[/\ufffd]/.test(plain);
  if (!isName || isFile === isDirectory) return { name: undefined, raw, isDirectory: undefined };
  return {
    name: plain,
    raw,
    isDirectory,
    ...(isDirectory ? {} : {
      size: typeof size === "number" ? parseCount(size) : undefined,
      modified: parseHttpDate(mtime) ?? parseIsoDate(mod_time),
    }),
  };
}
