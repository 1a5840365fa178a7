/**
 * Digests: by what the runtime has, and in plain JavaScript.
 *
 * @module
 */
import { createDigests, type DigestBackend } from "../../../streams/digest/mod.ts";
import { equal } from "../check.ts";
import type { Cases } from "../case.ts";

/** Digests of a million times the letter a (RFC 1321 and FIPS 180 test suites, and b2sum). */
const EXPECTED = {
  md5: "7707d6ae4e027c70eea2a935c2296f21",
  sha1: "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
  sha256: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  "sha3-256": "5c8875ae474a3634ba4fd55ec85bffd661f32aca75c6d699d0cdcb6c115891c1",
  blake2b: "98fb3efb7206fd19ebf69b6f312cf7b64e3b94dbe1a17107913975a793f177e1" +
    "d077609d7fba363cbba00d05f7aa4e4fa8715d6428104c0a75643b0ff3fd3eaf",
};

async function millionTimesA(backend: DigestBackend | undefined): Promise<void> {
  const digests = await createDigests(Object.keys(EXPECTED), { backend });
  const data = new Uint8Array(1_000_000).fill(97);
  for (let at = 0; at < data.length; at += 99_999) {
    await digests.update(data.subarray(at, at + 99_999));
  }
  equal(await digests.digest(), EXPECTED);
}

/** md5 and sha512, which are computed together where the runtime has WebAssembly. */
async function pair(): Promise<void> {
  const data = new Uint8Array(9_000_000).fill(97);
  const both = await createDigests(["md5", "sha512"]);
  const each = await createDigests(["md5", "sha512"], { backend: "portable" });
  for (let at = 0; at < data.length; at += 400_001) {
    await both.update(data.subarray(at, at + 400_001));
    await each.update(data.subarray(at, at + 400_001));
  }
  equal(await both.digest(), await each.digest());
}

/** What is computed of the bytes. */
export const digestCases: Cases = {
  "digests: by the runtime's best means": () => millionTimesA(undefined),
  "digests: md5 and sha512 together": pair,
  "digests: in plain JavaScript": () => millionTimesA("portable"),
};
