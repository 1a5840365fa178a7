/**
 * Digests out of hexadecimal and as Base64 text. Not by the methods that `Uint8Array` has for it: Node 20 has
 * none.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";

/** Bytes of hex. */
export function fromHex(hex: string): Bytes {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Bytes as Base64. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
