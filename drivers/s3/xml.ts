/**
 * The XML of S3: what the server sends, as a tree, and the little that is sent to it.
 *
 * It is a parser of its own so that a hostile server cannot make it slow: it reads every character once,
 * has no recursion, no entities but XML's own five, and limits.
 *
 * @module
 */
import { BackendException } from "../../errors/mod.ts";

/** How deep elements may lie in each other; those of S3 have six levels at most. */
const MAX_DEPTH = 64;

/** How many elements a document may have. A page of 1,000 keys has about 10,000. */
const MAX_ELEMENTS = 1_000_000;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** An element. */
export class Element {
  /** Its name, without the prefix of a namespace. */
  readonly name: string;
  #text = "";
  // By name, in order: a listing has thousands of children.
  #children: Map<string, Element[]> | undefined;

  /**
   * Creates an empty element.
   *
   * @param name Its name, which may have the prefix of a namespace.
   */
  constructor(name: string) {
    this.name = name.slice(name.indexOf(":") + 1);
  }

  /**
   * Adds a child, or text.
   *
   * @param content The child or the text, decoded.
   */
  append(content: Element | string): void {
    if (typeof content === "string") {
      this.#text += content;
      return;
    }
    this.#children ??= new Map();
    const same = this.#children.get(content.name);
    if (same) same.push(content);
    else this.#children.set(content.name, [content]);
  }

  /**
   * Returns the child elements of a name.
   *
   * @param name The name, without the prefix of a namespace.
   * @returns The elements, in order.
   */
  all(name: string): readonly Element[] {
    return this.#children?.get(name) ?? [];
  }

  /**
   * Returns the text of the first child of a name.
   *
   * @param name The name of the child.
   * @returns The text; empty if there is no such child.
   */
  text(name: string): string {
    const [child] = this.all(name);
    return child ? child.#text : "";
  }
}

/**
 * Parses a document.
 *
 * @param text The document.
 * @returns The root element.
 * @throws {BackendException} If it is no XML document, or ends too early. It may be retried.
 */
export function parseXml(text: string): Element {
  const open: { element: Element; tag: string }[] = [];
  let root: Element | undefined;
  let elements = 0;

  for (let at = text.indexOf("<"), after = 0; at >= 0; at = text.indexOf("<", after)) {
    open.at(-1)?.element.append(decodeEntities(text.slice(after, at)));
    if (text.startsWith("<![CDATA[", at)) {
      after = endOf(text, "]]>", at);
      open.at(-1)?.element.append(text.slice(at + 9, after - 3));
    } else if (text.startsWith("<!--", at)) {
      after = endOf(text, "-->", at);
    } else if (text.startsWith("<?", at)) {
      after = endOf(text, "?>", at);
    } else if (text.startsWith("</", at)) {
      after = endOf(text, ">", at);
      const closed = open.pop();
      if (closed === undefined || text.slice(at + 2, after - 1).trim() !== closed.tag) {
        throw broken();
      }
    } else {
      after = endOfTag(text, at);
      const tag = /^[A-Za-z_][^\s/>]*/.exec(text.slice(at + 1, Math.min(after, at + 200)))?.[0];
      if (tag === undefined || (root && open.length === 0)) throw broken();
      const element = new Element(tag);
      open.at(-1)?.element.append(element);
      root ??= element;
      if (text[after - 2] !== "/") open.push({ element, tag });
      if (++elements > MAX_ELEMENTS || open.length > MAX_DEPTH) {
        throw new BackendException(
          "the server's XML document is too deep, or has too many elements",
        );
      }
    }
    if (root && open.length === 0 && text.indexOf("<", after) < 0) return root;
  }
  throw broken();
}

/** The position after the next `end`. */
function endOf(text: string, end: string, at: number): number {
  const found = text.indexOf(end, at);
  if (found < 0) throw broken();
  return found + end.length;
}

/** The position after a start tag, whose attributes may hold any `>`. */
function endOfTag(text: string, at: number): number {
  let quote: string | undefined;
  for (let end = at + 1; end < text.length; end++) {
    const char = text[end];
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return end + 1;
  }
  throw broken();
}

function broken(): BackendException {
  return new BackendException("the server sent no XML document, or not all of one", {
    retryable: true,
  });
}

/** Decodes references; what is none stays as it is. */
function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (whole: string, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()]!;
      const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/**
 * Escapes text for an element.
 *
 * @param text The text; {@linkcode isXmlText} must hold for it.
 * @returns The text with character references.
 */
export function escapeXml(text: string): string {
  return text.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/**
 * Returns whether a document can hold a text (XML 1.0, section 2.2).
 *
 * @param text The text.
 * @returns `false` for control characters, lone surrogates, U+FFFE and U+FFFF.
 */
export function isXmlText(text: string): boolean {
  // deno-lint-ignore no-control-regex -- these are what cannot be written
  return !/[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/u.test(text);
}
