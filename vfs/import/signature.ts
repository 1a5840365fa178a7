/**
 * Signatures by minisign and signify: Ed25519 over the data itself, or over its BLAKE2b digest.
 *
 * minisign's formats are described at https://jedisct1.github.io/minisign/, signify's are those of
 * OpenBSD's signify(1), of which minisign's are an extension.
 *
 * @module
 */
import { Invalid, SignatureMismatch } from "../../errors/mod.ts";
import { lacks } from "../../runtime/requirements.ts";
import { decodeBase64, encodeHex } from "../../streams/encoding.ts";
import type { ByteReader, Bytes, ImageData } from "../../streams/mod.ts";
import type { OperationOptions } from "../../store/mod.ts";
import type { Vfs } from "../vfs.ts";
import { readText } from "./import_source.ts";

/** A signature that the source must have. */
export interface SignatureOptions extends OperationOptions {
  /**
   * A signature file of minisign or signify: its URL, or its content. What is signed is the source as it
   * arrives, before it is unpacked.
   */
  signature?: string | URL | ImageData | undefined;
  /** The public key file that it must be by: its URL, or its content. */
  key?: string | URL | ImageData | undefined;
}

/** Who signed the source. */
export interface Signed {
  /** The id of the key: 16 hex digits. minisign leaves out zeros at its start. */
  keyId: string;
  /** The trusted comment, which is signed too. minisign alone has it. */
  trustedComment?: string | undefined;
}

/** How many bytes a file of a key or a signature may have. */
const TEXT_LIMIT = 16_384;

/** How many bytes are kept where a signature is of the data itself and not of its digest. */
const UNHASHED_LIMIT = 1_048_576;

const UNTRUSTED = "untrusted comment: ";
const TRUSTED = "trusted comment: ";

/**
 * Reads the signature and the key, and checks all of the signature but the data.
 *
 * @param vfs The tree, whose stores may have them.
 * @param options The signature and the key, the caller and an abort signal.
 * @returns The signature, or `undefined` if none is wanted.
 * @throws {Invalid} If one is wanted without the other, or is in no known format.
 * @throws {SignatureMismatch} If the signature is by another key, or its trusted comment was changed.
 */
export async function readSignature(
  vfs: Vfs,
  { signature, key, signal, context }: SignatureOptions,
): Promise<DataSignature | undefined> {
  if (signature === undefined && key === undefined) return undefined;
  if (signature === undefined || key === undefined) {
    throw new Invalid("a signature is checked with a key, and a key by a signature: name both");
  }
  const options = { signal, context };
  const [text, keyText] = await Promise.all([
    readText(vfs, signature, "signature", TEXT_LIMIT, options),
    readText(vfs, key, "key", TEXT_LIMIT, options),
  ]);
  return await DataSignature.of(text, keyText);
}

/** A signature by a known key, which is yet to be compared with the data. */
export class DataSignature {
  /** Who signed, and what else is signed. */
  readonly signed: Signed;
  /** The digest of the data that is signed. `undefined` if the data itself is. */
  readonly algorithm: "blake2b" | undefined;
  readonly #key: CryptoKey;
  readonly #value: Bytes;

  private constructor(key: CryptoKey, { keyId, isHashed, value, trusted }: ParsedSignature) {
    this.#key = key;
    this.#value = value;
    this.algorithm = isHashed ? "blake2b" : undefined;
    this.signed = { keyId, ...trusted && { trustedComment: trusted.comment } };
  }

  /**
   * Parses a signature and a key, and checks that they go together.
   *
   * @param text The signature file.
   * @param keyText The public key file.
   * @returns The signature.
   * @throws {Invalid} If one of them is in no known format.
   * @throws {SignatureMismatch} If the signature is by another key, or its trusted comment was changed.
   */
  static async of(text: string, keyText: string): Promise<DataSignature> {
    const parsed = parseSignature(text);
    const { keyId, bytes } = parseKey(keyText);
    if (parsed.keyId !== keyId) {
      throw new SignatureMismatch(`the signature is by the key ${parsed.keyId}, expected ${keyId}`);
    }
    const key = await importKey(bytes);
    const { value, trusted } = parsed;
    if (trusted) {
      const message = new Uint8Array([...value, ...new TextEncoder().encode(trusted.comment)]);
      if (!await crypto.subtle.verify("Ed25519", key, trusted.value, message)) {
        throw new SignatureMismatch("the trusted comment is not the one that was signed");
      }
    }
    return new DataSignature(key, parsed);
  }

