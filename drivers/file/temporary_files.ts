/**
 * Temporary files that are held while they are written, so that those which a crash left can be
 * distinguished from those which somebody writes: by a lock on the file where the runtime has file locks (Deno), by
 * the id of the process in its name where it has none (Node, Bun).
 *
 * A runtime judges its own kind of files at once; the other kind, and files of other machines, when
 * nothing was written to them for a day.
 *
 * @module
 */
import { isDeno } from "../../runtime/mod.ts";
import type { Bytes } from "../../streams/mod.ts";
import { closeAside } from "./closing.ts";
import { codeOf } from "./errors.ts";
import { createOnThread } from "./file_on_thread.ts";
import { hostname, open, process, stat } from "./system.ts";
import { isInLocalDirectory, untilReachable } from "./until_reachable.ts";

const DAY = 24 * 60 * 60 * 1000;

/** The owner of a file or directory. */
export interface Owner {
  /** User id. */
  uid: number;
  /** Group id. */
  gid: number;
}

/** A temporary file, open for writing and held. */
export interface TemporaryFile {
  /** Writes at `position` and resolves to how many bytes were written. */
  write(bytes: Bytes, position: number): Promise<number>;
  /** Sets the size. */
  truncate(size: number): Promise<void>;
  /** Brings the bytes to the disk. */
  sync(): Promise<void>;
  /** Closes the file and lets go of it. */
  close(): Promise<void>;
  /** Who owned it when it was created, where that is known without a call. */
  readonly owner?: Owner | undefined;
}

/** Temporary files in the way of a runtime. */
export interface TemporaryFiles {
  /** What the names of files written by this process end with. */
  readonly suffix: string;
  /** Makes a file, or resolves to `undefined` if it is being cleared away again already. */
  create(path: string, mode: number): Promise<TemporaryFile | undefined>;
  /** Calls `clear` if nobody holds the file, and keeps others from holding it meanwhile. */
  ifLeft(path: string, clear: () => Promise<void>): Promise<void>;
}

/** Temporary files in the way of this runtime. */
export const temporaryFiles: TemporaryFiles = isDeno() ? withLocks() : withProcessIds();

function withLocks(): TemporaryFiles {
  const suffix = ".lock";
  return {
    suffix,
    async create(path, mode) {
      const { mayHang, device } = await untilReachable(path);
      const onThread = mayHang ? await createOnThread(path, mode, device) : undefined;
      const [file, { isHeld, nlink, uid, gid }] = onThread ?? await createLocked(path, mode);
      if (!isHeld || nlink === 0) {
        await file.close();
        return undefined;
      }
      return Object.assign(file, uid !== null && gid !== null ? { owner: { uid, gid } } : {});
    },
    async ifLeft(path, clear) {
      await untilReachable(path);
      const file = await Deno.open(path, { write: true });
      try {
        const left = path.endsWith(suffix)
          ? await file.tryLock(true).catch(() => isOld(path))
          : await isOld(path);
        if (left) await clear();
      } finally {
        await closeAside(file);
      }
    },
  };
}

/** Creates a file and locks it. */
async function createLocked(path: string, mode: number): Promise<[TemporaryFile, Held]> {
  const file = await Deno.open(path, { write: true, createNew: true, mode });
  const isLocal = isInLocalDirectory(path);
  let held: Held;
  try {
    held = isLocal ? holdAtOnce(file) : await hold(file);
  } catch (error) {
    file.close();
    throw error;
  }
  let at = 0;
  const temporary: TemporaryFile = {
    // Writing through `node:fs` stops everything else in Deno until it is done.
    async write(bytes, position) {
      if (at !== position) at = await file.seek(position, Deno.SeekMode.Start);
      const count = await file.write(bytes);
      at += count;
      return count;
    },
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: async () => isLocal ? file.close() : await closeAside(file),
  };
  return [temporary, held];
}

/** What is known of a file, and whether this process holds it. */
type Held = Deno.FileInfo & { isHeld: boolean };

async function hold(file: Deno.FsFile): Promise<Held> {
  // Where the file system has no locks, the file counts as left when it is old.
  const isHeld = await file.tryLock(true).catch(() => true);
  return { ...await file.stat(), isHeld };
}

/** As {@linkcode hold}, where no server has to be waited for: another thread takes longer to be woken. */
function holdAtOnce(file: Deno.FsFile): Held {
  let isHeld = true;
  try {
    isHeld = file.tryLockSync(true);
  } catch {
    // As above.
  }
  return { ...file.statSync(), isHeld };
}

function withProcessIds(): TemporaryFiles {
  const host = encodeURIComponent(hostname());
  return {
    suffix: `.${process.pid}@${host}`,
    async create(path, mode) {
      const file = await open(path, "wx", mode);
      return {
        write: async (bytes, position) =>
          (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
        truncate: (size) => file.truncate(size),
        sync: () => file.sync(),
        close: () => file.close(),
      };
    },
    async ifLeft(path, clear) {
      const [, pid, name] = /\.(\d+)@([^/]*)$/.exec(path) ?? [];
      const left = name === host ? await isDead(Number(pid), path) : await isOld(path);
      if (left) await clear();
    },
  };
}

async function isDead(pid: number, path: string): Promise<boolean> {
  // In containers a process often has the id of the one before it.
  if (pid === process.pid) return await ageOf(path) > process.uptime() * 1000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

async function isOld(path: string): Promise<boolean> {
  return await ageOf(path) > DAY;
}

/** Milliseconds since the file was last written to. */
async function ageOf(path: string): Promise<number> {
  return Date.now() - (await stat(path)).mtimeMs;
}
