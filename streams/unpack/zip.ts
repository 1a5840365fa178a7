/**
 * zip (PKWARE's APPNOTE.TXT 6.3.10), read from its beginning to its end: one member is the image. Members
 * are stored or deflated.
 *
 * @module
 */
import type * as zlib from "node:zlib";
import { inflate, type Inflated } from "./inflate.ts";
import { MemberChoice } from "./member_choice.ts";
import type { PackedInput } from "./packed_input.ts";
import { requireZlib } from "./zlib_engine.ts";

/** Signatures, as little-endian numbers (APPNOTE, section 4.3). */
const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, DESCRIPTOR = 0x08074b50;

/** Bits of the flags (APPNOTE, section 4.4.4). */
const ENCRYPTED = 1, HAS_DESCRIPTOR = 8;

/** What sizes are where the extra field has them (APPNOTE, section 4.5.3). */
const IN_EXTRA = 0xffffffff;

/** The size of the end record without its comment, in bytes. */
const END_SIZE = 22;

/** The header of a member. */
interface Member {
  name: string;
  flags: number;
  method: number;
  crc: number;
  packedSize: number;
  size: number;
  isZip64: boolean;
}

/**
 * Unpacks one member of zip.
 *
 * @param input The archive.
 * @param wanted The name of the member. Default: there must be one file alone.
 * @returns The bytes of the member.
 * @throws {Invalid} If the archive is cut off or corrupt, has several members or not the one that is named,
 * or the member is encrypted or compressed in another way.
 */
export async function* unzip(
  input: PackedInput,
  wanted: string | undefined,
): AsyncGenerator<Uint8Array> {
  const module = requireZlib("zip", ["createInflateRaw", "crc32"]);
  const choice = new MemberChoice("zip", wanted);
  let [count, signature] = [0, 0];
  for (;; count++) {
    const bytes = await input.exactly(4);
    signature = viewOf(bytes).getUint32(0, true);
    if (signature !== LOCAL) {
      input.giveBack(bytes);
      break;
    }
    const member = await readHeader(input);
    const isImage = !member.name.endsWith("/") && choice.isImage(member.name);
    const isSized = (member.flags & HAS_DESCRIPTOR) === 0;
    // A member of known size need not be unpacked to be skipped.
    if (!isImage && isSized) await input.skip(member.packedSize);
    else for await (const chunk of contentOf(input, member, module)) if (isImage) yield chunk;
  }
  if (signature !== CENTRAL && signature !== END) throw input.corrupt("it has no directory");
  await checkEnd(input, count);
  choice.end();
}

async function readHeader(input: PackedInput): Promise<Member> {
  const fields = viewOf(await input.exactly(26));
  const name = new TextDecoder().decode(await input.exactly(fields.getUint16(22, true)));
  const extra = viewOf(await input.exactly(fields.getUint16(24, true)));
  const member: Member = {
    name,
    flags: fields.getUint16(2, true),
    method: fields.getUint16(4, true),
    crc: fields.getUint32(10, true),
    packedSize: fields.getUint32(14, true),
    size: fields.getUint32(18, true),
    isZip64: false,
  };
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    at += 4;
    if (id === 1) {
      member.isZip64 = true;
      if (length >= 16 && at + 16 <= extra.byteLength && member.size === IN_EXTRA) {
        member.size = Number(extra.getBigUint64(at, true));
        member.packedSize = Number(extra.getBigUint64(at + 8, true));
      }
    }
    at += length;
  }
  return member;
}

/** Unpacks a member, and checks it. */
async function* contentOf(
  input: PackedInput,
  member: Member,
  module: typeof zlib,
): AsyncGenerator<Uint8Array> {
  const { name, flags, method } = member;
  if (flags & ENCRYPTED) throw input.corrupt(`its member ${name} is encrypted`);
  let inflated: Inflated;
  if (method === 8) inflated = yield* inflate(input, module);
  else if (method !== 0) {
    throw input.corrupt(`its member ${name} has the compression method ${method}, not 0 or 8`);
  } else if (flags & HAS_DESCRIPTOR) {
    throw input.corrupt(`the size of its member ${name} comes after it`);
  } else inflated = yield* stored(input, member, module);
  const expected = flags & HAS_DESCRIPTOR ? await readDescriptor(input, member, inflated) : member;
  for (const field of ["crc", "size", "packedSize"] as const) {
    if (expected[field] === inflated[field]) continue;
    throw input.corrupt(`${field} of its member ${name} does not match`);
  }
}

async function* stored(
  input: PackedInput,
  { size, packedSize }: Member,
  module: typeof zlib,
): AsyncGenerator<Uint8Array, Inflated> {
  let crc = 0;
  for await (const piece of input.bytes(packedSize)) {
    crc = module.crc32(piece, crc);
    yield piece;
  }
  return { crc: crc >>> 0, size, packedSize };
}

/** Reads what follows a member whose sizes were not known before (APPNOTE, section 4.3.9). */
async function readDescriptor(
  input: PackedInput,
  { isZip64 }: Member,
  { size }: Inflated,
): Promise<Inflated> {
  let first = viewOf(await input.exactly(4)).getUint32(0, true);
  if (first === DESCRIPTOR) first = viewOf(await input.exactly(4)).getUint32(0, true);
  const sizes = viewOf(await input.exactly(8));
  const short = { packedSize: sizes.getUint32(0, true), size: sizes.getUint32(4, true) };
  if (short.size === size && !(isZip64 && size === 0)) return { crc: first, ...short };
  // Sizes of eight bytes, which some programs write without saying so.
  const packedSize = Number(sizes.getBigUint64(0, true));
  const second = viewOf(await input.exactly(8));
  return { crc: first, packedSize, size: Number(second.getBigUint64(0, true)) };
}

/** Checks that the archive ends with the record of its end, which counts its members. */
async function checkEnd(input: PackedInput, count: number): Promise<void> {
  let tail = new Uint8Array();
  for (;;) {
    const piece = await input.next();
    if (piece.length === 0) break;
    const joined = new Uint8Array(tail.length + piece.length);
    joined.set(tail);
    joined.set(piece, tail.length);
    // The record and the longest comment.
    tail = joined.slice(-(END_SIZE + 65_535));
  }
  const view = viewOf(tail);
  let isFound = false;
  for (let at = tail.length - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    isFound = true;
    if (at + END_SIZE + view.getUint16(at + 20, true) !== tail.length) continue;
    const counted = view.getUint16(at + 10, true);
    if (counted !== 0xffff && counted !== count) {
      throw input.corrupt(`its directory has ${counted} members, found were ${count}`);
    }
    return;
  }
  throw isFound ? input.garbage() : input.truncated();
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
