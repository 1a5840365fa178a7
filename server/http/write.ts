/**
 * PUT and DELETE of images.
 *
 * @module
 */
import { Duplicate, Invalid, NotFound } from "../../errors/mod.ts";
import type { Validators } from "../../store/conditions.ts";
import {
  type Bytes,
  type ImageData,
  type Multihash,
  openSource,
  readableFrom,
} from "../../streams/mod.ts";
import { relativeReference } from "../../vfs/path.ts";
import type { Vfs } from "../../vfs/vfs.ts";
import type { HttpReply, HttpRequest } from "../http1/exchange.ts";
import { preconditionStatus, validatorsOf } from "./conditions.ts";
import { announcedDigests } from "./digest_fields.ts";
import { statusReply, textReply } from "./reply.ts";

/** Checks the Authorization field of requests (RFC 6750). */
export class BearerToken {
  readonly #digest: Promise<Bytes>;

  /**
   * Creates the check for a token.
   *
   * @param token The token that requests must have.
   * @throws {Invalid} If the token is empty.
   */
  constructor(token: string) {
    if (token === "") throw new Invalid("the token for writing is empty");
    this.#digest = digest(token);
  }

  /**
   * Checks a request.
   *
   * @param headers The header fields of the request.
   * @returns The reply that refuses it, or `undefined` if it has the token.
   */
  async refusal(headers: Headers): Promise<HttpReply | undefined> {
    const given = /^Bearer +(.*)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (given === undefined) return statusReply(401, { "www-authenticate": "Bearer" });
    // Digests are compared to their end, so that the time says nothing about the token.
    const [wanted, got] = [await this.#digest, await digest(given)];
    let difference = 0;
    for (let i = 0; i < wanted.length; i++) difference |= wanted[i]! ^ got[i]!;
    if (difference === 0) return undefined;
    return statusReply(401, { "www-authenticate": 'Bearer error="invalid_token"' });
  }
}

async function digest(text: string): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/**
 * Responds to a PUT: adds the image, whole or not at all, and never over another.
 *
 * @param vfs The tree.
 * @param request The request.
 * @param path The path of the new image.
 * @returns The reply: 201, or why the image was not added.
 * @throws {StoreError} What `Vfs.writeFile` throws.
 */
export async function putImage(vfs: Vfs, request: HttpRequest, path: string): Promise<HttpReply> {
  const { headers } = request;
  if (headers.has("content-range")) throw new Invalid("an image is put whole, not in ranges");
  if (headers.has("content-encoding")) return statusReply(415);
  const [multihash, other] = announcedDigests(headers);
  const length = headers.get("content-length");
  vfs.imageAt(path);
  const status = await refusal(vfs, request, path);
  if (status !== undefined) return statusReply(status);
  const createOnly = headers.get("if-none-match")?.trim() === "*";
  try {
    const body = request.body ?? new Uint8Array();
    const added = await vfs.writeFile(path, other ? await checked(body, other) : body, {
      size: length === null ? undefined : Number(length),
      expected: { multihash },
    });
    // The image exists, even if its entity tag cannot be read.
    const etag = await vfs.stat(path).then((info) => validatorsOf(info).etag, () => undefined);
    const { size, checksum } = added;
    const text = JSON.stringify({ path, size, checksum, multihash: added.multihash });
    return textReply(201, text, {
      "content-type": "application/json",
      // Relative, so that it holds behind a proxy that serves the tree below a prefix.
      "location": relativeReference(path),
      ...(etag === undefined ? {} : { etag }),
    });
  } catch (error) {
    if (error instanceof Duplicate && createOnly) return statusReply(412);
    throw error;
  }
}

/** Returns the data as a stream that fails if it does not have the digest: `add` checks only one. */
async function checked(data: ImageData, multihash: Multihash): Promise<ReadableStream<Bytes>> {
  const { verifyingReader } = await import("../../streams/verify.ts");
  return readableFrom(await verifyingReader(openSource(data).reader, { multihash }, undefined));
}

/**
 * Responds to a DELETE of an image.
 *
 * @param vfs The tree.
 * @param request The request.
 * @param path The path of the image.
 * @returns The reply: 204, or 412.
 * @throws {StoreError} What `Vfs.remove` throws.
 */
export async function deleteImage(
  vfs: Vfs,
  request: HttpRequest,
  path: string,
): Promise<HttpReply> {
  const status = preconditionStatus("DELETE", request.headers, await current(vfs, path));
  if (status !== undefined) return statusReply(status);
  await vfs.remove(path);
  return statusReply(204);
}

/** Returns the status that refuses a PUT before its body is read, or `undefined`. */
async function refusal(vfs: Vfs, request: HttpRequest, path: string): Promise<number | undefined> {
  const existing = await current(vfs, path);
  return preconditionStatus("PUT", request.headers, existing) ?? (existing && 409);
}

async function current(vfs: Vfs, path: string): Promise<Validators | undefined> {
  try {
    const info = await vfs.stat(path);
    return info.isFile ? validatorsOf(info) : undefined;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
