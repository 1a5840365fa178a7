/**
 * What is known of an image only once all of it was uploaded in parts: headers can no longer be set then,
 * but tags can (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html).
 *
 * @module
 */
import type { StoreError } from "../../errors/mod.ts";
import { decodeBase64, encodeBase64 } from "../../streams/encoding.ts";
import { contentMd5 } from "./content_md5.ts";
import type { S3Client } from "./client.ts";
import { FACTS, isWithoutDigest, META } from "./object_headers.ts";
import { FORMAT } from "./read_headers.ts";
import { type Element, escapeXml, parseXml } from "./xml.ts";

/**
 * The tag with the ETag of the object that the other tags are about. If somebody replaces the object just
 * before it is tagged, the tags are those of another object, and do not count.
 */
const ETAG = "vitrine-etag";

/** How long the value of a tag may be, in characters. */
const MAX_VALUE = 256;

/** How long a list of tags may be, in bytes: 10 tags of 128 and 256 characters, with room to spare. */
const DOCUMENT_LIMIT = 65_536;

/**
 * Keeps facts of an image with the object that was just created, if they are not in its headers already.
 * If the server has no tags, or the keys may not set them, the object stays without.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param isOurs Returns whether the object of such headers is the one that was created.
 * @param facts The facts, as the headers that would keep them.
 * @param signal Ends the requests.
 * @throws {unknown} The reason of the signal, and nothing else.
 */
export async function tagObject(
  client: S3Client,
  key: string,
  isOurs: (headers: Headers) => boolean | Promise<boolean>,
  facts: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const headers = await client.headers({ method: "HEAD", key, signal });
    if (!await isOurs(headers) || !isWithoutDigest(headers)) return;
    // A server that did not know the query would take the tags for a new object.
    const others = await readTags(client, key, signal);
    if (others === undefined) return;
    const tags = { ...others, ...formatTags(facts), [ETAG]: tagOf(headers) };
    const list = Object.entries(tags).map(([name, value]) =>
      `<Tag><Key>${escapeXml(name)}</Key><Value>${escapeXml(value)}</Value></Tag>`
    );
    const body = new TextEncoder().encode(
      `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${list.join("")}` +
        "</TagSet></Tagging>",
    );
    await client.headers({
      method: "PUT",
      key,
      query: { tagging: "" },
      headers: { "content-md5": await contentMd5([body]) },
      body,
      signal,
    });
  } catch {
    // The image is whole. That its digests are not kept fails no add.
    signal?.throwIfAborted();
  }
}

/**
 * Reads what the tags of an object keep.
 *
 * @param client The client of the bucket.
 * @param key The key of the object.
 * @param headers The headers of the object.
 * @param signal Ends the request.
 * @returns The facts, as the headers that would keep them; none if the tags are about another object.
 * @throws {StoreError} If the server cannot be reached.
 */
export async function readTaggedFacts(
  client: S3Client,
  key: string,
  headers: Headers,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const { [ETAG]: etag, ...tags } = await readTags(client, key, signal) ?? {};
  return etag === tagOf(headers) ? parseTags(tags) : {};
}

/** Reads the tags of an object. Returns `undefined` where there is no way to know them. */
async function readTags(
  client: S3Client,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, string> | undefined> {
  let text: string;
  try {
    const response = await client.send({ key, query: { tagging: "" }, signal });
    text = await response.text(DOCUMENT_LIMIT);
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as StoreError).retryable) throw error;
    return undefined;
  }
  let root: Element;
  try {
    root = parseXml(text);
  } catch {
    return undefined;
  }
  const set = root.all("TagSet")[0];
  if (root.name !== "Tagging" || set === undefined) return undefined;
  return Object.fromEntries(set.all("Tag").map((tag) => [tag.text("Key"), tag.text("Value")]));
}

/** Returns the ETag of an object without quotes, which tags cannot have. */
function tagOf(headers: Headers): string {
  return (headers.get("etag") ?? "").replaceAll('"', "");
}

/** Formats facts as tags. Their names are those of user metadata. */
function formatTags(facts: Readonly<Record<string, string>>): Record<string, string> {
  const tags = Object.entries(facts).map(([name, value]) => {
    // It has characters that tags cannot have.
    const text = name === FORMAT ? encodeBase64(new TextEncoder().encode(value)) : value;
    return [name.slice(META.length), text] as const;
  });
  return Object.fromEntries(tags.filter(([, value]) => value.length <= MAX_VALUE));
}

/** Parses tags as headers. Tags of other names are not ours. */
function parseTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const facts = FACTS.map((name) => {
    const text = tags[name.slice(META.length)] ?? "";
    return [name, name === FORMAT ? decodeBase64Text(text) : text] as const;
  });
  // A header has ASCII alone.
  return Object.fromEntries(facts.filter(([, value]) => /^[ -~]+$/.test(value)));
}

function decodeBase64Text(text: string): string {
  return new TextDecoder().decode(decodeBase64(text));
}
