/**
 * Whole images held to what the server knows of their bytes: a checksum of all, or of the parts and
 * of their checksums (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
 *
 * @module
 */
import { ChecksumMismatch } from "../../errors/mod.ts";
import { decodeHex, encodeBase64, encodeHex, parseCount } from "../../streams/encoding.ts";
import { createDigests } from "../../streams/digest/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import type { ImageReader } from "../../store/driver.ts";
import { Crc, CRC32C, CRC64NVME } from "./crc.ts";
import { partSizes } from "./part_size.ts";
import { parseMd5, parseMd5Tag, PART_SIZE } from "./object_headers.ts";

type Algorithm = "CRC64NVME" | "CRC32C" | "SHA256" | "MD5";

/** The checksum that the bytes should have. */
interface Expected {
  algorithm: Algorithm;
  /** The checksum, or that of the parts' checksums. */
  value: string;
  /** How many parts there are; 0 where the checksum is that of the bytes themselves. */
  parts: number;
}

/**
 * Creates a reader over a whole image that checks the bytes against the checksum of the object, before the
 * last of them.
 *
 * @param headers The headers of the object.
 * @param reader Reads the whole image. A read fails with `ChecksumMismatch`.
 * @returns The reader; `reader` itself if the headers say nothing that can be checked. Of objects in parts
 * that others uploaded, the parts' sizes are not known.
 */
export async function checksumReader(headers: Headers, reader: ImageReader): Promise<ImageReader> {
  const { size } = reader;
  const expected = size === undefined ? undefined : expectedOf(headers, size);
  if (size === undefined || expected === undefined) return reader;
  const { algorithm, value, parts } = expected;
  const least = parseCount(headers.get(PART_SIZE)) ?? 0;
  const sizeOf = partSizes(least, size, parts);
  const checksums: Bytes[] = [];
  let part = await running(algorithm);
  let left = parts === 0 ? size : sizeOf(1);
  let count = 0;

  async function take(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (left === 0) {
        checksums.push(await part.digest());
        part = await running(algorithm);
        left = sizeOf(checksums.length + 1);
      }
      const piece = bytes.subarray(at, at + left);
      await part.update(piece);
      at += piece.length;
      left -= piece.length;
    }
    count += bytes.length;
    if (bytes.length > 0 && count === size) await check();
  }

  async function check(): Promise<void> {
    let found = await part.digest();
    if (parts > 0) {
      const whole = await running(algorithm);
      for (const checksum of [...checksums, found]) await whole.update(checksum);
      found = await whole.digest();
    }
    const text = algorithm === "MD5" ? encodeHex(found) : encodeBase64(found);
    if (text !== value) {
      throw new ChecksumMismatch(`${algorithm} is ${text}, the server has ${value}`);
    }
  }

  if (size === 0) await check();
  return {
    ...reader,
    async read(view) {
      const chunk = await reader.read(view);
      await take(chunk);
      return chunk;
    },
    async close(reason) {
      part.close();
      await reader.close(reason);
    },
  };
}

/** Returns the strongest checksum that the headers have and that can be checked. */
function expectedOf(headers: Headers, size: number): Expected | undefined {
  const partsKnown = (parseCount(headers.get(PART_SIZE)) ?? 0) > 0;
  for (const algorithm of ["SHA256", "CRC64NVME", "CRC32C"] as const) {
    const text = headers.get(`x-amz-checksum-${algorithm.toLowerCase()}`);
    const [, value = "", parts] = /^([^-]+)(?:-(\d+))?$/.exec(text ?? "") ?? [];
    if (value && (parts === undefined || partsKnown)) {
      return { algorithm, value, parts: Number(parts ?? 0) };
    }
  }
  const md5 = parseMd5(headers);
  if (md5 !== undefined) return { algorithm: "MD5", value: md5, parts: 0 };
  const [, value, parts] = /^"([0-9a-f]{32})-(\d+)"$/.exec(parseMd5Tag(headers)) ?? [];
  if (value === undefined || !partsKnown || size === 0) return undefined;
  return { algorithm: "MD5", value, parts: Number(parts) };
}

/** A checksum that is being computed. */
interface Running {
  update(bytes: Uint8Array): void | Promise<void>;
  digest(): Promise<Bytes>;
  close(): void;
}

async function running(algorithm: Algorithm): Promise<Running> {
  if (algorithm === "CRC32C" || algorithm === "CRC64NVME") {
    const crc = new Crc(algorithm === "CRC32C" ? CRC32C : CRC64NVME);
    return {
      update: (bytes) => crc.update(bytes),
      digest: () => Promise.resolve(crc.digest()),
      close() {},
    };
  }
  const name = algorithm.toLowerCase();
  // A part is too short for a thread of its own.
  const digests = await createDigests([name], { sizeHint: 0 });
  return {
    update: (bytes) => digests.update(bytes),
    digest: async () => decodeHex((await digests.digest())[name]!)!,
    close: () => digests.close(),
  };
}
