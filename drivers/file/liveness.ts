/**
 * Whether somebody still writes a temporary file: a lock on it where the runtime has file locks
 * (Deno), the id of the process in its name where it has none (Node, Bun).
 *
 * A runtime judges its own kind of files at once; the other kind, and files of other machines, when
 * nothing was written to them for a day.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import { codeOf } from "./failures.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Tells the files of the living from those of the dead. */
export interface Liveness {
  /** What the names of files written by this process end with. */
  readonly suffix: string;
  /** Holds a file as long as it is written, or says `undefined` where it is being cleared away. */
  hold(path: string): Promise<Disposable | undefined>;
  /** Calls `clear` if nobody holds the file, and keeps others from holding it meanwhile. */
  ifLeft(path: string, clear: () => Promise<void>): Promise<void>;
}

/** What this runtime offers. */
export const liveness: Liveness = "Deno" in globalThis ? fileLocks() : processIds();

function fileLocks(): Liveness {
  const suffix = ".lock";
  return {
    suffix,
    async hold(path) {
      const file = await Deno.open(path, { write: true });
      // Where the file system has no locks, the file counts as left when it is old.
      const held = await file.tryLock(true).catch(() => true);
      if (held) return file;
      file.close();
    },
    async ifLeft(path, clear) {
      const file = await Deno.open(path, { write: true });
      try {
        const left = path.endsWith(suffix)
          ? await file.tryLock(true).catch(() => isOld(path))
          : await isOld(path);
        if (left) await clear();
      } finally {
        file.close();
      }
    },
  };
}

function processIds(): Liveness {
  const host = encodeURIComponent(hostname());
  return {
    suffix: `.${process.pid}@${host}`,
    hold: () => Promise.resolve({ [Symbol.dispose]: () => {} }),
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
