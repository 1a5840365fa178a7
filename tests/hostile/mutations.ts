/**
 * What a hostile server makes of a good reply.
 *
 * @module
 */
import {
  encodeReply,
  type Ending,
  type Exchange,
  type Reply,
  type Sent,
  textReply,
} from "./exchange.ts";
import { concatenated, latin1 } from "../faults/wire.ts";

/** Which kind of lie it is: it decides what a client can know. */
export type Lie = "foreign" | "truncated" | "length" | "field" | "broken" | "endless";

/** One thing that is done to a reply. */
export interface Mutation {
  /** What is done. */
  name: string;
  /** The kind of lie. */
  lie: Lie;
  /** Whether the server carries the request out before it lies. */
  isCarriedOut: boolean;
  /** Makes what is sent. */
  apply(reply: Reply, method: string): Sent;
}

const PORTAL = "<html><head><title>Login</title></head><body>Please log in</body></html>";
const HTML = { "content-type": "text/html" };

/** Values that no field should have, and some that it could have. */
const TEXTS = ["", "garbage", "-1", "0", "1.5", "1e999", "99999999999999999999", "NaN", "null"]
  .concat(["%zz", "../../etc/passwd", "2024-13-45T99:99:99Z", "a".repeat(5_000), "[object Object]"])
  .concat(["&lt;html&gt;", "undefined"]);

const VALUES: unknown[] = [null, true, -1, 0, 1.5, 1e300, "", "garbage", "%zz", "../..", [], {}]
  .concat([[[]] as never, { a: null } as never, "a".repeat(5_000), "9999-99-99T99:99:99"]);

/** How many points a reply is cut off at. */
const CUTS = 20;

/**
 * Returns everything that can be done to the reply of an exchange.
 *
 * @param exchange What was recorded.
 * @param documents The replies to other requests, which are sent in place of this one.
 */
export function mutationsOf(
  { reply, method }: Exchange,
  documents: Readonly<Record<string, Reply>>,
): Mutation[] {
  return [
    ...foreign(documents),
    ...(method === "HEAD" ? [] : truncations()),
    ...lengths(),
    ...cuts(),
    ...headerFields(reply),
    ...(method === "HEAD" ? [] : documentFields(reply)),
    ...(method === "HEAD" ? [] : endless()),
  ];
}

function mutation(
  name: string,
  lie: Lie,
  change: (reply: Reply) => Reply,
  { isCarriedOut = true, ending = "close" }: { isCarriedOut?: boolean; ending?: Ending } = {},
): Mutation {
  const apply = (reply: Reply, method: string) => ({
    bytes: encodeReply(change(reply), method),
    ending,
  });
  return { name, lie, isCarriedOut, apply };
}

/** Replies of somebody who has not seen the request, or has not understood it. */
function foreign(documents: Readonly<Record<string, Reply>>): Mutation[] {
  const replies: Record<string, Reply> = {
    "a login page": textReply(200, PORTAL, HTML),
    "an empty 200": textReply(200),
    "an empty 200 of a type": textReply(200, "", { "content-type": "application/json" }),
    "a page with status 404": textReply(404, PORTAL, HTML),
    "a page with status 403": textReply(403, PORTAL, HTML),
    "a page with status 500": textReply(500, PORTAL, HTML),
    "a redirect to itself": textReply(302, "", { location: "/" }),
    "a redirect to a file": textReply(302, "", { location: "file:///etc/passwd" }),
    "a redirect nowhere": textReply(301, "", {}),
    "a 304": textReply(304),
    ...documents,
  };
  // That there is no such image is said by the status alone.
  return Object.entries(replies).map(([name, reply]) =>
    mutation(name, reply.status === 404 ? "field" : "foreign", () => reply, { isCarriedOut: false })
  );
}

/** A document that ends too early, and looks whole. */
function truncations(): Mutation[] {
  return [0, 0.25, 0.5, 0.75, 0.99].map((share) =>
    mutation(`a body of which ${share} is left`, "truncated", (reply) => ({
      ...reply,
      body: reply.body.subarray(0, Math.floor(reply.body.length * share)),
    }))
  );
}

function lengths(): Mutation[] {
  const withLength = (name: string, length: (size: number) => string) =>
    mutation(name, "length", (reply) => ({
      ...reply,
      headers: { ...reply.headers, "content-length": length(reply.body.length) },
    }));
  return [
    withLength("a length of one more", (size) => `${size + 1}`),
    withLength("a length of one less", (size) => `${Math.max(0, size - 1)}`),
    withLength("a length of 0", () => "0"),
    withLength("a huge length", () => "9007199254740991"),
    withLength("a length that is not a number", () => "many"),
    withLength("a negative length", () => "-1"),
    {
      name: "no length",
      lie: "length",
      isCarriedOut: true,
      apply: (reply, method) => ({
        bytes: withoutLength(encodeReply(reply, method)),
        ending: "close",
      }),
    },
  ];
}

