/**
 * Every public operation of a store, each against a server that spoils one kind of its replies in every
 * way. An operation ends with the truth, or with an error of one line.
 *
 * @module
 */
import { assert, assertEquals, equal } from "@std/assert";
import { type Store, StoreError } from "../../mod.ts";
import { poolMap } from "../../streams/pool_map.ts";
import { seeded } from "../faults/random.ts";
import type { Exchange, FakeServer, Reply } from "./exchange.ts";
import { type Attack, HostileServer } from "./hostile_server.ts";
import { type Lie, mutationsOf } from "./mutations.ts";

/** Whether the whole matrix runs, as `deno task soak` does. */
const isFull = Deno.env.get("VITRINE_SOAK") === "full";

/** How many combinations an ordinary run tries for one driver. */
const SAMPLE = Number(Deno.env.get("VITRINE_HOSTILE") ?? 250);

/** How many combinations run at once. Most of their time is timeouts. */
const CONCURRENCY = 16;

/** How many bodies without an end an ordinary run tries for one driver, about. */
const ENDLESS = 10;

/** How many MiB the memory may grow by while one is received. */
const MAX_GROWTH = 64;

/** After how many milliseconds an operation counts as one that does not end. */
const DEADLINE = 90_000;

/** The body of a request that is sent in no time, in bytes. A larger one has 1 s more for each 64 KiB. */
const SMALL = 65_536;

const encoder = new TextEncoder();

/** The images that are there at the beginning. */
export const IMAGES: Readonly<Record<string, Uint8Array>> = {
  "a.img": encoder.encode("0123456789"),
  "dir/b.img": encoder.encode("abc"),
};

const ADDED = encoder.encode("a new image");

/** What a store is tried with. */
export interface Target<F extends FakeServer = FakeServer> {
  /** The driver. */
  driver: string;
  /** Creates a server with {@linkcode IMAGES}. */
  serve(): F;
  /** Opens a store on it. */
  open(url: string): Store;
  /** Whether the store can be written. */
  isWritable: boolean;
  /** The size of an image that is uploaded in parts, in bytes. */
  large: number;
  /** How many combinations there are at least. */
  least: number;
  /** Whether a page of somebody else cannot be distinguished from an image. */
  takesAnyPage?: boolean;
  /** The names of combinations whose lie is a good reply too, as far as a client can know. */
  plausible?: RegExp;
}

interface Operation {
  run(store: Store): Promise<unknown>;
  /** Checks what is true if the operation has succeeded. */
  prove?(server: FakeServer, result: unknown): void;
}

function operationsOf({ isWritable, large }: Target): Record<string, Operation> {
  const read: Record<string, Operation> = {
    get: { run: (store) => store.get("a.img").then(bytesOf), prove: proveBytes(0, 10) },
    "get a range": {
      run: (store) => store.get("a.img", { offset: 2, length: 3 }).then(bytesOf),
      prove: proveBytes(2, 5),
    },
    "get verified": {
      run: (store) => store.get("a.img", { verify: true }).then(bytesOf),
      prove: proveBytes(0, 10),
    },
    respond: {
      run: async (store) => (await (await (await store.get("a.img")).respond()).bytes()),
      prove: proveBytes(0, 10),
    },
    readable: {
      run: async (store) => await new Response(store.readable("a.img")).bytes(),
      prove: proveBytes(0, 10),
    },
    "open and read": {
      async run(store) {
        await using handle = await store.open("a.img");
        const view = new Uint8Array(4);
        return view.slice(0, await handle.read(view, 3));
      },
      prove: proveBytes(3, 7),
    },
    stat: {
      run: (store) => store.stat("a.img"),
      prove: (_, stat) => assertEquals((stat as { size?: number }).size ?? 10, 10),
    },
    getSize: { run: (store) => store.getSize("a.img"), prove: (_, size) => assertEquals(size, 10) },
    inspect: { run: (store) => store.inspect("a.img") },
    list: { run: (store) => listed(store, {}), prove: (server, all) => proveNames(server, all, 1) },
    "list a directory": {
      run: (store) => listed(store, { directory: "dir" }),
      prove: (_, all) => assertEquals(all, ["dir/b.img"]),
    },
    "list all": {
      run: (store) => listed(store, { recursive: true }),
      prove: (server, all) => proveNames(server, all, 9),
    },
    configure: { run: (store) => store.configure() },
    locationOf: { run: (store) => store.locationOf("a.img") },
    "presign GET": { run: (store) => store.presign("a.img") },
    "presign PUT": { run: (store) => store.presign("new.img", { method: "PUT" }) },
  };
  if (!isWritable) return read;
  const isThere = (id: string, data: Uint8Array) => (server: FakeServer) =>
    assertEquals(server.images().get(id), data, `${id} is not there, or other bytes`);
  const isGone = (...ids: string[]) => (server: FakeServer) => {
    for (const id of ids) assert(!server.images().has(id), `${id} is still there`);
  };
  const parts = new Uint8Array(large).fill(7);
  return {
    ...read,
    add: {
      run: (store) => store.add("new.img", ADDED, { size: ADDED.length }),
      prove: isThere("new.img", ADDED),
    },
    "add a stream": {
      run: (store) => store.add("new.img", new Blob([ADDED as BlobPart]).stream()),
      prove: isThere("new.img", ADDED),
    },
    "add in parts": {
      run: (store) => store.add("new.img", new Blob([parts as BlobPart]).stream()),
      prove: (server) => {
        const data = server.images().get("new.img");
        assert(data?.length === parts.length && data.every((byte) => byte === 7), "not whole");
      },
    },
    copy: {
      run: (store) => store.copy("a.img", "new.img"),
      prove: isThere("new.img", IMAGES["a.img"]!),
    },
    rename: {
      run: (store) => store.rename("a.img", "new.img"),
      prove: (server) => {
        isThere("new.img", IMAGES["a.img"]!)(server);
        isGone("a.img")(server);
      },
    },
    delete: { run: (store) => store.delete("a.img"), prove: isGone("a.img") },
    deleteMany: {
      run: (store) => store.deleteMany(["a.img", "dir/b.img"]),
      prove: isGone("a.img", "dir/b.img"),
    },
    getAcls: { run: (store) => store.getAcls("a.img") },
    setAcls: {
      run: (store) => store.setAcls("a.img", { public: true }),
      prove: (server) => assertEquals(server.grants(), "public"),
    },
    gc: {
      run: (store) => collected(store, false),
      prove: (server, paths) => {
        const left = (server as { leftovers?(): string[] }).leftovers?.() ?? [];
        if ((paths as string[]).length > 0) assertEquals(left, [], "gc said that it was removed");
      },
    },
    "gc --dry-run": { run: (store) => collected(store, true) },
  };
}

