/**
 * The data of options, parsed. A client may send anything here.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { MAX_NAME } from "./protocol.ts";

/** The data of INFO and GO. */
export interface ExportRequest {
  /** The name of the export. */
  name: string;
  /** The kinds of information that the client wants. */
  infos: number[];
}

/** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
export interface MetaRequest {
  /** The name of the export. */
  name: string;
  /** The contexts that the client wants. */
  queries: string[];
}

/**
 * Parses the data of INFO and GO.
 *
 * @param data The data.
 * @returns What the client wants, or what is wrong with it.
 */
export function parseExportRequest(data: Bytes): ExportRequest | string {
  return parse(data, (fields) => {
    const name = fields.text();
    const infos = Array.from({ length: fields.number(2) }, () => fields.number(2));
    return { name, infos };
  });
}

/**
 * Parses the data of LIST_META_CONTEXT and SET_META_CONTEXT.
 *
 * @param data The data.
 * @returns What the client wants, or what is wrong with it.
 */
export function parseMetaRequest(data: Bytes): MetaRequest | string {
  return parse(data, (fields) => {
    const name = fields.text();
    const count = fields.number(4);
    const queries: string[] = [];
    // One by one: the count is not to be believed before its queries are there.
    for (let i = 0; i < count; i++) queries.push(fields.text());
    return { name, queries };
  });
}

class BadData extends Error {}

function parse<Result>(data: Bytes, read: (fields: Fields) => Result): Result | string {
  const fields = new Fields(data);
  try {
    const result = read(fields);
    return fields.isAtEnd ? result : "the data is longer than it says";
  } catch (error) {
    if (error instanceof BadData) return error.message;
    throw error;
  }
}

class Fields {
  readonly #data: Bytes;
  #at = 0;

  constructor(data: Bytes) {
    this.#data = data;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#data.length;
  }

  number(size: 2 | 4): number {
    const bytes = this.#take(size);
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  text(): string {
    const length = this.number(4);
    if (length > MAX_NAME) throw new BadData(`a name has ${length} bytes, more than ${MAX_NAME}`);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#take(length));
    } catch (error) {
      if (error instanceof BadData) throw error;
      throw new BadData("a name is not UTF-8");
    }
  }

  #take(length: number): Bytes {
    if (length > this.#data.length - this.#at) throw new BadData("the data is too short");
    return this.#data.subarray(this.#at, this.#at += length);
  }
}
