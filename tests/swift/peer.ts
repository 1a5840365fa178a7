/**
 * glance_store as a process of its own, on the same Swift.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

/** What glance_store answers: the fields that its work has. */
export interface PeerAnswer {
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

  /** Asks for work and resolves to the answer, whatever it is. */
  async ask(work: string, more: Record<string, unknown>): Promise<PeerAnswer> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify({ work, ...more }) + "\n"));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("glance_store ended");
    return JSON.parse(value);
  }

  /** Asks for work that must succeed. */
  async run(work: string, more: Record<string, unknown>): Promise<PeerAnswer> {
    const answer = await this.ask(work, more);
    assertEquals(answer.error, undefined, `${work}: ${answer.message}`);
    return answer;
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
