/**
 * Images of the path tree as network block devices, for qemu, libvirt, nbdkit and the Linux kernel: they
 * boot, convert and mount an image where it lies. It is read-only, and runs in Deno and in Node.
 *
 * @module
 */
export { type NbdFailure, type NbdServer, serveNbd, type ServeNbdOptions } from "./serve.ts";
export type { NbdAddress } from "./connection.ts";
