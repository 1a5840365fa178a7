/**
 * The checksums of uploads against their published values.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "../fast_check.ts";
import { Crc, CRC32C, CRC64NVME, type CrcKind } from "../../drivers/s3/crc.ts";

function crc(kind: CrcKind, ...pieces: Uint8Array[]): string {
  const running = new Crc(kind);
  for (const piece of pieces) running.update(piece);
  return running.digest().toHex();
}

Deno.test("Crc: has the published check values", () => {
  const nine = new TextEncoder().encode("123456789");
  assertEquals(crc(CRC32C, nine), "e3069283");
  assertEquals(crc(CRC64NVME, nine), "ae8b14860a799888");
  // RFC 3720, appendix B.4.
  assertEquals(crc(CRC32C, new Uint8Array(32)), "8a9136aa");
  assertEquals(crc(CRC32C, new Uint8Array(32).fill(255)), "62a8ab43");
  assertEquals(crc(CRC32C, Uint8Array.from({ length: 32 }, (_, i) => i)), "46dd794e");
  // NVM Express NVM Command Set Specification, 4 KiB of zeros and of ones.
  assertEquals(crc(CRC64NVME, new Uint8Array(4096)), "6482d367eb22b64e");
  assertEquals(crc(CRC64NVME, new Uint8Array(4096).fill(255)), "c0ddba7302eca3ac");
});

Deno.test("Crc: is the same in pieces as at once", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 99 }), fc.nat(99), (bytes, at) => {
    for (const kind of [CRC32C, CRC64NVME]) {
      assertEquals(crc(kind, bytes.subarray(0, at), bytes.subarray(at)), crc(kind, bytes));
    }
  }));
});
