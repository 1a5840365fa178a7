/**
 * Builds a bootable ISO 9660 image with one file in it, so that the demo has a real image on any
 * machine: ECMA-119 for the file system, El Torito 1.0 for the boot record.
 *
 * @module
 */

const SECTOR = 2048;
const ROOT = 21;
const CATALOG = 22;
const BOOT = 23;
const FILE = 24;

/** Sixteen-bit code that prints a line through the BIOS and halts. */
function bootCode(text: string): Uint8Array {
  // xor ax,ax; mov ds,ax; mov si,0x7c15; L: lodsb; test al,al; jz H; mov ah,0x0e; int 0x10; jmp L; H: hlt; jmp H
  const code = [0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x15, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x06];
  code.push(0xb4, 0x0e, 0xcd, 0x10, 0xeb, 0xf5, 0xf4, 0xeb, 0xfd);
  const sector = new Uint8Array(SECTOR);
  sector.set(code);
  sector.set(new TextEncoder().encode(`${text}\r\n\0`), code.length);
  return sector;
}

/** A number in both byte orders (ECMA-119, 7.2.3 and 7.3.3). */
function both(view: DataView, at: number, value: number, bytes: 2 | 4): void {
  if (bytes === 2) {
    view.setUint16(at, value, true);
    view.setUint16(at + 2, value);
  } else {
    view.setUint32(at, value, true);
    view.setUint32(at + 4, value);
  }
}

function text(sector: Uint8Array, at: number, length: number, value: string): void {
  sector.set(new TextEncoder().encode(value.padEnd(length)), at);
}

/** A directory record (ECMA-119, 9.1). */
function record(name: string, extent: number, size: number, isDirectory: boolean): Uint8Array {
  const bytes = new Uint8Array(33 + name.length + (name.length % 2 ? 0 : 1));
  const view = new DataView(bytes.buffer);
  bytes[0] = bytes.length;
  both(view, 2, extent, 4);
  both(view, 10, size, 4);
  bytes.set([126, 1, 1, 0, 0, 0, 0], 18);
  bytes[25] = isDirectory ? 2 : 0;
  both(view, 28, 1, 2);
  bytes[32] = name.length;
  bytes.set(new TextEncoder().encode(name), 33);
  return bytes;
}

function descriptor(type: number): Uint8Array {
  const sector = new Uint8Array(SECTOR);
  sector[0] = type;
  text(sector, 1, 5, "CD001");
  sector[6] = 1;
  return sector;
}

function primary(sectors: number): Uint8Array {
  const sector = descriptor(1);
  const view = new DataView(sector.buffer);
  text(sector, 8, 32, "");
  text(sector, 40, 32, "VITRINE");
  both(view, 80, sectors, 4);
  both(view, 120, 1, 2);
  both(view, 124, 1, 2);
  both(view, 128, SECTOR, 2);
  both(view, 132, 10, 4);
  view.setUint32(140, 19, true);
  view.setUint32(148, 20);
  sector.set(record("\0", ROOT, SECTOR, true), 156);
  text(sector, 190, 623, "");
  for (const at of [813, 830, 847, 864]) text(sector, at, 16, "2026010100000000");
  sector[881] = 1;
  return sector;
}

function bootRecord(): Uint8Array {
  const sector = descriptor(0);
  text(sector, 7, 23, "EL TORITO SPECIFICATION");
  new DataView(sector.buffer).setUint32(71, CATALOG, true);
  return sector;
}

function catalog(): Uint8Array {
  const sector = new Uint8Array(SECTOR);
  const view = new DataView(sector.buffer);
  sector[0] = 1;
  text(sector, 4, 7, "Vitrine");
  sector.set([0x55, 0xaa], 30);
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum += view.getUint16(at, true);
  view.setUint16(28, -sum & 0xffff, true);
  sector[32] = 0x88;
  view.setUint16(38, 4, true);
  view.setUint32(40, BOOT, true);
  return sector;
}

function pathTable(littleEndian: boolean): Uint8Array {
  const sector = new Uint8Array(SECTOR);
  const view = new DataView(sector.buffer);
  sector[0] = 1;
  view.setUint32(2, ROOT, littleEndian);
  view.setUint16(6, 1, littleEndian);
  return sector;
}

function rootDirectory(size: number): Uint8Array {
  const sector = new Uint8Array(SECTOR);
  let at = 0;
  const records = [
    record("\0", ROOT, SECTOR, true),
    record("\x01", ROOT, SECTOR, true),
    record("PAYLOAD.BIN;1", FILE, size, false),
  ];
  for (const one of records) {
    sector.set(one, at);
    at += one.length;
  }
  return sector;
}

/** The image in pieces: what comes before the file, then the file's blocks. */
export function* buildIso(blocks: Iterable<Uint8Array>, size: number): Generator<Uint8Array> {
  const sectors = FILE + Math.ceil(size / SECTOR);
  yield new Uint8Array(16 * SECTOR);
  yield primary(sectors);
  yield bootRecord();
  yield descriptor(255);
  yield pathTable(true);
  yield pathTable(false);
  yield rootDirectory(size);
  yield catalog();
  yield bootCode("Hello from an image that Vitrine stored.");
  yield* blocks;
  yield new Uint8Array((SECTOR - size % SECTOR) % SECTOR);
}
