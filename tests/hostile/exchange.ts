/**
 * One exchange with a server that is good or hostile: what a fake server replies, and what is made of the
 * reply on its way.
 *
 * @module
 */
import type { RawRequest } from "../faults/wire.ts";

/** A response before it is written. */
export interface Reply {
  /** The status code. */
  status: number;
  /** The headers, by lower-case names. `content-length` is added when it is written. */
  headers: Record<string, string>;
  /** The body. */
  body: Uint8Array;
}

/** A small server that does what the real one does. */
export interface FakeServer {
  /** Carries a request out. */
  handle(request: RawRequest, url: URL): Reply;
  /** Names what a request asks for, without ids that differ from run to run. */
  kindOf(request: RawRequest, url: URL): string;
  /** Returns the images that the server has, by id. */
  images(): Map<string, Uint8Array>;
  /** Returns who may read `a.img`, in a form that can be compared. */
  grants(): string;
}

/** An exchange that was recorded. */
export interface Exchange {
  /** What was requested. */
  kind: string;
  /** How many requests of the kind came before. */
  occurrence: number;
  /** The method. */
  method: string;
  /** How many bytes the request had, in its body. */
  sent: number;
  /** The response. */
  reply: Reply;
}

/** What happens to the connection after a reply, or in the middle of it. */
export type Ending = "close" | "stall" | "endless" | "keep";

/** What is sent in place of a reply. */
export interface Sent {
  /** The bytes. */
  bytes: Uint8Array;
  /** What comes after them. Of an endless reply the last 64 KiB are repeated. */
  ending: Ending;
}

/** Returns a reply with a body of text. */
export function textReply(
  status: number,
  body = "",
  headers: Record<string, string> = {},
): Reply {
  return { status, headers, body: new TextEncoder().encode(body) };
}

const REASONS: Record<number, string> = { 200: "OK", 201: "Created", 204: "No Content" };

/** Returns the bytes of a reply. `content-length` is that of the body, if the headers do not have it. */
export function encodeReply({ status, headers, body }: Reply, method: string): Uint8Array {
  const all: Record<string, string> = { "content-length": `${body.length}`, ...headers };
  if (status === 204 && !("content-length" in headers)) delete all["content-length"];
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = new TextEncoder().encode(
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n${lines}\r\n`,
  );
  if (method === "HEAD" || status === 204) return head;
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}
