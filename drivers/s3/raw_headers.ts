/**
 * Headers that are not plain ASCII, as signatures have them. Loaded with the first one.
 *
 * @module
 */
import type { AwsV4Signer } from "aws4fetch";

/**
 * The canonical headers of a request whose headers are bytes of UTF-8, each of which is a character to
 * a runtime (https://fetch.spec.whatwg.org/#concept-header-value). A signature is over the bytes.
 */
export function rawHeaders({ signableHeaders, headers, url }: AwsV4Signer): string {
  return signableHeaders.map((name) => {
    const value = name === "host" ? url.host : headers.get(name) ?? "";
    const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0));
    return `${name}:${new TextDecoder().decode(bytes).replace(/[ \t]+/g, " ")}`;
  }).join("\n");
}