async function bytesOf({ stream }: { stream: ReadableStream<Uint8Array> }): Promise<Uint8Array> {
  return await new Response(stream as never).bytes();
}

async function listed(store: Store, options: object): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path, size, modified, etag } of store.list(options)) {
    paths.push(path);
    judge({ size, modified, etag });
    assert(paths.length < 10_000, "the listing does not end");
  }
  return paths;
}

async function collected(store: Store, dryRun: boolean): Promise<string[]> {
  return (await Array.fromAsync(store.gc({ dryRun }))).map(({ path }) => path);
}

function proveBytes(from: number, to: number) {
  return (_: FakeServer, data: unknown) =>
    assertEquals(data, IMAGES["a.img"]!.slice(from, to), "other bytes");
}

function proveNames(server: FakeServer, paths: unknown, depth: number): void {
  const names = [...server.images().keys()].map((id) => id.split("/").slice(0, depth).join("/"));
  const found = (paths as string[]).filter((path) => !path.endsWith("SUMS"));
  assertEquals(found.sort(), [...new Set(names)].sort(), "other names");
}

/** Checks that a result has no `NaN` and no invalid date. */
function judge(value: unknown): void {
  if (typeof value === "number") assert(value >= 0 && Number.isSafeInteger(value), `${value}`);
  else if (value instanceof Date) assert(!Number.isNaN(value.getTime()), "no date");
  else if (Array.isArray(value)) value.forEach(judge);
  else if (Object.getPrototypeOf(value ?? "") === Object.prototype) {
    Object.values(value as object).forEach(judge);
  }
}

