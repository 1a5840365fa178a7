/**
 * Digests in header fields (RFC 9530).
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import type { Multihash } from "../../streams/mod.ts";

/** The names of algorithms in the fields, with the names that the stores use. Stronger ones go first. */
const ALGORITHMS: Readonly<Record<string, string>> = { "sha-512": "sha512", "sha-256": "sha256" };

/**
 * Returns the Repr-Digest field of an image.
 *
 * @param multihash The digest of the image.
 * @returns The value of the field, or `undefined` if there is no digest or the field has no name for its
 * algorithm.
 */
export function reprDigest(multihash: Multihash | undefined): string | undefined {
  const name = Object.keys(ALGORITHMS).find((name) => ALGORITHMS[name] === multihash?.algo);
  if (name === undefined) return undefined;
  const bytes = multihash!.value.match(/../g)!.map((byte) => parseInt(byte, 16));
  return `${name}=:${btoa(String.fromCharCode(...bytes))}:`;
}

/**
 * Returns the digests that the Content-Digest and Repr-Digest fields of an upload say it must have.
 *
 * @param headers The header fields of the request.
 * @returns The digests, the strongest first. Unknown algorithms are left out.
 * @throws {Invalid} If a field is not valid, or has two values for one algorithm.
 */
export function announcedDigests(headers: Headers): Multihash[] {
  const found = new Map<string, string>();
  for (const field of ["content-digest", "repr-digest"]) {
    for (const member of headers.get(field)?.split(",") ?? []) {
      const match = /^\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):\s*$/.exec(member);
      if (!match) {
        throw new Invalid(`the ${field} field is not a list of digests such as sha-256=:...:`);
      }
      const [name, value] = [match[1]!, toHex(match[2]!, field)];
      if ((found.get(name) ?? value) !== value) throw new Invalid(`two ${name} digests differ`);
      found.set(name, value);
    }
  }
  return Object.entries(ALGORITHMS).flatMap(([name, algo]) => {
    const value = found.get(name);
    return value === undefined ? [] : { algo, value };
  });
}

function toHex(base64: string, field: string): string {
  try {
    return [...atob(base64)].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0"))
      .join("");
  } catch (error) {
    throw new Invalid(`the ${field} field is not base64`, { cause: error });
  }
}
