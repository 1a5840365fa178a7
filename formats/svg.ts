/**
 * SVG pictures (W3C, Scalable Vector Graphics 2), and whether there is more in them than a picture.
 *
 * @module
 */
import { END, type Examination, type ExaminedImage, type Format } from "./format.ts";

/** What is looked for at the start. */
const PROLOG = 4_096;
const LESS_THAN = 0x3c;
const START = /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE\s+svg|svg[\s>])/i;
/** What makes a browser run or load something. */
const ACTIVE =
  /<[\w.-]*:?(?:script|foreignobject|iframe|embed|object|handler|set|animate)\b|<!entity|<\?xml-stylesheet|\bon[a-z]+\s*=|javascript:|href\s*=\s*["']?(?!["'#])(?!data:image\/(?:png|jpeg|gif|webp)[;,])/i;

/** The format. */
export const svg: Format = {
  name: "svg",
  kind: "content",
  examine: (image) => {
    const { head } = image;
    const start = head.skipSpace(head.has(0, "\xef\xbb\xbf") ? 3 : 0, PROLOG);
    if (head.u8(start) !== LESS_THAN) return undefined;
    const text = head.text(0, PROLOG);
    const root = START.test(text) ? /<svg(?:\s[^>]*)?>/i.exec(text) : null;
    return root && !/<html/i.test(text) ? examineRoot(image, root[0]) : undefined;
  },
};

function* examineRoot(image: ExaminedImage, root: string): Examination {
  const text = image.head.text(0, image.head.length);
  yield END;
  if (ACTIVE.test(text)) {
    image.suspicious("active-content", "the picture has scripts or loads something");
  } else if (image.size > image.head.length) {
    image.suspicious("active-content", "the picture is too long to know that it has no scripts");
  }
  const box = /\sviewBox\s*=\s*["'][-+\d.e]+[\s,]+[-+\d.e]+[\s,]+([\d.]+)[\s,]+([\d.]+)/i.exec(
    root,
  );
  const width = attribute(root, "width") ?? (box && Number(box[1]));
  const height = attribute(root, "height") ?? (box && Number(box[2]));
  return width && height ? { width, height } : {};
}

function attribute(root: string, name: string): number | undefined {
  const value = new RegExp(`\\s${name}\\s*=\\s*["']([\\d.]+)(?:px)?["']`, "i").exec(root)?.[1];
  return value === undefined || Number.isNaN(Number(value)) ? undefined : Number(value);
}
