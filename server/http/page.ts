/**
 * The page that shows a directory.
 *
 * @module
 */
import { visibleText } from "../../errors/visible_text.ts";
import type { DirEntry } from "../../vfs/file_info.ts";
import { joinPath, relativeReference } from "../../vfs/path.ts";

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 15%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
a { color: light-dark(#0b57d0, #8ab4f8); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); text-align: left; }
th { font-size: .85rem; opacity: .7; font-weight: 500; }
td:first-child { overflow-wrap: anywhere; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
`;

/**
 * Returns the page up to its first entry.
 *
 * @param segments The names of the directory's path, from the root down.
 * @returns HTML.
 */
export function pageStart(segments: readonly string[]): string {
  const up = (levels: number) => "../".repeat(levels) || "./";
  const links = ["Vitrine", ...segments].map((name, i) =>
    `<a href="${up(segments.length - i)}">${escape(name)}</a>`
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Index of ${escape(joinPath([...segments, ""]))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${links.join(" / ")}</h1>
<table>
<thead><tr><th>Name</th><th class="n">Size</th><th class="n">Changed (UTC)</th></tr></thead>
<tbody>
`;
}

/**
 * Returns the row of an entry. Its link is a plain relative one, which programs that read listings
 * expect: `name`, or `name/` for a directory.
 *
 * @param entry The entry.
 * @returns HTML.
 */
export function row({ name, isDirectory, size, mtime }: DirEntry): string {
  const slash = isDirectory ? "/" : "";
  const changed = mtime && !isNaN(+mtime) ? mtime.toISOString().slice(0, 16).replace("T", " ") : "";
  return `<tr><td><a href="${relativeReference(name)}${slash}">${escape(name)}${slash}</a></td>` +
    `<td class="n">${size === undefined ? "" : humanSize(size)}</td>` +
    `<td class="n">${changed}</td></tr>\n`;
}

/**
 * Returns the page after its last entry.
 *
 * @param skipped The number of entries that could not be listed.
 * @returns HTML.
 */
export function pageEnd(skipped: number): string {
  const entries = skipped === 1 ? "1 entry" : `${skipped} entries`;
  const note = skipped > 0 ? `<p>${entries} could not be listed.</p>\n` : "";
  return `</tbody>\n</table>\n${note}</body>\n</html>\n`;
}

function escape(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return visibleText(text).replace(/[&<>"']/g, (char) => entities[char]!);
}

function humanSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
