/**
 * A sequence of operations that a seed repeats, on images that both peers have their own copy of.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { seeded } from "../faults/random.ts";
import type { Observation } from "./differences.ts";
import type { Peer, Request } from "./peer.ts";

/** Whose an image is: glance_store added it, or Vitrine. */
type Owner = "g" | "v";

/** An image in two copies, one added by each peer. */
interface Twins {
  from: number;
  size: number;
  ids: Record<Owner, string>;
  uris: Record<Owner, string>;
}

/** What a sequence works on. */
export interface Scene {
  /** Name of the store. */
  store: string;
  /** Its type. */
  type: string;
  /** glance_store. */
  glance: Peer;
  /** Vitrine. */
  vitrine: Peer;
  /** Seed of the sequence. */
  seed: number;
  /** What the names of the images begin with. */
  token: string;
  /** The data that images are ranges of. */
  data: Uint8Array;
  /** URIs that name no image. */
  badUris: readonly string[];
  /** URIs of images that are there already, for a store that takes none; where their data is. */
  given?: readonly { uri: string; from: number; size: number }[];
}

/** Sizes around everybody's buffers, chunks, segments and parts. */
const SIZES = [
  ...[0, 1, 511, 512, 4_095, 65_535, 65_536, 65_537, 1_000_000, 1_024_000, 1_024_001],
  ...[1_048_576, 2_047_999, 2_048_000, 2_048_001, 3_333_333, 4_194_303, 4_194_304, 4_194_305],
  ...[6_291_455, 6_291_456, 6_291_457, 9_000_001, 10_485_760],
];

/** What names may end with. */
const ENDINGS = [
  ...["", ".qcow2", " two words", "-\u00e9\u4e2d", "%41", "+plus", "~tilde", "(1)", "'quoted'"],
  ...["&a=b", "?query", "#fragment", "@at", ":colon", ";semicolon", "[x]", '"', "*"],
];

/** What is tried, and how often of a hundred. */
const INTENTS: Record<string, number> = {
  add: 22,
  "add of an id that exists": 4,
  "add of a size unknown": 6,
  "add of a wrong size": 3,
  "add of data that breaks off": 3,
  "add with an unknown algorithm": 2,
  get: 18,
  range: 8,
  getSize: 10,
  delete: 10,
  "get what is missing": 2,
  "getSize of what is missing": 2,
  "delete what is missing": 2,
  "bad URI": 5,
  setAcls: 3,
};

