/**
 * A thread that lists directories by synchronous calls. These take a fraction of the time of asynchronous
 * ones, and on a thread of their own a disk that does not respond holds up nothing else.
 *
 * @module
 */
import type { Dir, Stats } from "node:fs";
import { NOWHERE } from "./errors.ts";
import type { Io } from "./io.ts";
import { errorOf, type Failure, WorkerThread } from "./worker_thread.ts";

/** What is at a name: `unknown` for a symbolic link, and for what could not be looked at. */
export type FoundKind = "unknown" | "file" | "directory" | "other";

/** A name in a directory. */
export interface FoundName {
  name: string;
  /** What is there. */
  kind: FoundKind;
  /** The size of a file in bytes. */
  size: number;
  /** The date of its last change. */
  modified: Date;
}

/** How many names a response has at most. */
const BATCH = 2048;

/** The kinds, by the number that stands for each in a response. */
const KINDS: readonly FoundKind[] = ["unknown", "file", "directory", "other"];

/** What the thread is to do: to open a directory, to read on in it, or to close it early. */
type Request = { id: number; path?: string; isClosed?: boolean };

/** The next names of a directory, or why it cannot be read. */
type Reply = Names | Failure;

interface Names {
  /** The names with a slash in between. */
  names: string;
  kinds: Uint8Array;
  sizes: Float64Array;
  /** The dates of the last changes, in milliseconds since 1970. */
  times: Float64Array;
  isLast: boolean;
}

/**
 * Handles the requests that come to the thread. It runs from its source text, and so uses nothing from
 * outside itself.
 *
 * @param most How many names a response has at most.
 */
function serve(most: number): void {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): unknown };
  };
  const { lstatSync, opendirSync } = process.getBuiltinModule("node:fs") as {
    lstatSync(path: string): Stats;
    opendirSync(path: string): Dir;
  };
  const isDeno = "Deno" in globalThis;
  const { parentPort } = process.getBuiltinModule("node:worker_threads") as {
    parentPort: {
      on(event: "message", listener: (request: Request) => void): void;
      postMessage(reply: Reply | undefined): void;
    };
  };
  const directories = new Map<number, { path: string; names: Iterator<string> }>();

  function* namesIn(path: string): Generator<string> {
    if (isDeno) {
      for (const { name } of Deno.readDirSync(path)) yield name;
      return;
    }
    const directory = opendirSync(path);
    try {
      for (let entry = directory.readSync(); entry; entry = directory.readSync()) yield entry.name;
    } finally {
      directory.closeSync();
    }
  }

  /** The status of a file as Deno has it. */
  function namedKind(stats: Stats) {
    return {
      isFile: stats.isFile(),
      isDirectory: stats.isDirectory(),
      isSymlink: stats.isSymbolicLink(),
      size: stats.size,
      mtime: stats.mtime,
    };
  }

  /** Notes what is at a path. */
  function look(path: string, at: number, { kinds, sizes, times }: Omit<Names, "names">): void {
    try {
      // Deno's own call takes a third of the time of the one that Node has as well.
      const stats = isDeno ? Deno.lstatSync(path) : namedKind(lstatSync(path));
      if (stats.isSymlink) return;
      kinds[at] = stats.isFile ? 1 : stats.isDirectory ? 2 : 3;
      sizes[at] = stats.size;
      times[at] = Number(stats.mtime);
    } catch {
      // It is looked at again by who can report why.
    }
  }

  function read(id: number): Names {
    const { path, names } = directories.get(id)!;
    const batch: string[] = [];
    let isLast = false;
    while (batch.length < most) {
      const next = names.next();
      if (next.done) {
        isLast = true;
        break;
      }
      batch.push(next.value);
    }
    const found = {
      kinds: new Uint8Array(batch.length),
      sizes: new Float64Array(batch.length),
      times: new Float64Array(batch.length),
      isLast,
    };
    for (const [at, name] of batch.entries()) look(`${path}/${name}`, at, found);
    if (isLast) directories.delete(id);
    return { names: batch.join("/"), ...found };
  }

  function handle({ id, path, isClosed }: Request): Reply | undefined {
    try {
      if (path !== undefined) directories.set(id, { path, names: namesIn(path) });
      if (!isClosed) return read(id);
      directories.get(id)?.names.return?.();
    } catch (error) {
      directories.delete(id);
      const { code, message } = error as Error & { code?: string };
      return { code, message };
    }
    directories.delete(id);
  }

  parentPort.on("message", (request) => parentPort.postMessage(handle(request)));
}

/** A thread that lists directories. */
export class ScanThread {
  readonly #thread: WorkerThread<Request, Reply | undefined>;
  #lastId = 0;

  private constructor(thread: WorkerThread<Request, Reply | undefined>) {
    this.#thread = thread;
  }

  /**
   * Starts a thread.
   *
   * @returns The thread, or `undefined` where the runtime permits none.
   */
  static start(): ScanThread | undefined {
    const thread = WorkerThread.start<Request, Reply | undefined>(`(${serve})(${BATCH})`);
    return thread && new ScanThread(thread);
  }

  /**
   * Lists a directory.
   *
   * @param io Waits for the responses.
   * @param path The path of the directory, without symbolic links.
   * @returns What is there, in batches. While one is worked on, the next is read.
   */
  async *scan(io: Io, path: string): AsyncGenerator<FoundName[]> {
    const id = ++this.#lastId;
    let next = this.#thread.send({ id, path });
    let isOpen = true;
    try {
      while (isOpen) {
        const reply = (await io.wait(next))!;
        if ("code" in reply) {
          isOpen = false;
          if (NOWHERE.includes(reply.code!)) return;
          throw errorOf(reply);
        }
        isOpen = !reply.isLast;
        if (isOpen) next = this.#thread.send({ id });
        yield unpack(reply);
      }
    } finally {
      // Nobody waits for what is still being read.
      next.catch(() => {});
      if (isOpen) this.#thread.send({ id, isClosed: true }).catch(() => {});
    }
  }

  /** Ends the thread, without waiting for it. */
  close(): void {
    this.#thread.close();
  }
}

function unpack({ names, kinds, sizes, times }: Names): FoundName[] {
  if (kinds.length === 0) return [];
  return names.split("/").map((name, at) => {
    return { name, kind: KINDS[kinds[at]!]!, size: sizes[at]!, modified: new Date(times[at]!) };
  });
}
