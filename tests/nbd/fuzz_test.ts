/**
 * A client that sends sessions with faults in them, from a seed. `VITRINE_FUZZ_SEED` repeats one.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { memoryOf } from "../../tools/process.ts";
import { Workplace } from "../cli/harness.ts";
import { exportRequest, option, pack, RawClient, request } from "./raw_client.ts";

const MIB = 1024 * 1024;
/** All of them are sent by `deno task soak`. */
const SESSIONS = Deno.env.get("VITRINE_SOAK") === "full" ? 10_000 : 2500;
/** How many sessions run at the same time. */
const PARALLEL = 32;
/** How much the memory of the server may grow, in bytes. */
const GROWTH = 64 * MIB;

type Bytes = Uint8Array<ArrayBuffer>;

/** Numbers that look random, the same ones for each seed (xorshift32). */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** One of several. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

/** The bytes of a session that is right up to some point, and then has a few bytes changed or cut. */
function sessionOf(random: Random): Bytes {
  const length = () => random.pick([0, 1, 511, 4096, 0xffffffff, random.below(2 ** 32)]);
  const name = () => random.pick(["local/a", "", "local", "../x", "local/a\0", "x".repeat(5000)]);
  const optionData = (): Bytes =>
    random.pick([
      () => pack(),
      () => exportRequest(name()),
      () => pack([4, 7], "local/a", [4, length()], [4, 15], "base:allocation"),
      () => pack([4, length()], name()),
      () => pack([4, 7], "local/a", [2, random.below(65_536)], [2, 3]),
    ])();
  const parts: Bytes[] = [pack([4, random.pick([3, 3, 3, 3, 1, 0, 0xffffffff])])];
  for (let i = random.below(4); i > 0; i--) {
    parts.push(option(random.pick([3, 5, 6, 8, 9, 10, 11, random.below(2 ** 32)]), optionData()));
  }
  if (random.below(2) === 0) parts.push(option(8));
  parts.push(
    option(random.pick([1, 2, 7, 7, 7, 7]), exportRequest(random.pick(["local/a", name()]))),
  );
  for (let i = random.below(6); i > 0; i--) {
    const offset = random.pick([0, 10, 65_535, 2 ** 40, random.below(2 ** 31)]);
    const flags = random.pick([0, 0, 0, 4, 8, random.below(65_536)]);
    parts.push(request(random.pick([0, 0, 0, 1, 3, 5, 7, 99]), offset, length(), 1n, flags));
  }
  const bytes = pack(...parts);
  for (let i = random.below(3); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
  return random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** Sends a session, reads for a moment or to the end, and closes. */
async function runSession(port: number, bytes: Bytes, isPatient: boolean): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    if (isPatient) await connection.closeWrite();
    const replies = new Uint8Array(65_536);
    do {
      if (await connection.read(replies) === null) return;
    } while (isPatient);
  } catch (error) {
    // The server closes when it likes.
    assert(!(error instanceof TypeError), `${error}`);
  }
}

Deno.test(`serveNbd: ${SESSIONS} sessions with faults neither end it nor make it grow`, async () => {
  const seed = Number(
    Deno.env.get("VITRINE_FUZZ_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  const random = new Random(seed);
  await using place = await Workplace.make();
  await Deno.writeFile(place.path("local/a"), new Uint8Array(65_536).fill(7));
  const timeouts = ["--handshake-timeout", "1s", "--stall-timeout", "1s"];
  const child = place.start(["serve", "nbd", "--port", "0", "--json", ...timeouts], {
    stderr: "null",
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number(new URL(JSON.parse((await lines.read()).value!).urls[0]).port);
  const run = async (count: number) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) await runSession(port, sessionOf(random), random.below(4) > 0);
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  };
  // In the first ones V8 takes the room that it uses for whatever is done.
  await run(SESSIONS / 5);
  const before = memoryOf(child.pid, "VmRSS");
  await run(SESSIONS - SESSIONS / 5);
  const growth = memoryOf(child.pid, "VmRSS") - before;
  assert(growth < GROWTH, `seed ${seed}: grew by ${Math.round(growth / MIB)} MiB`);
  using client = await RawClient.open(port, "local/a");
  await client.send(request(0, 65_530, 6));
  assertEquals(await client.simpleReply(), 0, `seed ${seed}`);
  assertEquals(await client.read(6), new Uint8Array(6).fill(7));
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await lines.cancel();
});
