/**
 * The command line as a person at a terminal meets it: interrupts, the progress bar.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { progressText } from "../../cli/progress_text.ts";
import { until } from "../until.ts";
import { Workplace } from "./harness.ts";

/** A server that takes requests and never responds. */
class Silent implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.Conn[] = [];
  /** How many chunks of requests came. */
  requests = 0;

  constructor() {
    this.#accept();
  }

  /** A workplace whose store the server is. */
  async place(): Promise<Workplace> {
    const host = `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
    const place = await Workplace.make({
      stores: {
        far: { driver: "s3", host, bucket: "b", accessKey: "access", secretKey: "secret" },
      },
    });
    await Deno.writeTextFile(place.path("x"), "hello");
    return place;
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#connections.push(connection);
        this.#read(connection);
      }
    } catch {
      // Closed.
    }
  }

  async #read(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      while (await connection.read(buffer) !== null) this.requests++;
    } catch {
      // Closed.
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
  }
}

Deno.test("Interrupt: ends the process at a second Ctrl-C, whatever is being cleaned up", async () => {
  using server = new Silent();
  await using place = await server.place();
  const child = place.start(["add", "x"]);
  await until("the add", () => Promise.resolve(server.requests > 0));
  const ended = child.output();
  let left = false;
  ended.then(() => left = true);
  // Those that come at once are taken for one.
  await until("the end", () => {
    try {
      child.kill("SIGINT");
    } catch {
      // It has left.
    }
    return Promise.resolve(left);
  });
  const { code, stderr } = await ended;
  // The first one says that it was interrupted only when everything is clean.
  assertEquals([code, new TextDecoder().decode(stderr)], [130, ""]);
});

Deno.test("Interrupt: says at a terminal that it is still cleaning up", async () => {
  using server = new Silent();
  await using place = await server.place();
  const child = place.startOnTerminal("add", "x");
  const keyboard = child.stdin.getWriter();
  const interrupt = () => keyboard.write(new Uint8Array([3]));
  await until("the add", () => Promise.resolve(server.requests > 0));
  await interrupt();
  let seen = "";
  let isSaid = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    seen += text;
    if (isSaid || !seen.includes("cleaning up; once more to leave at once")) continue;
    isSaid = true;
    await interrupt();
  }
  assert(isSaid, seen);
  assertEquals((await child.status).code, 130);
  await keyboard.close().catch(() => {});
  await child.stderr.cancel();
});

Deno.test("Progress: stays in one line, and names cannot steer the terminal", async () => {
  await using place = await Workplace.make();
  const name = `${"long-".repeat(20)}\x1b[31mred.img`;
  await Deno.writeFile(place.path(name), new Uint8Array(32 << 20));
  const child = place.startOnTerminal("add", "--id", "x", name);
  const { code, stdout } = await child.output();
  const seen = new TextDecoder().decode(stdout);
  assertEquals(code, 0, seen);
  const bars = seen.split("\r\x1b[K").filter(Boolean).map((text) => text.split("\r")[0]!);
  assert(bars.length > 1, seen);
  for (const bar of bars) {
    assert(bar.length < 80, bar);
    if (bar.includes("%")) assertMatch(bar, /^long-.+….+d\.img {2}\[[#.]+\] {2}\d+% {2}/);
  }
  assert(!seen.includes("\x1b[31m"), seen);
});

Deno.test("progressText: shows as much as there is room for", () => {
  const transfer = { name: "日本語の名前".repeat(9), size: 1000, bytes: 500, seconds: 1 };
  for (const columns of [79, 60, 40, 10]) {
    const text = progressText(transfer, columns);
    // Each of these letters takes two columns.
    const wide = text.match(/[日本語の名前]/g)?.length ?? 0;
    assert(text.length + wide <= columns, `${columns}: ${text}`);
  }
  assertEquals(
    progressText({ ...transfer, name: "x" }, 100),
    "x  [############............]  50%  500 B of 1000 B  500 B/s  0:01 left",
  );
});

Deno.test("vitrine: shows no control characters of names in errors", async () => {
  await using place = await Workplace.make();
  const { code, err } = await place.run("add", "./no\x1b[31mne");
  assertEquals([code, err], [
    1,
    "vitrine: local file: read ./no\\u001b[31mne: no such file or directory\n",
  ]);
  const debugged = await place.run("add", "--debug", "./no\x1b[31mne");
  assert(!debugged.err.includes("\x1b"), debugged.err);
});
