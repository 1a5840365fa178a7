/**
 * Files of file systems that may hang, open for reading or writing on another thread.
 *
 * @module
 */
import type { BigIntStats } from "node:fs";
import type { Bytes } from "../../streams/mod.ts";
import type { ClosableFile } from "./closing.ts";
import { type Created, FileThread } from "./file_thread.ts";
import { FILE_FLAGS } from "./system.ts";

/** What is used of a `FileHandle` of `node:fs` that is open for reading. */
export interface ReadableFile extends ClosableFile {
  /** Reads at a position. */
  read(
    view: Bytes,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  /** Asks the file system for what it knows of the file. */
  stat(options: { bigint: true }): Promise<BigIntStats>;
  /** Brings the data to the disk. */
  sync(): Promise<void>;
  /** Closes the file. */
  close(): Promise<void>;
}

/** What the system calls the kinds of files, by the method that recognizes each. */
const KINDS = {
  isFile: FILE_FLAGS.S_IFREG,
  isDirectory: FILE_FLAGS.S_IFDIR,
  isSymbolicLink: FILE_FLAGS.S_IFLNK,
  isBlockDevice: FILE_FLAGS.S_IFBLK,
  isCharacterDevice: FILE_FLAGS.S_IFCHR,
  isFIFO: FILE_FLAGS.S_IFIFO,
  isSocket: FILE_FLAGS.S_IFSOCK,
};

/**
 * Opens a file for reading on a thread.
 *
 * @param path The path of the file.
 * @param flags How to open it, as for `open` of `node:fs`.
 * @param device The number of the device that it is on.
 * @returns The open file, or `undefined` if no thread may be started.
 */
export async function openOnThread(
  path: string,
  flags: string | number,
  device: bigint,
): Promise<ReadableFile | undefined> {
  const opened = await FileThread.open<number>(device, { call: "open", path, flags });
  return opened && new FileOnThread(...opened);
}

class FileOnThread implements ReadableFile {
  readonly #thread: FileThread;
  readonly #fd: number;

  constructor(thread: FileThread, fd: number) {
    this.#thread = thread;
    this.#fd = fd;
  }

  async read(
    view: Bytes,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }> {
    const request = { call: "read", fd: this.#fd, length, position } as const;
    const bytes = await this.#thread.send<Bytes>(request);
    view.set(bytes, offset);
    return { bytesRead: bytes.length };
  }

  async stat(): Promise<BigIntStats> {
    const request = { call: "stat", fd: this.#fd } as const;
    const fields = await this.#thread.send<Record<string, unknown>>(request);
    const type = Number(fields["mode"]) & FILE_FLAGS.S_IFMT;
    const methods = Object.entries(KINDS).map(([name, kind]) => [name, () => type === kind]);
    return Object.assign(fields, Object.fromEntries(methods)) as BigIntStats;
  }

  async sync(): Promise<void> {
    await this.#thread.send({ call: "sync", fd: this.#fd });
  }

  async close(): Promise<void> {
    try {
      await this.#thread.send({ call: "close", fd: this.#fd });
    } finally {
      this.#thread.release();
    }
  }
}

/**
 * Creates a file for writing on a thread, and locks it.
 *
 * @param path The path of the file.
 * @param mode Its mode.
 * @param device The number of the device of its directory.
 * @returns The file, and what is known of it; `undefined` if no thread may be started.
 */
export async function createOnThread(
  path: string,
  mode: number,
  device: bigint,
): Promise<[WrittenOnThread, Created] | undefined> {
  const request = { call: "create", path, mode } as const;
  const opened = await FileThread.open<Created & Record<string, unknown>>(device, request);
  if (opened === undefined) return undefined;
  const [thread, created] = opened;
  return [new WrittenOnThread(thread, created.file), created];
}

/** A file that is open for writing on another thread. */
export class WrittenOnThread {
  readonly #thread: FileThread;
  readonly #file: number;

  /** Takes over a file that was created on a thread. */
  constructor(thread: FileThread, file: number) {
    this.#thread = thread;
    this.#file = file;
  }

  /** Writes at `position` and resolves to how many bytes were written. */
  write(bytes: Bytes, position: number): Promise<number> {
    return this.#thread.send<number>({ call: "write", file: this.#file, bytes, position });
  }

  /** Sets the size. */
  async truncate(size: number): Promise<void> {
    await this.#thread.send({ call: "truncate", file: this.#file, size });
  }

  /** Brings the bytes to the disk. */
  async sync(): Promise<void> {
    await this.#thread.send({ call: "syncWritten", file: this.#file });
  }

  /** Closes the file and lets go of it. */
  async close(): Promise<void> {
    try {
      await this.#thread.send({ call: "closeWritten", file: this.#file });
    } finally {
      this.#thread.release();
    }
  }
}
