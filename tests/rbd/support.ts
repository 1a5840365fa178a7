/**
 * What the tests of the rbd driver share.
 *
 * @module
 */
import { type RbdOptions, RbdStore } from "@vitrine/vitrine/rbd";
import { run } from "../services/processes.ts";
import type { Endpoints } from "../services/mod.ts";

/** One mebibyte. */
export const MIB = 1024 * 1024;

/** A store on a cluster. */
export function storeOn({ confPath, user, pool }: Endpoints, options: RbdOptions = {}): RbdStore {
  return new RbdStore("ceph", { cephConf: confPath, user, pool, connectTimeout: 60, ...options });
}

/** Runs Ceph's `rbd` on the cluster's pool. */
export function rbd({ confPath, pool }: Endpoints, ...args: string[]): Promise<string> {
  return run("rbd", ["-c", confPath, "-p", pool, ...args]);
}

/** Runs Ceph's `ceph`. */
export function ceph({ confPath }: Endpoints, ...args: string[]): Promise<string> {
  return run("ceph", ["-c", confPath, "--connect-timeout=30", ...args]);
}

/** The names of the RADOS objects of the pool, or of a namespace of it, that belong to images. */
export async function objects({ confPath, pool }: Endpoints, namespace = ""): Promise<string[]> {
  const args = ["-c", confPath, "-p", pool, "-N", namespace, "ls"];
  const names = (await run("rados", args)).trim().split("\n");
  // These belong to the pool.
  return names.filter((name) => !["rbd_directory", "rbd_info", "rbd_trash"].includes(name)).sort();
}

/** An image id that no other test uses. */
export function freshId(): string {
  return `test-${crypto.randomUUID()}`;
}

/** Bytes that no other call gives. */
export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

/** The sha512 of bytes, in hex. */
export async function sha512(bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)).toHex();
}
