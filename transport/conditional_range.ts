/**
 * Reads of a byte range with preconditions that the server judges (RFC 9110, section 13), so that an image
 * that the caller has already costs no body. Loaded with the first such read.
 *
 * @module
 */
import { ImageChanged, NotModified, PreconditionFailed } from "../errors/mod.ts";
import type { Conditions } from "../store/types.ts";
import { statusError } from "./errors.ts";
import { readRange } from "./read_range.ts";

/**
 * Returns what reads a range if the server finds that preconditions hold. A server may ignore them, so
 * that the caller judges the response too.
 *
 * @param conditions The preconditions, which are well-formed.
 * @param areDatesSent Whether the server compares dates as they are. Swift rounds its own up. Default: `true`.
 * @returns A function as `readRange`, which throws `NotModified` and `PreconditionFailed` too.
 */
export function readRangeIf(conditions: Conditions, areDatesSent = true): typeof readRange {
  const sent = areDatesSent ? conditions : withoutDates(conditions);
  return (transport, request, options) => {
    const { url } = request;
    const headers = new Headers(request.headers);
    const fields = mayBeSent(new URL(url)) ? conditionFields(sent) : [];
    for (const [name, value] of fields) headers.set(name, value);
    let isOpen = false;
    return readRange(transport, {
      ...request,
      headers,
      async fail(response) {
        const { status } = response;
        if (status !== 304 && status !== 412) {
          return await request.fail?.(response) ?? statusError(response);
        }
        if (isOpen) return new ImageChanged("the image is not the one that was being read");
        const wanted = fields.map(([name, value]) => `${name}: ${value}`).join(", ");
        const detail = `the server responded with ${status} to ${wanted}`;
        return status === 304 ? new NotModified(detail) : new PreconditionFailed(detail);
      },
    }, {
      ...options,
      async onResponse(response) {
        isOpen = true;
        await options.onResponse?.(response);
      },
    });
  };
}

function withoutDates({ ifMatch, ifNoneMatch }: Conditions): Conditions {
  return { ifMatch, ifNoneMatch };
}

/** A browser requests the permission of another origin first, which few of them give for these fields. */
function mayBeSent({ origin }: URL): boolean {
  const { location } = globalThis as { location?: { origin?: string } };
  return location?.origin === undefined || location.origin === origin;
}

/**
 * Returns the header fields of preconditions: those that every server understands alike. Of an entity tag
 * and a date only the tag counts (section 13.2.2), but S3 has servers that judge both. What is left out
 * is judged with the response: Ceph takes `*` and a list in `If-Match` for one entity tag.
 */
function conditionFields(
  { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince }: Conditions,
): [name: string, value: string][] {
  const fields: [string, string | undefined][] = [
    ["if-match", ifMatch],
    ["if-none-match", ifNoneMatch],
    ["if-unmodified-since", ifMatch === undefined ? ifUnmodifiedSince?.toUTCString() : undefined],
    ["if-modified-since", ifNoneMatch === undefined ? ifModifiedSince?.toUTCString() : undefined],
  ];
  return fields.filter((field): field is [string, string] => {
    const [name, value = "*"] = field;
    const isKnown = name !== "if-match" || /^\s*"[^"]*"\s*$/.test(value);
    return isKnown && value.trim() !== "*" && /^[\t\x20-\x7e]*$/.test(value);
  });
}
