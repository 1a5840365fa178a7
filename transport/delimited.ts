/**
 * Where bodies end whose length is not announced. Loaded with the first one.
 *
 * @module
 */
import { isWorkerd } from "../runtime/workerd.ts";
import type { EngineResponse } from "./engine.ts";

/**
 * Whether the end of the body can be told from a broken connection: not where an answer does not come
 * in chunks and comes without TLS, or by an engine that does not see where TLS was cut (RFC 9112,
 * sections 6.3 and 8).
 */
export function isDelimited(
  { headers, type, blind = hasBlindSockets() }: EngineResponse,
  { protocol }: URL,
): boolean {
  return /(^|,)\s*chunked\s*$/i.test(headers.get("transfer-encoding") ?? "") ||
    // Other origins' headers are hidden from a page, and HTTP/2 has neither header nor need.
    type === "cors" || (protocol === "https:" && !blind);
}

/** Whether `fetch` stands on the same sockets as `node:http`: that of Node and of Bun does. */
function hasBlindSockets(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return Boolean(process?.versions?.node) && !("Deno" in globalThis) && !isWorkerd();
}
