/**
 * glance_store as a process of its own, on the same Swift.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

/** The result of glance_store: the fields that its work has. */
export interface PeerResult {
  uri: string;
  size: number;
  checksum: string;
  multihash: string;
  error?: string;
  message?: string;
}

/** A running glance_store. */
export class Peer implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  /** Starts it with its options. */
  constructor(python: string, options: Record<string, unknown>) {
    const script = new URL("glance_swift.py", import.meta.url).pathname;
    this.#process = new Deno.Command(python, {
      args: [script, JSON.stringify(options)],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#lines = lines(this.#process.stdout);
  }

  /** Requests work and resolves to its result, whatever it is. */
  async request(work: string, more: Record<string, unknown>): Promise<PeerResult> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify({ work, ...more }) + "\n"));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("glance_store ended");
    return JSON.parse(value);
  }

  /** Requests work that must succeed. */
  async run(work: string, more: Record<string, unknown>): Promise<PeerResult> {
    const result = await this.request(work, more);
    assertEquals(result.error, undefined, `${work}: ${result.message}`);
    return result;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    for (let done = false; !done;) ({ done = true } = await this.#lines.next());
    await this.#process.status;
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as never) as never as ReadableStream<
      string
    >
  ) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