/** Runs operations and gives what was seen of each; of what is left on the store every so often. */
export async function* sequence(scene: Scene, operations: number): AsyncGenerator<Observation> {
  const { store, type, glance, vitrine, token, data } = scene;
  const random = seeded(scene.seed);
  const below = (count: number) => Math.floor(random() * count);
  const among = <T>(list: readonly T[]) => list[below(list.length)]!;
  const twins: Twins[] = (scene.given ?? []).map(({ uri, ...rest }) => ({
    ...rest,
    ids: { g: uri, v: uri },
    uris: { g: uri, v: uri },
  }));
  const intents = Object.entries(INTENTS).flatMap(([intent, often]) => Array(often).fill(intent));
  const truthOf = ({ from, size }: { from: number; size: number }) => ({
    size,
    sha256: createHash("sha256").update(data.subarray(from, from + size)).digest("hex"),
  });
  const anonymous = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value).replaceAll(new RegExp(`(${token}-\\d+-)[gv]`, "g"), "$1x"));
  const both = async (
    intent: string,
    forGlance: Request,
    forVitrine: Request = forGlance,
    truth?: Observation["truth"],
  ): Promise<Observation> => ({
    type,
    intent,
    request: forGlance,
    glance: anonymous(await glance.ask(forGlance)),
    vitrine: anonymous(await vitrine.ask(forVitrine)),
    truth,
  });

  // Where more is declared than comes, glance_store has Swift wait for it, a minute long.
  const longer = type === "swift" ? [-1, -1000] : [-1, 1, 1000];

  let count = 0;
  async function* added(intent: string): AsyncGenerator<Observation> {
    const size = random() < 0.7 ? below(300_000) : among(SIZES);
    const from = below(data.length - size);
    const ending = random() < 0.7 ? "" : among(ENDINGS);
    const ids = { g: `${token}-${count}-g${ending}`, v: `${token}-${count}-v${ending}` };
    count++;
    const request: Request = {
      operation: "add",
      store,
      from,
      size,
      declared: intent === "add of a size unknown"
        ? 0
        : intent === "add of a wrong size"
        ? Math.max(1, size + among(longer))
        : size,
      algorithm: intent === "add with an unknown algorithm"
        ? "sha999"
        : among(["sha512", "sha256", "md5", "sha1", "sha3_256"]),
    };
    if (intent === "add of data that breaks off") request.breaks = below(size + 1);
    const requests = { g: { ...request, id: ids.g }, v: { ...request, id: ids.v } };
    const [g, v] = [await glance.ask(requests.g), await vitrine.ask(requests.v)];
    yield {
      type,
      intent,
      request: requests.g,
      glance: anonymous(g),
      vitrine: anonymous(v),
      truth: truthOf(request as { from: number; size: number }),
    };
    if (g.value && v.value) {
      const uris = { g: String(g.value.location), v: String(v.value.location) };
      twins.push({ from, size, ids, uris });
    } else if (g.value) {
      await glance.ask({ operation: "delete", store, uri: String(g.value.location) });
    } else if (v.value) {
      await vitrine.ask({ operation: "delete", store, uri: String(v.value.location) });
    }
  }

  for (let i = 0; i < operations; i++) {
    const intent = among(intents);
    const one = twins.length > 0 ? among(twins) : undefined;
    const owners: Owner[] = scene.given ? ["g"] : ["g", "v"];
    const missing = scene.given
      ? `${scene.given[0]!.uri}-missing`
      : one?.uris.g.replace(/-\d+-g/, "-99999-g");
    if (intent.startsWith("add") && intent !== "add of an id that exists") {
      yield* added(intent);
    } else if (intent === "bad URI") {
      const operation = among(["get", "getSize", "delete"] as const);
      yield await both(intent, { operation, store, uri: among(scene.badUris) });
    } else if (one === undefined || missing === undefined) {
      yield* added("add");
    } else if (intent === "add of an id that exists") {
      // Each adds what the other has, with the same data: one that overwrites it changes nothing.
      // glance_store overwrites on Swift, and then nobody finds the segments of what was there.
      const small = twins.find(({ size }) => size < 1_000_000);
      if (small === undefined) continue;
      const { from, size } = small;
      const ids = scene.given ? { g: "image-0", v: "image-0" } : small.ids;
      const request = {
        operation: "add",
        store,
        from,
        size,
        declared: size,
        algorithm: "md5",
      } as const;
      yield await both(
        intent,
        { ...request, id: ids.v },
        { ...request, id: ids.g },
        truthOf(small),
      );
    } else if (intent === "get") {
      for (const owner of owners) {
        const request = { operation: "get", store, uri: one.uris[owner] } as const;
        yield await both(intent, request, request, truthOf(one));
      }
    } else if (intent === "range") {
      const offset = below(one.size + 1);
      const length = random() < 0.3 ? undefined : 1 + below(one.size + 10);
      const { from, size } = one;
      const end = Math.min(size, offset + (length ?? size));
      for (const owner of owners) {
        const request: Request = { operation: "get", store, uri: one.uris[owner], offset };
        if (length !== undefined) request.length = length;
        const truth = truthOf({ from: from + offset, size: end - offset });
        yield await both(intent, request, request, truth);
      }
    } else if (intent === "getSize") {
      for (const owner of owners) {
        const request = { operation: "getSize", store, uri: one.uris[owner] } as const;
        yield await both(intent, request, request, truthOf(one));
      }
    } else if (intent === "delete") {
      // Each deletes what the other has added, or its own.
      const [first, second] = among([["g", "v"], ["v", "g"]] as const);
      const seen = await both(
        intent,
        { operation: "delete", store, uri: one.uris[first] },
        { operation: "delete", store, uri: one.uris[second] },
      );
      yield seen;
      if (seen.glance.value && seen.vitrine.value) twins.splice(twins.indexOf(one), 1);
    } else if (intent === "setAcls") {
      // Other stores than Swift look whether they are there.
      const read = type === "swift" ? ["one", "two"] : [];
      const request: Request = { operation: "setAcls", store, public: random() < 0.5, read };
      yield await both(intent, { ...request, uri: one.uris.g }, { ...request, uri: one.uris.v });
    } else {
      const operation = intent.split(" ")[0] as "get" | "getSize" | "delete";
      yield await both(intent, { operation, store, uri: missing });
    }
    if (!scene.given && (i + 1) % 100 === 0) yield* whatIsLeft();
  }
  if (scene.given) return;
  yield* whatIsLeft();
  yield* whatStays();

  /** What the store holds of each peer's images, seen with nobody's driver: names that differ. */
  async function* whatIsLeft(): AsyncGenerator<Observation> {
    const listed = await listing();
    const of = (owner: Owner) =>
      new Map(
        [...listed].filter(([name]) => new RegExp(`${token}-\\d+-${owner}`).test(name))
          .map(([name, what]) => [anonymous(name), what]),
      );
    const [g, v] = [of("g"), of("v")];
    for (const name of new Set([...g.keys(), ...v.keys()])) {
      const request = { operation: "left", store, id: name } as const;
      const seen = (what: unknown) => ({ value: { [name]: what } });
      yield {
        type,
        intent: "what is left",
        request,
        glance: seen(g.get(name)),
        vitrine: seen(v.get(name)),
      };
    }
  }

  /** What is still there of Vitrine when every image is deleted. */
  async function* whatStays(): AsyncGenerator<Observation> {
    for (const { uris } of twins) {
      for (const [peer, uri] of [[glance, uris.g], [vitrine, uris.v]] as const) {
        await peer.ask({ operation: "delete", store, uri });
      }
    }
    for (const [name, what] of await listing()) {
      if (new RegExp(`${token}-\\d+-g`).test(name)) continue;
      const request = { operation: "left", store, id: anonymous(name) } as const;
      yield {
        type,
        intent: "what stays",
        request,
        glance: { value: {} },
        vitrine: { value: { what } },
      };
    }
  }

  async function listing(): Promise<Map<string, unknown>> {
    const { value = {}, error, message } = await glance.ask({ operation: "left", store, token });
    if (error) throw new Error(`${store}: ${error}: ${message}`);
    return new Map(Object.entries(value).filter(([name]) => name.includes(token)));
  }
}
