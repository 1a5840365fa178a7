/**
 * Threads that make the calls on open files of file systems that may hang.
 *
 * For each asynchronous call on an open file, Deno duplicates the descriptor and closes the duplicate on the main
 * thread. On many network file systems that contacts the server: if a mount hung after a read or a write, the whole
 * process would stop. Synchronous calls have no duplicates, and on another thread they hold up nothing else.
 *
 * @module
 */
import type { Bytes } from "../../streams/mod.ts";
import { errorOf, type Failure, WorkerThread } from "./worker_thread.ts";

/** What a thread is to do: with a file that it reads, by descriptor, or with one that it writes, by number. */
type Request =
  | { call: "open"; path: string; flags: string | number }
  | { call: "read"; fd: number; length: number; position: number }
  | { call: "stat" | "sync" | "close"; fd: number }
  | { call: "create"; path: string; mode: number }
  | { call: "write"; file: number; bytes: Bytes; position: number }
  | { call: "truncate"; file: number; size: number }
  | { call: "syncWritten" | "closeWritten"; file: number };

/** What a thread sends back: a number, bytes or fields, depending on the call. */
type Reply = number | Bytes | Record<string, unknown> | undefined | { failure: Failure };

/** What is known of a file that was created. */
export interface Created {
  /** The number of the file on its thread. */
  file: number;
  /** Whether this process has the lock on it. */
  isHeld: boolean;
  /** How many names it has. */
  nlink: number | null;
  /** User id of the owner. */
  uid: number | null;
  /** Group id of the owner. */
  gid: number | null;
}

/** How many threads work on the files of one device at most. To start one takes longer than most files take. */
const MOST_THREADS = 4;

/**
 * Handles the requests that come to a thread. It runs from its source text, and so uses nothing from outside
 * itself.
 */
function serve(): void {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): unknown };
  };
  const { closeSync, fstatSync, fsyncSync, openSync, readSync } = process.getBuiltinModule(
    "node:fs",
  ) as typeof import("node:fs");
  const { parentPort } = process.getBuiltinModule("node:worker_threads") as {
    parentPort: {
      on(event: "message", listener: (request: Request) => void): void;
      postMessage(reply: Reply, transfer: ArrayBuffer[]): void;
    };
  };

  /** The files that are written, by number. */
  const written = new Map<number, Deno.FsFile>();
  let last = 0;

  function create(path: string, mode: number): Reply {
    const file = Deno.openSync(path, { write: true, createNew: true, mode });
    let isHeld = true;
    try {
      isHeld = file.tryLockSync(true);
    } catch {
      // Where the file system has no locks, the file counts as left when it is old.
    }
    const { nlink, uid, gid } = file.statSync();
    written.set(++last, file);
    return { file: last, isHeld, nlink, uid, gid };
  }

  function handle(request: Request): Reply {
    switch (request.call) {
      case "open":
        return openSync(request.path, request.flags);
      case "read": {
        const bytes = new Uint8Array(request.length);
        return bytes.subarray(0, readSync(request.fd, bytes, 0, bytes.length, request.position));
      }
      case "stat": {
        const stats = Object.entries(fstatSync(request.fd, { bigint: true }));
        return Object.fromEntries(stats.filter(([, value]) => typeof value !== "function"));
      }
      case "sync":
        fsyncSync(request.fd);
        return;
      case "close":
        closeSync(request.fd);
        return;
      case "create":
        return create(request.path, request.mode);
      case "write": {
        const file = written.get(request.file)!;
        file.seekSync(request.position, Deno.SeekMode.Start);
        return file.writeSync(request.bytes);
      }
      case "truncate":
        written.get(request.file)!.truncateSync(request.size);
        return;
      case "syncWritten":
        written.get(request.file)!.syncSync();
        return;
      case "closeWritten":
        written.get(request.file)!.close();
        written.delete(request.file);
        return;
    }
  }

  parentPort.on("message", (request) => {
    let reply: Reply;
    try {
      reply = handle(request);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      reply = { failure: { code, message } };
    }
    parentPort.postMessage(reply, reply instanceof Uint8Array ? [reply.buffer] : []);
  });
}

/** The threads of each device, by its number: a device that hangs holds up no other. */
const threads = new Map<bigint, FileThread[]>();

/** A thread that works on files of one device. */
export class FileThread {
  readonly #thread: WorkerThread<Request, Reply>;
  /** How many files are open on it. */
  #files = 0;

  private constructor(thread: WorkerThread<Request, Reply>) {
    this.#thread = thread;
  }

  /**
   * Opens one more file of a device, on the thread that has the fewest open. It has to be released.
   *
   * @typeParam T What the call returns.
   * @param device The number of the device that the file is on.
   * @param request The call that opens the file.
   * @returns The thread and what the call returns; `undefined` if no thread may be started.
   * @throws {Error} As the call throws, with the code of the system.
   */
  static async open<T extends Reply>(
    device: bigint,
    request: Request,
  ): Promise<[FileThread, T] | undefined> {
    const thread = FileThread.#take(device);
    if (thread === undefined) return undefined;
    try {
      return [thread, await thread.send<T>(request)];
    } catch (error) {
      thread.release();
      throw error;
    }
  }

  /** Chooses the thread for one more file. */
  static #take(device: bigint): FileThread | undefined {
    let all = threads.get(device);
    if (all === undefined) threads.set(device, all = []);
    let chosen = all.toSorted((a, b) => a.#files - b.#files)[0];
    const isBusy = chosen === undefined || chosen.#files > 0;
    if (isBusy && all.length < MOST_THREADS) {
      const thread = WorkerThread.start<Request, Reply>(`(${serve})()`);
      if (thread) all.push(chosen = new FileThread(thread));
    }
    if (chosen) chosen.#files++;
    return chosen;
  }

  /** Says that a file was closed. */
  release(): void {
    this.#files--;
  }

  /**
   * Makes a call on the thread.
   *
   * @typeParam T What the call returns.
   * @param request The call and its arguments.
   * @returns What the call returns.
   * @throws {Error} As the call throws, with the code of the system.
   */
  async send<T extends Reply>(request: Request): Promise<T> {
    const reply = await this.#thread.send(request);
    if (typeof reply === "object" && "failure" in reply) throw errorOf(reply.failure as Failure);
    return reply as T;
  }
}
