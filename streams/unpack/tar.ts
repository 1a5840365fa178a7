/**
 * tar (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format", and GNU tar's long
 * names): one member is the image.
 *
 * @module
 */
import { MemberChoice } from "./member_choice.ts";
import type { PackedInput } from "./packed_input.ts";

/** The size of a block, in bytes. */
const BLOCK = 512;

/** The longest name or extended header that is read, in bytes. */
const MAX_HEADER = 1_048_576;

/** What the headers say of a member. */
interface Member {
  name: string;
  size: number;
  /** The type, as in the header. */
  type: string;
}

/**
 * Unpacks one member of tar.
 *
 * @param input The archive.
 * @param wanted The name of the member. Default: there must be one file alone.
 * @returns The bytes of the member.
 * @throws {Invalid} If the archive is cut off or corrupt, has several members or not the one that is named,
 * or the member is sparse.
 */
export async function* untar(
  input: PackedInput,
  wanted: string | undefined,
): AsyncGenerator<Uint8Array> {
  const choice = new MemberChoice("tar", wanted);
  for (;;) {
    const member = await nextMember(input);
    if (member === undefined) break;
    const { name, size, type } = member;
    const padding = (BLOCK - size % BLOCK) % BLOCK;
    const isFile = ["0", "\0", "7", "S"].includes(type);
    if (!isFile || !choice.isImage(name)) await input.skip(size);
    else {
      if (type === "S") throw input.corrupt(`its member ${name} is sparse, which is not unpacked`);
      yield* input.bytes(size);
    }
    await input.skip(padding);
  }
  choice.end();
}

/** Reads the headers of the next member, or `undefined` at the end of the archive. */
async function nextMember(input: PackedInput): Promise<Member | undefined> {
  const extended: { name?: string; size?: number } = {};
  for (;;) {
    const header = await input.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) {
      await checkEnd(input);
      return undefined;
    }
    checkSum(input, header);
    const type = String.fromCharCode(header[156]!);
    const size = sizeOf(input, header);
    if (type === "x" || type === "L") {
      if (size > MAX_HEADER) throw input.corrupt(`a header of it has ${size} bytes`);
      const text = new TextDecoder().decode(await input.exactly(size));
      await input.skip((BLOCK - size % BLOCK) % BLOCK);
      if (type === "L") extended.name = text.replace(/\0.*$/s, "");
      else Object.assign(extended, parsePax(input, text));
      continue;
    }
    const isUstar = textOf(header, 257, 5) === "ustar" && header[262] === 0;
    const prefix = isUstar ? textOf(header, 345, 155) : "";
    const name = `${prefix}${prefix && "/"}${textOf(header, 0, 100)}`;
    return { name, size, type, ...extended };
  }
}

function textOf(header: Uint8Array, offset: number, length: number): string {
  return new TextDecoder().decode(header.subarray(offset, offset + length)).replace(/\0.*$/s, "");
}

/** Returns the size of a member: in octal digits, or in base 256 as GNU tar writes large ones. */
function sizeOf(input: PackedInput, header: Uint8Array): number {
  const field = header.subarray(124, 136);
  const text = textOf(header, 124, 12).trim();
  const size = field[0] === 0x80
    ? field.subarray(1).reduce((value, byte) => value * 256 + byte, 0)
    : /^[0-7]+$/.test(text)
    ? parseInt(text, 8)
    : text === ""
    ? 0
    : NaN;
  if (!Number.isSafeInteger(size)) throw input.corrupt("the size of a member is no number");
  return size;
}

function checkSum(input: PackedInput, header: Uint8Array): void {
  const expected = parseInt(textOf(header, 148, 8).trim(), 8);
  const sum = header.reduce((sum, byte, index) => {
    return sum + (index >= 148 && index < 156 ? 32 : byte);
  }, 0);
  if (sum !== expected) throw input.corrupt("the checksum of a header does not match");
}

/** Parses the records of an extended header: `LENGTH KEY=VALUE`, each with a newline. */
function parsePax(input: PackedInput, text: string): { name?: string; size?: number } {
  const found: { name?: string; size?: number } = {};
  for (const record of text.split("\n")) {
    const [, key, value = ""] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (key?.startsWith("GNU.sparse.")) {
      throw input.corrupt("a member of it is sparse, which is not unpacked");
    }
    if (key === "path") found.name = value;
    if (key !== "size") continue;
    if (!/^\d{1,15}$/.test(value)) throw input.corrupt("the size of a member is no number");
    found.size = Number(value);
  }
  return found;
}

/** Checks that nothing but zeros follows the first block of zeros. */
async function checkEnd(input: PackedInput): Promise<void> {
  const second = await input.exactly(BLOCK);
  for (let piece = second; piece.length > 0; piece = await input.next()) {
    if (piece.some((byte) => byte !== 0)) throw input.garbage();
  }
}
