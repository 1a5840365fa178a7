/**
 * Where Vitrine is known to do other than glance_store 4.1, and why. Everything else that differs is a
 * failure of the differential test.
 *
 * @module
 */
import type { Outcome, Request } from "./peer.ts";

/** One operation, and what came of it on either side. */
export interface Observation {
  /** Type of the store: `file`, `http`, `s3`, `swift` or `rbd`. */
  type: string;
  /** What the operation is meant to try. */
  intent: string;
  /** What was asked; of an add, what glance_store was asked. */
  request: Request;
  /** What glance_store did. */
  glance: Outcome;
  /** What Vitrine did. */
  vitrine: Outcome;
  /** What the image holds, where there is one. */
  truth?: { size: number; sha256: string } | undefined;
}

/** A difference that is meant. */
export interface Difference {
  /** What differs and why. */
  reason: string;
  /** Whether an observation is one. */
  is(seen: Observation): boolean;
}

/** Names that glance_store puts into a URI in a way that it does not find them by. */
const UNREADABLE = /[?#]|%[0-9a-f]{2}/i;
const UNREADABLE_S3 = /[?#@]|%[0-9a-f]{2}/i;

/** Names of Swift's users are encoded on both sides. */
function withoutUser(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, "//");
}

/** Whether Vitrine gives what the image holds. */
function isRight({ vitrine, truth }: Observation): boolean {
  const { count, sha256 } = vitrine.value ?? {};
  return truth !== undefined && count === truth.size && sha256 === truth.sha256;
}

/** What a store's own client reports of the one name that is looked at. */
function leftOf({ value }: Outcome): unknown[] | undefined {
  return Object.values(value ?? {})[0] as unknown[] | undefined;
}

/** The differences. */
export const DIFFERENCES: readonly Difference[] = [
  {
    reason: "Data of another size than declared is an error and leaves nothing; glance_store's " +
      "drivers keep it, cut it off or fail in their backend's words.",
    is: ({ intent, vitrine }) =>
      intent === "add of a wrong size" && vitrine.error === "SizeMismatch",
  },
  {
    reason:
      "Names with ?, # and % (on s3 with @ too) are encoded in the URI, or refused where they " +
      "cannot be (file). glance_store writes them as they are and decodes nothing: it does not find " +
      "again what it wrote with ? and #, nor what Vitrine did, and its %41 is read as A. The ids that " +
      "Glance makes, UUIDs, have none of these.",
    is: ({ type, request }) =>
      ["file", "s3", "swift"].includes(type) &&
      (type === "s3" ? UNREADABLE_S3 : UNREADABLE).test(
        `${request.id} ${withoutUser(request.uri ?? "")}`,
      ),
  },
  {
    reason: "Ranges are read everywhere; glance_store reads them from files alone.",
    is: (seen) =>
      seen.intent === "range" && seen.type !== "file" &&
      seen.glance.error === "StoreRandomGetNotSupported" && isRight(seen),
  },
  {
    reason: "An id that exists is Duplicate; glance_store overwrites it on Swift without a word.",
    is: ({ type, intent, glance, vitrine }) =>
      type === "swift" && intent === "add of an id that exists" && glance.value !== undefined &&
      vitrine.error === "Duplicate",
  },
  {
    reason:
      "What a busy Swift drops is sent again; glance_store cannot read the data again and fails.",
    is: ({ type, glance, vitrine }) =>
      type === "swift" && glance.error === "BackendException" &&
      glance.message!.includes("no ability to reset contents") && vitrine.value !== undefined,
  },
  {
    reason: "The size of what is not there is NotFound; glance_store says 0 on Swift.",
    is: ({ type, intent, glance, vitrine }) =>
      type === "swift" && intent === "getSize of what is missing" && glance.value?.size === 0 &&
      vitrine.error === "NotFound",
  },
  {
    reason: "New Swift locations name the account and hold no password, also without a " +
      "swift_store_config_file; glance_store reads both forms.",
    is: ({ type, glance, vitrine }) => {
      if (type !== "swift" || !glance.value || !vitrine.value) return false;
      const { location, ...rest } = glance.value;
      const { location: here, ...restHere } = vitrine.value;
      return /^swift\+https?:\/\//.test(`${location}`) && /^swift\+config:\/\//.test(`${here}`) &&
        JSON.stringify(rest) === JSON.stringify(restHere);
    },
  },
  {
    reason: "Files outside a store's directory are not the store's, whatever their URI; " +
      "glance_store reads and deletes them.",
    is: ({ type, intent, request, vitrine }) =>
      type === "file" && intent === "bad URI" && /^(file|filesystem):/i.test(request.uri!) &&
      vitrine.error === "BadStoreUri",
  },
  {
    reason: "What Python's URL parser throws is BadStoreUri.",
    is: ({ intent, glance, vitrine }) =>
      intent === "bad URI" && glance.error === "builtins.ValueError" &&
      vitrine.error === "BadStoreUri",
  },
  {
    reason:
      "A location without a host is BadStoreUri; glance_store never looks at an s3 location's " +
      "host and asks its own.",
    is: ({ type, request, vitrine }) =>
      type === "s3" && /@\//.test(request.uri ?? "") && vitrine.error === "BadStoreUri",
  },
  {
    reason:
      "A location in another Ceph cluster is not the store's; glance_store looks for its image " +
      "in its own cluster, whatever the location's fsid.",
    is: ({ type, intent, request, vitrine }) =>
      type === "rbd" && intent === "bad URI" && /^rbd:\/\/[^/]+(\/[^/]+){3}$/.test(request.uri!) &&
      vitrine.error === "BadStoreUri",
  },
  {
    reason: "With a base_url, an http store has what lies below it, and a directory is no image.",
    is: ({ type, intent, request, vitrine }) =>
      type === "http" && intent === "bad URI" && request.uri!.endsWith("/") &&
      vitrine.error === "BadStoreUri",
  },
  {
    reason: "A store that takes no images says so before it looks at the digest algorithm.",
    is: ({ type, intent, glance, vitrine }) =>
      type === "http" && intent === "add with an unknown algorithm" &&
      glance.error === "UnknownHashingAlgo" && vitrine.error === "StoreAddDisabled",
  },
  {
    reason:
      "Data that breaks off leaves nothing; glance_store leaves an upload in parts unfinished, " +
      "which is paid for.",
    is: ({ type, intent, request, vitrine }) =>
      type === "s3" && intent === "what is left" && request.id!.startsWith("unfinished ") &&
      leftOf(vitrine) === undefined,
  },
  {
    reason: "Where nobody knows the size, s3 gets parts as soon as there is enough for one; " +
      "glance_store collects the whole image in memory. Only the entity tag shows it.",
    is: ({ type, intent, glance, vitrine }) => {
      const [g, v] = [leftOf(glance), leftOf(vitrine)];
      return type === "s3" && intent === "what is left" && g?.[0] === v?.[0] &&
        /-\d+"$/.test(`${v?.[1]}`) && !/-\d+"$/.test(`${g?.[1]}`);
    },
  },
  {
    reason: "Segments have names of Vitrine's own, so that two uploads never share one.",
    is: ({ type, intent, request, glance, vitrine }) =>
      type === "swift" && intent === "what is left" &&
      (request.id!.includes("/.segments/")
        ? leftOf(glance) === undefined
        : /-\d{5}$/.test(request.id!) && leftOf(vitrine) === undefined),
  },
  {
    reason: "A public image is anybody's, and keeps the tenants that were named; glance_store's " +
      "`*:*` in their place is anybody's who has a token.",
    is: ({ type, intent, glance, vitrine }) => {
      const [[...g], [...v]] = [leftOf(glance) ?? [], leftOf(vitrine) ?? []];
      const acls = JSON.stringify([g.pop(), v.pop()]);
      return type === "swift" && intent === "what is left" &&
        acls === '[["*:*",null],[".r:*,one:*,two:*",null]]' &&
        JSON.stringify(g) === JSON.stringify(v);
    },
  },
  {
    reason:
      "Swift lists a static manifest with the image's size, a dynamic one of glance_store with 0; " +
      "and where nobody knows the size, glance_store makes a manifest of one segment of a small image, " +
      "which Vitrine sends whole.",
    is: ({ type, intent, glance, vitrine }) =>
      type === "swift" && intent === "what is left" && leftOf(glance)?.[0] === 0 &&
      Number(leftOf(vitrine)?.[0]) > 0,
  },
];