const BAD = /Cannot read|undefined|\bNaN\b|Invalid (time|date)|URI malformed|\[object|is not a /i;

function judgeError(error: unknown, said = ""): void {
  assert(error instanceof StoreError, `no StoreError: ${error}`);
  const { message } = error as Error;
  assert(/^hostile: \w+/.test(message), `without store and operation: ${message}`);
  assert(!/\p{Cc}/u.test(message), `more than one line: ${message}`);
  assert(message.length < 2_000, `${message.length} characters: ${message.slice(0, 200)}`);
  // A server may have said such a word itself.
  assert(!BAD.test(message) || BAD.test(said), `hides the cause: ${message}`);
}

/** Lies that a client can recognise, so that a success has to be one. */
const KNOWABLE: readonly Lie[] = ["foreign", "truncated", "broken", "endless"];

interface Combination extends Attack {
  name: string;
  operation: Operation;
  isRead: boolean;
  deadline: number;
}

/**
 * Runs the matrix of one driver, or a sample of it, and prints how many combinations there are.
 *
 * @param target The driver and its server.
 */
export async function runMatrix(target: Target): Promise<void> {
  const combinations: Combination[] = [];
  const operations = operationsOf(target);
  const recorded: [string, Exchange[]][] = [];
  for (const [name, operation] of Object.entries(operations)) {
    recorded.push([name, await record(target, operation)]);
  }
  const documents: Record<string, Reply> = {};
  for (const { kind, reply } of recorded.flatMap(([, exchanges]) => exchanges)) {
    const isDocument = /xml|json/.test(reply.headers["content-type"] ?? "") && reply.status === 200;
    if (isDocument) documents[`the reply to ${kind}`] = reply;
  }
  for (const [name, exchanges] of recorded) {
    const operation = operations[name]!;
    for (const exchange of exchanges) {
      const { [`the reply to ${exchange.kind}`]: _, ...others } = documents;
      for (const mutation of mutationsOf(exchange, others)) {
        for (const persists of [true, false]) {
          combinations.push({
            name: `${name}, ${exchange.kind} #${exchange.occurrence}: ${mutation.name}` +
              (persists ? "" : ", once"),
            operation,
            isRead: !/^(add|copy|rename|delete|setAcls|gc$)/.test(name),
            deadline: DEADLINE + (exchange.sent < SMALL ? 0 : exchange.sent / 16),
            target: exchange,
            mutation,
            persists,
          });
        }
      }
    }
  }
  const random = seeded(Number(Deno.env.get("VITRINE_SEED") ?? 3));
  const wanted = Deno.env.get("VITRINE_ONLY");
  const isWhole = isFull || wanted !== undefined;
  const candidates = combinations.filter(({ name }) => name.includes(wanted ?? ""));
  const share = SAMPLE / candidates.length;
  const isSlow = ({ deadline, mutation }: Combination) =>
    deadline > DEADLINE && mutation.name.startsWith("a stall");
  const chosen = candidates.filter((one) => isWhole || (random() < share && !isSlow(one)));
  const failures: string[] = [];
  // One at a time, so that it is known which takes memory.
  const allEndless = candidates.filter(({ mutation, persists }) =>
    persists && mutation.lie === "endless"
  );
  const greedy = allEndless.filter(() => isWhole || random() < ENDLESS / allEndless.length);
  for (const combination of greedy) {
    const { rss } = Deno.memoryUsage();
    let most = rss;
    const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 10);
    const failure = await attempt(target, combination);
    clearInterval(timer);
    const growth = Math.round((most - rss) / 2 ** 20);
    if (Deno.env.has("VITRINE_GROWTH")) console.log(`${growth} MiB ${combination.name}`);
    if (growth > MAX_GROWTH) failures.push(`${combination.name}: it grew by ${growth} MiB`);
    if (failure !== undefined) failures.push(`${combination.name}: ${failure}`);
  }
  await poolMap(chosen, CONCURRENCY, async (combination) => {
    const failure = await attempt(target, combination);
    if (failure !== undefined) failures.push(`${combination.name}: ${failure}`);
  });
  assertEquals(failures, [], `${failures.length} of ${chosen.length} combinations`);
  const all = combinations.length;
  console.log(`${target.driver}: ${chosen.length + greedy.length} of ${all} combinations`);
  assert(all >= target.least, `only ${all} combinations`);
}

/** Records what a good server is asked, and checks that the operation then does what it should. */
async function record(target: Target, operation: Operation): Promise<Exchange[]> {
  const fake = target.serve();
  await using server = new HostileServer(fake);
  const store = target.open(server.url);
  try {
    const result = await operation.run(store);
    operation.prove?.(fake, result);
    // What is sent when the store is closed is no part of the operation.
    const exchanges = [...server.exchanges];
    const seen = new Set<string>();
    return exchanges.filter(({ kind, reply }) => {
      const key = `${kind} ${reply.status}`;
      return !seen.has(key) && seen.add(key);
    });
  } catch (error) {
    judgeError(error);
    assert(/NotSupported/.test((error as Error).name), `${error}`);
    return [];
  } finally {
    await store.close();
  }
}

/** Runs one combination, and returns what is wrong with how it ended. */
async function attempt(target: Target, combination: Combination): Promise<string | undefined> {
  const { operation, mutation, isRead, deadline } = combination;
  const fake = target.serve();
  const before = fake.images();
  await using server = new HostileServer(fake, combination);
  const store = target.open(server.url);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it does not end in ${deadline} ms`)), deadline);
    });
    const outcome = await Promise.race([
      late,
      operation.run(store).then((result) => ({ result }), (error) => ({ error })),
    ]);
    if ("error" in outcome) judgeError(outcome.error, mutation.name);
    else {
      judge(outcome.result);
      if (KNOWABLE.includes(mutation.lie) && !isUnknowable(target, combination)) {
        operation.prove?.(fake, outcome.result);
      } else if (!isRead && mutation.lie !== "field") operation.prove?.(fake, outcome.result);
    }
    if (isRead) assertEquals([...fake.images()], [...before], "reading changed something");
    const data = IMAGES["a.img"]!;
    const survives = [...fake.images().values()].some((one) =>
      one.length === data.length && equal(one, data)
    );
    const isDeletion = /^delete/.test(combination.name);
    assert(survives || isDeletion, "the image is lost");
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n").slice(0, 3).join(" ").slice(0, 300);
  } finally {
    clearTimeout(timer);
    await store.close().catch(() => {});
  }
}

/** Whether no client can recognise the lie. A web server's pages have no form that could be checked. */
function isUnknowable(
  { takesAnyPage = false, plausible }: Target,
  { name, mutation }: Combination,
): boolean {
  return (takesAnyPage && mutation.lie !== "broken") || plausible?.test(name) === true;
}