/** Returns a reply without its `content-length`. Only the head is taken apart: bodies may be large. */
function withoutLength(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 65_536));
  const size = text.indexOf("\r\n\r\n");
  const head = text.slice(0, size).replace(/\r\ncontent-length: .*/, "");
  return concatenated([latin1(head), bytes.subarray(size)]);
}

/** Connections that end, or fall silent, in the middle. */
function cuts(): Mutation[] {
  const cut = (name: string, share: number, isCarriedOut: boolean, ending: Ending): Mutation => ({
    name,
    lie: "broken",
    isCarriedOut,
    apply: (reply, method) => {
      const bytes = encodeReply(reply, method);
      return { bytes: bytes.slice(0, Math.floor(bytes.length * share)), ending };
    },
  });
  return [
    ...Array.from(
      { length: CUTS },
      (_, i) => cut(`a reset at ${i}/${CUTS}`, i / CUTS, true, "close"),
    ),
    cut("a reset without work", 0, false, "close"),
    cut("a stall without work", 0, false, "stall"),
    cut("a stall before the head", 0, true, "stall"),
    cut("a stall in the head", 0.1, true, "stall"),
    cut("a stall at the end", 0.98, true, "stall"),
  ];
}

/** Bodies without an end. */
function endless(): Mutation[] {
  return ([true, false] as const).map((isPage): Mutation => ({
    name: isPage ? "an endless page" : "its own body for ever",
    lie: "endless",
    isCarriedOut: true,
    apply: (reply, method) => {
      const whole = isPage ? textReply(200, PORTAL.repeat(1_000), HTML) : reply;
      const bytes = withoutLength(encodeReply(whole, method));
      return { bytes, ending: "endless" };
    },
  }));
}

function headerFields(reply: Reply): Mutation[] {
  return Object.keys(reply.headers).flatMap((name) => [
    mutation(`no ${name}`, "field", (reply) => {
      const { [name]: _, ...headers } = reply.headers;
      return { ...reply, headers };
    }),
    ...TEXTS.map((text) =>
      mutation(`${name}: ${text.slice(0, 20)}`, "field", (reply) => ({
        ...reply,
        headers: { ...reply.headers, [name]: text },
      }))
    ),
  ]);
}

function documentFields(reply: Reply): Mutation[] {
  const text = new TextDecoder().decode(reply.body.subarray(0, 100_000));
  if (/^\s*[[{]/.test(text)) return jsonFields(text);
  if (/^\s*</.test(text)) return xmlFields(text);
  return [];
}

function editText(name: string, edit: (text: string) => string): Mutation {
  return mutation(name, "field", (reply) => ({
    ...reply,
    body: new TextEncoder().encode(edit(new TextDecoder().decode(reply.body))),
  }));
}

function xmlFields(text: string): Mutation[] {
  const names = new Set([...text.matchAll(/<([A-Za-z][\w:]*)/g)].map(([, name]) => name!));
  return [...names].flatMap((name) => {
    const element = new RegExp(`<${name}(\\s[^>]*)?>([\\s\\S]*?)</${name}>`);
    const isLeaf = !element.exec(text)?.[2]?.includes("<");
    return [
      editText(`no <${name}>`, (text) => text.replace(element, "")),
      editText(`<${name}> twice`, (text) => text.replace(element, "$&$&")),
      editText(`<${name}> renamed`, (text) => text.replaceAll(`${name}>`, "Other>")),
      editText(
        `<${name}> with a child`,
        (text) => text.replace(element, `<${name}><X>1</X></${name}>`),
      ),
      ...(isLeaf ? TEXTS : [""]).map((value) =>
        editText(
          `<${name}>${value.slice(0, 20)}`,
          (text) => text.replace(element, () => `<${name}>${value}</${name}>`),
        )
      ),
    ];
  });
}

type Path = readonly (string | number)[];

function jsonFields(text: string): Mutation[] {
  const paths: Path[] = [];
  const walk = (value: unknown, path: Path) => {
    // Of a list the first entry stands for all.
    paths.push(path);
    if (Array.isArray(value)) { if (value.length > 0) walk(value[0], [...path, 0]); }
    else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name]);
    }
  };
  walk(JSON.parse(text), []);
  return paths.flatMap((path) => [
    ...(path.length === 0 ? [] : [
      editText(`no ${path.join(".")}`, (text) => replaceAt(text, path, undefined)),
    ]),
    ...VALUES.map((value) =>
      editText(
        `${path.join(".")}: ${JSON.stringify(value).slice(0, 20)}`,
        (text) => replaceAt(text, path, value),
      )
    ),
  ]);
}

/** Replaces what is at a path of a JSON document, if there is something. */
function replaceAt(text: string, path: Path, value: unknown): string {
  const root = { at: JSON.parse(text) as unknown };
  let parent = root as Record<string | number, unknown>;
  let key: string | number = "at";
  for (const next of path) {
    const inner: unknown = parent[key];
    if (typeof inner !== "object" || inner === null) return text;
    [parent, key] = [inner as Record<string, unknown>, next];
  }
  if (value === undefined) delete parent[key];
  else parent[key] = value;
  return JSON.stringify(root.at) ?? "null";
}
