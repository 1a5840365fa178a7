/**
 * PUT and DELETE of images.
 *
 * @module
 */
import { Duplicate, Invalid, NotFound } from "../../errors/mod.ts";
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
import { preconditionStatus, type Validators, validatorsOf } from "./conditions.ts";
import { announcedDigests } from "./digest_fields.ts";
import { statusReply, textReply } from "./reply.ts";

/** Judges the Authorization field of a request (RFC 6750). */
export class BearerToken {
  readonly #digest: Promise<Bytes>;

  /** Throws `Invalid` if the token is empty. */
  constructor(token: string) {
    if (token === "") throw new Invalid("the token for writing is empty");
    this.#digest = digest(token);
  }

  /** The response that refuses, or `undefined` if the token is the right one. */
  async refusal(headers: Headers): Promise<HttpReply | undefined> {
    const given = /^Bearer +(.*)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (given === undefined) return statusReply(401, { "www-authenticate": "Bearer" });
    // Digests of one size are compared to their end, so that the time says nothing of the token.
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

/** Answers a PUT: the image is added, whole or not at all, and never overwritten. */
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
    // The image is there, whether its entity tag can be told or not.
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

/** The data, which fails where it ends without having the digest: `add` itself checks but one. */
async function checked(data: ImageData, multihash: Multihash): Promise<ReadableStream<Bytes>> {
  const { verifyingReader } = await import("../../streams/verify.ts");
  return readableFrom(await verifyingReader(openSource(data).reader, { multihash }, undefined));
}

/** Answers a DELETE of an image. */
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

/** Why a PUT is refused before its body is read. */
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
