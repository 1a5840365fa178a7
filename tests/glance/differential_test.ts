/**
 * glance_store and Vitrine side by side on the same stores: the same sequence of operations, each
 * peer reading and deleting what the other has written.
 *
 * `VITRINE_GLANCE_OPERATIONS` says how many operations a store sees (500), `VITRINE_GLANCE_SEED` (1)
 * which ones.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openStores } from "../../mod.ts";
import { loadGlanceConf } from "../../config/glance_conf/mod.ts";
import { seeded } from "../faults/random.ts";
import { serviceTest } from "../services/mod.ts";
import { makePlace, type Place } from "./backends.ts";
import { DIFFERENCES, type Observation } from "./differences.ts";
import { GlancePeer, VitrinePeer } from "./peer.ts";
import { type Scene, sequence } from "./sequence.ts";

const OPERATIONS = Number(Deno.env.get("VITRINE_GLANCE_OPERATIONS") ?? 500);
const SEED = Number(Deno.env.get("VITRINE_GLANCE_SEED") ?? 1);

/** Bytes of data that images are ranges of. */
const DATA = 16 * 2 ** 20;

for (
  const [store, type, services] of [
    ["files", "file", []],
    ["web", "http", ["nginx"]],
    ["objects", "s3", ["ceph"]],
    ["swift", "swift", ["swift"]],
    ["accounts", "swift", ["keystone"]],
    ["tenants", "swift", ["keystone"]],
    ["ceph", "rbd", ["ceph"]],
  ] as const
) {
  serviceTest(`${store}: nothing differs that is not listed`, ["glance_store", ...services], (
    endpoints,
  ) =>
    compare(store, type, (endpoints as Record<string, { python: string }>).glance_store!.python));
}

async function compare(store: string, type: string, python: string): Promise<void> {
  await using place = await makePlace([store]);
  const data = randomBytes(SEED);
  const file = join(place.folder, "data");
  await Deno.writeFile(file, data);
  await Deno.writeTextFile(join(place.folder, "outside"), "not an image");
  await using stores = await openStores(await loadGlanceConf({ files: [place.configuration] }));
  await using glance = new GlancePeer(python, place.configuration, file, place.caller);
  const vitrine = new VitrinePeer(stores, data, place.caller);
  const { token } = place;
  const scene = { store, type, glance, vitrine, seed: SEED, token, data };

  const unlisted = new Map<string, string>();
  try {
    const badUris = badUrisOf(type, place);
    const given = place.web && type === "http" ? await published(place.web, data) : undefined;
    for await (const seen of sequence({ ...scene, badUris, ...(given && { given }) }, OPERATIONS)) {
      if (!differs(seen) || DIFFERENCES.some((difference) => difference.is(seen))) continue;
      const { intent, request: { operation, uri }, glance, vitrine } = seen;
      const kind = [
        intent,
        intent === "bad URI" && `${operation} ${uri}`,
        glance.error,
        vitrine.error,
      ];
      unlisted.set(kind.join(), JSON.stringify(seen));
    }
  } finally {
    await glance.ask({ operation: "clean", store, token });
  }
  // One of each kind.
  for (const text of unlisted.values()) console.error(text);
  assertEquals(unlisted.size, 0, "kinds of differences that are not listed");
}

/** Whether the peers disagree, or agree on what is not so. */
function differs({ glance, vitrine, truth }: Observation): boolean {
  if (glance.error !== undefined || vitrine.error !== undefined) {
    return glance.error !== vitrine.error;
  }
  if (JSON.stringify(glance.value) !== JSON.stringify(vitrine.value)) return true;
  const { size, count, sha256 } = vitrine.value!;
  if (truth === undefined) return false;
  if (size !== undefined && size !== truth.size) return true;
  return sha256 !== undefined && (count !== truth.size || sha256 !== truth.sha256);
}

function randomBytes(seed: number): Uint8Array<ArrayBuffer> {
  const random = seeded(seed);
  const words = new Uint32Array(DATA / 4).map(() => random() * 2 ** 32);
  return new Uint8Array(words.buffer);
}

async function published(
  web: NonNullable<Place["web"]>,
  data: Uint8Array,
): Promise<NonNullable<Scene["given"]>> {
  const images = [0, 1, 1000, 65_536, 1_000_003, 4_194_305].map((size, i) => ({
    uri: `${web.url}image-${i}`,
    from: i * 1000,
    size,
  }));
  for (const { uri, from, size } of images) {
    const path = join(web.folder, uri.slice(web.url.length));
    await Deno.writeFile(path, data.subarray(from, from + size));
  }
  return images;
}

/** URIs that name no image, and some that name none of this type. */
function badUrisOf(type: string, { folder, web, token }: Place): string[] {
  const common = ["", "nonsense", "ftp://example.org/x", "memory://x/y", "FILE:///x", "://"];
  switch (type) {
    case "file":
      // glance_store does to files outside its directory what it is asked to, deleting included.
      return [
        ...common,
        ...["file://", "file:///no/such", "filesystem:///no/such", "s3://h/b/k"],
        ...[`file://${folder}/outside`, `file://${folder}/files/../outside`],
        ...[`file://${folder}/files`, `file://${folder}/files/%2e%2e/outside`],
        ...[`file://host${folder}/files/${token}`, `file://${folder}/files/${token}`],
      ];
    case "http":
      return [
        ...common,
        ...["http://", "http:///x", `${web!.url}missing`, "http://127.0.0.1:1/refused"],
        ...[`${web!.url}`, "http://user@127.0.0.1/x", "file:///no/such", "http://[::1/x"],
      ];
    case "s3":
      return [
        ...common,
        ...["s3://", "s3://host", "s3://host/bucket", "s3://a:b@host/bucket", "s3://a@host/b/k"],
        ...["s3://s3://a:b@h/b/k", "s3+ftp://a:b@h/b/k", "s3://a:b@/bucket/key"],
      ];
    case "swift":
      return [
        ...common,
        ...["swift://", "swift+config://no/such/account", "swift+config://ref1", "file:///x"],
        ...["swift://user:key@http://host/v1/container/object", "swift+config://ref1/container"],
        ...["swift+ftp://u:k@h/v1/c/o", "swift+config://", "swift+config:///container/object"],
      ];
    default:
      return [
        ...common,
        ...["rbd://", "rbd:///", "rbd://a/b", "rbd://a/b/c", "rbd://a/b/c/d/e", "rbd://a//c/d"],
        ...[`rbd://${token}-no-such`, "rbd://no-such-fsid/images/image/snap", "rbd://\u00e9"],
      ];
  }
}