  /**
   * Checks that the data is what was signed.
   *
   * @param message The digest by `algorithm`, or the data itself.
   * @throws {SignatureMismatch} If it is not.
   */
  async check(message: Bytes): Promise<void> {
    if (await crypto.subtle.verify("Ed25519", this.#key, this.#value, message)) return;
    throw new SignatureMismatch(`the data is not what the key ${this.signed.keyId} signed`);
  }

  /**
   * Returns a reader that checks the data itself at its end, where no digest of it is signed.
   *
   * @param reader The reader to read from. It is closed with the returned one.
   * @returns The reader. Its `read` throws `Invalid` if the data has more than 1 MiB.
   */
  unhashedReader(reader: ByteReader): ByteReader {
    const kept: Bytes[] = [];
    let count = 0;
    return {
      read: async (view) => {
        const { length } = view;
        const chunk = await reader.read(view);
        count += chunk.length;
        if (count > UNHASHED_LIMIT) {
          throw new Invalid(
            `the signature is not of a digest: it can be checked for ${UNHASHED_LIMIT} bytes at most`,
          );
        }
        kept.push(chunk.slice());
        if (chunk.length < length) {
          await this.check(new Uint8Array(await new Blob(kept).arrayBuffer()));
        }
        return chunk;
      },
      close: (reason) => reader.close(reason),
    };
  }
}

/** A signature file. */
interface ParsedSignature {
  keyId: string;
  isHashed: boolean;
  value: Bytes;
  trusted?: { comment: string; value: Bytes } | undefined;
}

function parseSignature(text: string): ParsedSignature {
  const [untrusted = "", line = "", comment, trustedLine = "", ...rest] = linesOf(text);
  const bytes = decodeBase64(line);
  const algorithm = bytes && String.fromCharCode(...bytes.subarray(0, 2));
  const isHashed = algorithm === "ED";
  const isWhole = untrusted.startsWith(UNTRUSTED) && bytes?.length === 74 &&
    (isHashed || algorithm === "Ed") && rest.length === 0;
  // Only signify's, which are never of a digest, have no trusted comment.
  const trusted = comment === undefined ? undefined : parseTrusted(comment, trustedLine);
  if (!isWhole || (isHashed && !trusted)) {
    throw new Invalid("the signature is cut off, or none of minisign or signify");
  }
  return { keyId: keyIdOf(bytes), isHashed, value: bytes.slice(10), trusted };
}

function parseTrusted(comment: string, line: string): ParsedSignature["trusted"] {
  const value = decodeBase64(line);
  if (!comment.startsWith(TRUSTED) || value?.length !== 64) {
    throw new Invalid("the signature's trusted comment is cut off");
  }
  return { comment: comment.slice(TRUSTED.length), value };
}

function parseKey(text: string): { keyId: string; bytes: Bytes } {
  // minisign's documentation gives keys as the one line alone, too.
  const [line = "", ...rest] = linesOf(text).filter((line) => !line.startsWith(UNTRUSTED));
  const bytes = decodeBase64(line);
  const isKey = bytes?.length === 42 && bytes[0] === 0x45 && bytes[1] === 0x64;
  if (!isKey || rest.length > 0) {
    throw new Invalid("the key is no public key of minisign or signify");
  }
  return { keyId: keyIdOf(bytes), bytes: bytes.slice(10) };
}

/** Returns the id after the two letters of the algorithm: a number, its lowest byte first. */
function keyIdOf(bytes: Bytes): string {
  return encodeHex(bytes.slice(2, 10).reverse()).toUpperCase();
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

async function importKey(bytes: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") {
      throw lacks("Ed25519 in WebCrypto");
    }
    throw new Invalid("the key is no public key of minisign or signify", { cause: error });
  }
}
