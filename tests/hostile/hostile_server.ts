/**
 * A server on loopback between a store and a fake one, which spoils the replies of one kind.
 *
 * @module
 */
import { type RawRequest, WireReader, WireServer, writeAll } from "../faults/wire.ts";
import { encodeReply, type Exchange, type FakeServer, type Sent } from "./exchange.ts";
import type { Mutation } from "./mutations.ts";

/** Which replies are spoilt, and how. */
export interface Attack {
  /** What was recorded there. */
  target: Pick<Exchange, "kind" | "occurrence">;
  /** What becomes of the replies. */
  mutation: Mutation;
  /** Whether all later replies of the kind are spoilt too. Else a retry gets a good one. */
  persists: boolean;
}

/** The server. */
export class HostileServer implements AsyncDisposable {
  /** Where it listens, without a path. */
  readonly url: string;
  /** What was exchanged, where nothing was spoilt. */
  readonly exchanges: Exchange[] = [];
  /** The text of all that was sent, to look up what was said. */
  said = "";
  /** How many replies were spoilt. */
  spoilt = 0;
  readonly #fake: FakeServer;
  readonly #attack: Attack | undefined;
  readonly #counts = new Map<string, number>();
  readonly #server: WireServer;

  /** Starts in front of a fake server. */
  constructor(fake: FakeServer, attack?: Attack) {
    this.#fake = fake;
    this.#attack = attack;
    this.#server = new WireServer(async (connection) => {
      const reader = new WireReader(connection);
      for (;;) {
        const request = await reader.request();
        if (request === undefined) return;
        const { bytes, ending } = this.#respond(request);
        await writeAll(connection, bytes);
        if (ending === "keep") continue;
        const tail = bytes.slice(-65_536);
        if (ending === "endless" && tail.length > 0) { for (;;) await writeAll(connection, tail); }
        if (ending === "stall") { while (await reader.some()); }
        return;
      }
    });
    this.url = `http://${this.#server.host}`;
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  #respond(request: RawRequest): Sent {
    const { method } = request;
    const url = new URL(request.target, this.url);
    const kind = this.#fake.kindOf(request, url);
    const occurrence = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, occurrence + 1);
    const { target, mutation, persists } = this.#attack ?? {};
    const isHit = target !== undefined && target.kind === kind &&
      (occurrence === target.occurrence || (persists! && occurrence > target.occurrence));
    const isCarriedOut = !isHit || mutation!.isCarriedOut;
    const reply = isCarriedOut
      ? this.#fake.handle(request, url)
      : { status: 200, headers: {}, body: new Uint8Array() };
    this.exchanges.push({ kind, occurrence, method, sent: request.body.length, reply });
    const sent: Sent = isHit
      ? mutation!.apply(reply, method)
      : { bytes: encodeReply(reply, method), ending: "keep" };
    if (isHit) this.spoilt++;
    this.said += new TextDecoder("latin1").decode(sent.bytes.subarray(0, 100_000)) + "\n";
    return sent;
  }
}
