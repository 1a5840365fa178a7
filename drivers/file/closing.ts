/**
 * Closing files without waiting for a disk on the main thread. In Deno, closing a file is synchronous, and
 * on a network file system it waits for the server: a mount that hangs would stop the whole process.
 *
 * @module
 */
import { hasLinuxFfi, isDeno } from "../../runtime/mod.ts";
import { open, statfs } from "./system.ts";

/** Types of file systems (statfs(2)) whose close(2) does not contact a server: ext, XFS, Btrfs, tmpfs, ramfs, overlay, ZFS, F2FS. */
const LOCAL_TYPES = new Set([
  0xef53,
  0x58465342,
  0x9123683e,
  0x01021994,
  0x858458f6,
  0x794c7630,
  0x2fc12fc1,
  0xf2f52010,
]);

/** The types among them that are in memory alone: tmpfs, ramfs. */
const MEMORY_TYPES = new Set([0x01021994, 0x858458f6]);

/** The types of the file systems of devices, as far as files on them were opened; 0 where it is not known. */
const devices = new Map<bigint, number>();

/**
 * Finds out once whether a device is a local file system.
 *
 * @param path A file on it.
 * @param device The number of the device.
 * @returns Whether it is. Outside Deno every file is closed on another thread, so that it does not matter.
 */
export async function isLocalDevice(path: string, device: bigint): Promise<boolean> {
  if (!isDeno()) return true;
  let type = devices.get(device);
  if (type === undefined) {
    type = await fileSystemType(path);
    devices.set(device, type);
  }
  return LOCAL_TYPES.has(type);
}

/**
 * Returns whether calls on a device are known to contact a server, or another process.
 *
 * @param device The number of the device.
 * @returns Whether they are, as far as {@linkcode isLocalDevice} was called with it.
 */
export function isRemoteDevice(device: bigint): boolean {
  const type = devices.get(device) ?? 0;
  return type !== 0 && !LOCAL_TYPES.has(type);
}

/**
 * Returns whether a device is known to be in memory alone. A call on it waits for a disk no more than any access
 * to the memory of this process does.
 *
 * @param device The number of the device.
 * @returns Whether it is, as far as {@linkcode isLocalDevice} was called with it.
 */
export function isMemoryDevice(device: bigint): boolean {
  return MEMORY_TYPES.has(devices.get(device) ?? 0);
}

async function fileSystemType(path: string): Promise<number> {
  try {
    return Number((await statfs(path)).type) >>> 0;
  } catch {
    // Deno needs a permission of its own for it: it is treated as one that may hang.
    return 0;
  }
}

/** A file that can be looked at and closed. */
export interface ClosableFile {
  /** The number of the descriptor, where it is known. */
  readonly fd?: number | undefined;
  /** Asks the file system for what it knows of the file. */
  stat(options: { bigint: true }): Promise<unknown>;
  /** Closes the file. */
  close(): unknown;
}

/**
 * Closes a file of a file system that may hang: what waits for the server is done on another thread.
 *
 * @param file The file, which nobody uses any more.
 */
export async function closeAside(file: ClosableFile): Promise<void> {
  const replace = file.fd === undefined ? undefined : await descriptorReplacer();
  // Without permission for FFI another thread finds out whether the server still responds.
  if (replace) await replace(file.fd!);
  else await file.stat({ bigint: true });
  await file.close();
}

type Replace = (fd: number) => Promise<unknown>;

let replacer: Promise<Replace | undefined> | undefined;

function descriptorReplacer(): Promise<Replace | undefined> {
  return replacer ??= openReplacer().catch(() => undefined);
}

/** Opens /dev/null, which takes the place of a file: the file is closed by the thread that does it. */
async function openReplacer(): Promise<Replace | undefined> {
  if (!hasLinuxFfi()) return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  const { symbols } = Deno.dlopen("libc.so.6", {
    dup2: { parameters: ["i32", "i32"], result: "i32", nonblocking: true },
    fstat: { parameters: ["i32", "buffer"], result: "i32" },
  });
  const nothing = await open("/dev/null", "r");
  // Some versions of Deno number files in a way of their own.
  const stat = new BigUint64Array(32);
  const { dev, ino } = await nothing.stat({ bigint: true });
  const isSame = symbols.fstat(nothing.fd, new Uint8Array(stat.buffer)) === 0 && stat[0] === dev &&
    stat[1] === ino;
  if (!isSame) {
    await nothing.close();
    return undefined;
  }
  return (fd) => symbols.dup2(nothing.fd, fd);
}
