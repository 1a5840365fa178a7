/**
 * The two peers of the differential test, which serve the same requests: glance_store in a process of
 * its own, and Vitrine here.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  getSizeFromUriAndBackend,
  setAclsForMultiStore,
  StoreError,
  type Stores,
} from "../../mod.ts";
import type { Caller } from "./backends.ts";

/** One operation on a store. */
export interface Request {
  /** What to do. */
  operation: "add" | "get" | "getSize" | "delete" | "setAcls" | "left" | "clean";
  /** Name of the store. */
  store: string;
  /** Id of the image to add. */
  id?: string;
  /** URI of the image that is meant. */
  uri?: string;
  /** Where its data begins in the file of data. */
  from?: number;
  /** How many bytes it has. */
  size?: number;
  /** The size that is declared; 0 where nobody knows. */
  declared?: number;
  /** After how many bytes the data breaks off. */
  breaks?: number;
  /** Digest algorithm of the multihash. */
  algorithm?: string;
  /** First byte to read. */
  offset?: number;
  /** Number of bytes to read. */
  length?: number;
  /** Whether everybody may read. */
  public?: boolean;
  /** Who may read. */
  read?: string[];
  /** What the images of this run have in their names. */
  token?: string;
}

/** What came of it. */
export interface Outcome {
  /** What it gave. */
  value?: Record<string, unknown>;
  /** Class of the error; with its module where it is none of glance_store's. */
  error?: string;
  /** Text of the error, for people. */
  message?: string;
}

/** Something that serves requests. */
export interface Peer {
  /** Does what is asked. */
  ask(request: Request): Promise<Outcome>;
}

/** Debian's glance_store. */
export class GlancePeer implements Peer, AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string>;

  /** Starts it with a glance-api.conf and a file of data, for somebody who calls where it matters. */
  constructor(python: string, configuration: string, data: string, caller?: Caller) {
    const script = new URL("peer.py", import.meta.url).pathname;
    this.#child = new Deno.Command(python, {
      args: [script, configuration, data, JSON.stringify(caller?.glance ?? null)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Asks it, one request at a time. */
  async ask(request: Request): Promise<Outcome> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("glance_store ended");
    return JSON.parse(value);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#lines.return(undefined);
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** What reading data that breaks off throws. */
class Broken extends Error {}

/** Vitrine. */
export class VitrinePeer implements Peer {
  /** Takes the stores, the file of data, and who calls where it matters. */
  constructor(
    readonly stores: Stores,
    readonly data: Uint8Array<ArrayBuffer>,
    readonly caller?: Caller,
  ) {}

  /** Does what is asked. */
  async ask(request: Request): Promise<Outcome> {
    try {
      return { value: await this.#do(request) };
    } catch (error) {
      for (let one: unknown = error; one instanceof Error; one = one.cause) {
        if (one instanceof Broken) return { error: "Broken" };
      }
      const { name, message } = error as Error;
      return { error: error instanceof StoreError ? name : `none of Vitrine's: ${name}`, message };
    }
  }

  async #do(request: Request): Promise<Record<string, unknown>> {
    const { operation, store: backend, id, uri, offset, length } = request;
    const context = this.caller?.vitrine;
    switch (operation) {
      case "add": {
        const { location, size, checksum, multihash, metadata } = await this.stores.add(
          id!,
          this.#dataOf(request),
          {
            backend,
            size: request.declared || undefined,
            hashingAlgo: request.algorithm,
            context,
          },
        );
        const uri = location.uri({ credentials: true });
        return { location: uri, size, checksum, multihash: multihash.value, metadata };
      }
      case "get": {
        const { size, total, stream } = await this.stores.get(
          uri!,
          { backend, offset, length, context },
        );
        const hash = createHash("sha256");
        let count = 0;
        for await (const chunk of stream) {
          hash.update(chunk);
          count += chunk.length;
        }
        // What the size of a range is, glance_store's drivers do not agree on.
        const whole = offset === undefined ? { size: total ?? size } : {};
        return { ...whole, count, sha256: hash.digest("hex") };
      }
      case "getSize":
        return { size: await getSizeFromUriAndBackend(this.stores, uri!, backend, { context }) };
      case "delete":
        await this.stores.delete(uri!, { backend, context });
        return {};
      case "setAcls":
        await setAclsForMultiStore(this.stores, uri!, backend, {
          public: request.public!,
          readTenants: request.read!,
        }, { context });
        return {};
      default:
        throw new Error(`${operation} is glance_store's part`);
    }
  }

  async *#dataOf({ from, size, breaks }: Request): AsyncGenerator<Uint8Array> {
    const end = from! + (breaks ?? size!);
    for (let at = from!; at < end;) {
      // Chunks of sizes that no buffer has.
      const next = Math.min(end, at + 70_001 + (at % 13) * 10_007);
      yield this.data.subarray(at, next);
      at = next;
    }
    if (breaks !== undefined) throw new Broken("the data breaks off");
  }
}
