/**
 * The checksums that uploads carry
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
 *
 * @module
 */
import { decodeHex, encodeBase64, encodeHex } from "../../streams/encoding.ts";
import { createDigests } from "../../streams/digest/mod.ts";
import { builtin } from "../../runtime/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import { contentMd5 } from "./content_md5.ts";
import { Crc, CRC32C, CRC64NVME } from "./crc.ts";
import type { UploadedPart } from "./multipart.ts";
import type { S3Settings } from "./options.ts";

/**
 * The checksums of one upload. There are none unless the options ask for them: many servers refuse them.
 * Over plain HTTP the signature covers the digest of each part, so that nobody changes it on its way; the
 * object of one `PUT` has its md5 in the signature anyway.
 */
export class UploadChecksums {
  readonly #algorithm: NonNullable<S3Settings["checksumAlgorithm"]> | undefined;
  readonly #secure: boolean;

  /**
   * Reads the options.
   *
   * @param options The options of the store.
   * @param secure Whether TLS keeps the parts from being changed on their way.
   */
  constructor(options: S3Settings, secure: boolean) {
    const { enableDataIntegrityProtection, requestChecksumCalculation: when } = options;
    const wanted = enableDataIntegrityProtection && when === "when_supported";
    this.#algorithm = wanted ? options.checksumAlgorithm : undefined;
    this.#secure = secure;
  }

  /**
   * Returns the headers that begin an upload in parts.
   *
   * @returns The headers by their names, none if the options want no checksums.
   */
  ofUpload(): Record<string, string> {
    if (this.#algorithm === undefined) return {};
    return {
      "x-amz-checksum-algorithm": this.#algorithm,
      ...(this.#algorithm === "CRC64NVME" ? { "x-amz-checksum-type": "FULL_OBJECT" } : {}),
    };
  }

  /**
   * Returns the headers of an object of one `PUT`.
   *
   * @param body The object.
   * @returns The headers.
   */
  async ofObject(body: readonly Bytes[]): Promise<Record<string, string>> {
    if (this.#algorithm === undefined) return {};
    return { [this.#header]: encodeBase64(await this.#checksum(body)) };
  }

  /**
   * Returns the headers of a part.
   *
   * @param body The part.
   * @param needsDigest Whether the server wants an md5 if there is no checksum.
   * @returns The headers.
   */
  async ofPart(body: readonly Bytes[], needsDigest: boolean): Promise<Record<string, string>> {
    const headers = await this.ofObject(body);
    if (needsDigest && this.#algorithm === undefined) {
      headers["content-md5"] = await contentMd5(body);
    }
    if (!this.#secure) headers["x-amz-content-sha256"] = encodeHex(await sha256(body));
    return headers;
  }

  /**
   * Returns what the completion says of a part.
   *
   * @param headers The headers of the response to the part.
   * @returns The part, with its checksum if the server knows checksums.
   */
  uploaded(headers: Headers): UploadedPart {
    const value = this.#algorithm && headers.get(this.#header);
    return {
      etag: headers.get("etag") ?? "",
      checksum: value ? [this.partName!, value] : undefined,
    };
  }

  /** The name that XML has for the checksum of a part, or `undefined` if the options want none. */
  get partName(): string | undefined {
    return this.#algorithm && `Checksum${this.#algorithm}`;
  }

  get #header(): string {
    return `x-amz-checksum-${this.#algorithm!.toLowerCase()}`;
  }

  async #checksum(body: readonly Bytes[]): Promise<Bytes> {
    if (this.#algorithm === "SHA256") return await sha256(body);
    const crc = new Crc(this.#algorithm === "CRC32C" ? CRC32C : CRC64NVME);
    for (const chunk of body) crc.update(chunk);
    return crc.digest();
  }
}

/** By WebCrypto only where there is nothing better: it copies what it digests. */
async function sha256(body: readonly Bytes[]): Promise<Bytes> {
  if (!builtin("node:crypto")) {
    const whole = await new Blob([...body]).arrayBuffer();
    return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  }
  const digests = await createDigests(["sha256"], { sizeHint: 0 });
  for (const chunk of body) await digests.update(chunk);
  return decodeHex((await digests.digest())["sha256"]!)!;
}
