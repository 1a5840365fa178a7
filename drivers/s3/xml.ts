/**
 * The XML of S3: what the server sends, as a tree, and the little that is sent to it.
 *
 * @module
 */
import { parse, type TNode } from "txml/txml";
import { BackendException } from "../../errors/mod.ts";

/** An element. */
export class Element {
  /** Its name, without the prefix of a namespace. */
  readonly name: string;
  readonly #children: TNode["children"];
  // Looked up by name: a listing has thousands of children.
  #byName: Map<string, Element[]> | undefined;

  /**
   * Wraps a node.
   *
   * @param node The node, as the parser has it.
   */
  constructor({ tagName, children }: TNode) {
    this.name = tagName.replace(/^.*:/, "");
    this.#children = children;
  }

  /**
   * Returns the child elements of a name.
   *
   * @param name The name, without the prefix of a namespace.
   * @returns The elements, in order.
   */
  all(name: string): readonly Element[] {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const child of this.#children) {
        if (typeof child === "string") continue;
        const element = new Element(child);
        const same = this.#byName.get(element.name);
        if (same) same.push(element);
        else this.#byName.set(element.name, [element]);
      }
    }
    return this.#byName.get(name) ?? [];
  }

  /**
   * Returns the text of the first child of a name.
   *
   * @param name The name of the child.
   * @returns The text; empty if there is no such child.
   */
  text(name: string): string {
    const [child] = this.all(name);
    return child ? child.#children.filter((text) => typeof text === "string").join("") : "";
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
  let root: TNode | undefined;
  try {
    root = (parse(text, { decodeEntities: true, keepWhitespace: true }) as (TNode | string)[])
      .find((node): node is TNode => typeof node !== "string" && !node.tagName.startsWith("?"));
  } catch {
    // Reported below, as for a document that ends too early.
  }
  // The parser takes the end of the text for the end of every element.
  const end = text.trimEnd();
  if (root === undefined || !(root.selfClosed || end.endsWith(`</${root.tagName}>`))) {
    throw new BackendException("the server sent no XML document, or not all of one", {
      retryable: true,
    });
  }
  return new Element(root);
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
