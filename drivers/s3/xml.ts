/**
 * The XML of S3: what the server says, as a tree, and the little that is said to it.
 *
 * @module
 */
import { parse, type TNode } from "txml/txml";
import { BackendException } from "../../errors/mod.ts";

/** An element. */
export class Element {
  /** Its name. */
  readonly name: string;
  readonly #children: TNode["children"];

  /** Wraps a node. */
  constructor({ tagName, children }: TNode) {
    this.name = tagName;
    this.#children = children;
  }

  /** The child elements of that name. */
  all(name: string): Element[] {
    return this.#children
      .filter((child) => typeof child !== "string" && child.tagName === name)
      .map((child) => new Element(child as TNode));
  }

  /** The text of the first child of that name; empty where there is none. */
  text(name: string): string {
    const [child] = this.all(name);
    return child ? child.#children.filter((text) => typeof text === "string").join("") : "";
  }
}

/** Reads a document; throws `BackendException` if it is none. */
export function parseXml(text: string): Element {
  let root: TNode | undefined;
  try {
    root = (parse(text, { decodeEntities: true, keepWhitespace: true }) as (TNode | string)[])
      .find((node): node is TNode => typeof node !== "string" && !node.tagName.startsWith("?"));
  } catch {
    // Told below, as for a document that ends too early.
  }
  // The parser takes the end of the text for the end of every element.
  const end = text.trimEnd();
  if (root === undefined || !(root.selfClosed || end.endsWith(`</${root.tagName}>`))) {
    throw new BackendException("the server's answer is no XML document", { retryable: true });
  }
  return new Element(root);
}

/** Escapes text for an element. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
