/**
 * The tools with which the corpus's images are made: Debian's programs, and bytes that are changed.
 *
 * @module
 */
import { join } from "@std/path";
import { program } from "../../services/service.ts";

/** Size in bytes of most disks: no multiple of a VHD's cylinder, so that it is rounded up. */
export const SIZE = 5 * 2 ** 20;

/** What makes images. A name is that of an image; others, for what is thrown away, begin with a dot. */
export class Workshop {
  /** The directory of the images. */
  readonly directory: string;

  /** Makes images in a directory. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** The path of an image. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Runs a program in the directory and resolves to what it printed. Throws what it complained of. */
  async run(name: string, ...args: string[]): Promise<Uint8Array<ArrayBuffer>> {
    const path = program(name);
    if (!path) throw new Error(`the corpus needs ${name}`);
    for (let attempt = 0;; attempt++) {
      const { success, stdout, stderr } = await new Deno.Command(path, {
        args,
        cwd: this.directory,
        stdin: "null",
        env: { SOURCE_DATE_EPOCH: "1700000000", LC_ALL: "C.UTF-8" },
      }).output();
      if (success) return stdout as Uint8Array<ArrayBuffer>;
      const complaint = new TextDecoder().decode(stderr).trim();
      // On a busy machine qemu-img's measuring of the key derivation fails now and then, and a lock of an
      // image may be held for a moment by the program before.
      if (attempt === 9 || !/kdf|CPU usage|lock/i.test(complaint)) {
        throw new Error(`${name} ${args.join(" ")}: ${complaint}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt));
    }
  }

  /** Creates an image with qemu-img. */
  async create(format: string, name: string, size: number | string, ...options: string[]) {
    await this.run("qemu-img", "create", "-q", "-f", format, ...options, name, `${size}`);
  }

  /** Converts a raw image with qemu-img. */
  async convert(format: string, from: string, name: string, ...options: string[]) {
    await this.run("qemu-img", "convert", "-q", "-f", "raw", "-O", format, ...options, from, name);
  }

  /** Copies an image and leaves its holes. */
  async copy(from: string, to: string): Promise<void> {
    await this.run("cp", "--sparse=always", from, to);
  }

  /** Creates an empty image, or changes the size of one. */
  async resize(name: string, size: number): Promise<void> {
    using file = await Deno.open(this.path(name), { write: true, create: true });
    await file.truncate(size);
  }

  /** Writes a whole image. */
  async write(name: string, data: Uint8Array | string): Promise<void> {
    await Deno.writeFile(this.path(name), typeof data === "string" ? bytes(data) : data);
  }

  /** Reads a whole image. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return Deno.readFile(this.path(name));
  }

  /** Writes over an image's bytes from an offset on; a negative one counts from the end. */
  async poke(name: string, offset: number, data: Uint8Array | string): Promise<void> {
    using file = await Deno.open(this.path(name), { write: true });
    await file.seek(offset, offset < 0 ? Deno.SeekMode.End : Deno.SeekMode.Start);
    let rest = typeof data === "string" ? bytes(data) : data;
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  }

  /** Copies an image, and writes over the copy's bytes. */
  async changed(
    from: string,
    to: string,
    ...changes: (readonly [offset: number, data: Uint8Array | string])[]
  ): Promise<void> {
    await this.copy(from, to);
    for (const [offset, data] of changes) await this.poke(to, offset, data);
  }

  /** Copies the first bytes of an image. */
  async head(from: string, to: string, length: number): Promise<void> {
    await this.write(to, (await this.read(from)).subarray(0, length));
  }
}

/** Bytes from a string, one a character. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A 32-bit number, most significant byte first. */
export function be32(value: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value);
  return data;
}

/** A 32-bit number, least significant byte first. */
export function le32(value: number): Uint8Array<ArrayBuffer> {
  return be32(value).reverse();
}

/** Pieces behind each other. */
export function joined(...pieces: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const parts = pieces.map((piece) => typeof piece === "string" ? bytes(piece) : piece);
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
