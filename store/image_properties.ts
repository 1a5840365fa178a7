/**
 * What a caller stores with an image beside its bytes: media type, cache control and metadata. The rules
 * are those that every store with the ability keeps, so that a copy can go from any to any.
 *
 * @module
 */
import { Invalid } from "../errors/mod.ts";
import type { DriverStat, ImageProperties } from "./types.ts";

/** What Vitrine and glance_store keep under names of their own. */
const RESERVED = /^(vitrine-.*|checksum|os-hash-(algo|value)|upload-id|image-size|mtime)$/;

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const TEXT = /^[!-~]([ -~]{0,254}[!-~])?$/;
const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+([ \t]*;[ -~]+)?$/;

/** How many characters names and values have together at most. S3 has 2,048, with those of Vitrine. */
const LIMIT = 1024;

/** What servers say of data of which they know nothing. */
const UNKNOWN_TYPE = /^(application|binary)\/octet-stream$/;

/**
 * Validates what is to be stored with an image.
 *
 * @param properties The media type, the cache control and the metadata.
 * @returns Those that are set, or `undefined` if none is.
 * @throws {Invalid} If one is not what every store can keep.
 */
export function checkProperties(
  { contentType, cacheControl, metadata }: ImageProperties,
): ImageProperties | undefined {
  const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 100);
  if (contentType !== undefined && !isType(contentType)) {
    throw new Invalid(`contentType is ${shown(contentType)}, allowed is a media type`);
  }
  if (cacheControl !== undefined && !isText(cacheControl)) {
    throw new Invalid(
      `cacheControl is ${shown(cacheControl)}, allowed is up to 256 bytes of ASCII`,
    );
  }
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null)) {
    throw new Invalid(`metadata is ${shown(metadata)}, allowed is a record of texts`);
  }
  const entries = Object.entries(metadata ?? {});
  for (const [name, value] of entries) {
    if (RESERVED.test(name)) throw new Invalid(`the name ${shown(name)} in metadata is reserved`);
    if (!NAME.test(name)) {
      throw new Invalid(
        `the name ${
          shown(name)
        } in metadata has other characters than a-z, 0-9 and "-", or over 64`,
      );
    }
    if (!isText(value)) {
      throw new Invalid(`metadata ${name} is ${shown(value)}, allowed is up to 256 bytes of ASCII`);
    }
  }
  const length = entries.flat().join("").length;
  if (length > LIMIT) throw new Invalid(`metadata has ${length} characters, at most ${LIMIT}`);
  if (contentType === undefined && cacheControl === undefined && entries.length === 0) {
    return undefined;
  }
  return { contentType, cacheControl, ...entries.length > 0 && { metadata } };
}

/** What a copy keeps of what was stored with an image. */
export interface CopiedProperties {
  /** What it keeps. */
  kept: ImageProperties;
  /** What is lost, or a part of it. */
  notKept: (keyof ImageProperties)[];
}

/**
 * Returns what a copy keeps of what was stored with an image. What no `add` could have stored is lost.
 *
 * @param known What the store of the image says.
 * @param canKeep Whether the store of the copy keeps anything.
 * @returns What is kept, and what is lost.
 */
export function copiedProperties(
  { contentType, cacheControl, metadata = {} }: DriverStat,
  canKeep: boolean,
): CopiedProperties {
  // What is not a text is the backend's own: a date, a number.
  const texts = Object.entries(metadata)
    .filter(([name, value]) => typeof value === "string" && !RESERVED.test(name));
  const entries = texts.filter(([name, value]) => NAME.test(name) && isText(value));
  const isWithin = canKeep && entries.flat().join("").length <= LIMIT;
  const kept: ImageProperties = {
    ...canKeep && isType(contentType) && isKnown(contentType) && { contentType },
    ...canKeep && isText(cacheControl) && { cacheControl },
    ...isWithin && { metadata: Object.fromEntries(entries) as Record<string, string> },
  };
  const isLost: Required<Record<keyof ImageProperties, boolean>> = {
    contentType: contentType !== undefined && isKnown(contentType) && !kept.contentType,
    cacheControl: cacheControl !== undefined && !kept.cacheControl,
    metadata: texts.length > Object.keys(kept.metadata ?? {}).length,
  };
  const names = Object.keys(isLost) as (keyof ImageProperties)[];
  return { kept, notKept: names.filter((name) => isLost[name]) };
}

/**
 * Formats what is stored with an image as header fields.
 *
 * @param properties The media type, the cache control and the metadata.
 * @param prefix What the names of metadata begin with in header fields.
 * @returns The header fields.
 */
export function formatProperties(
  { contentType, cacheControl, metadata = {} }: ImageProperties,
  prefix: string,
): Record<string, string> {
  return {
    ...contentType !== undefined && { "content-type": contentType },
    ...cacheControl !== undefined && { "cache-control": cacheControl },
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [prefix + name, value])),
  };
}

function isKnown(contentType: string): boolean {
  return !UNKNOWN_TYPE.test(contentType);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && TEXT.test(value);
}

function isType(value: unknown): value is string {
  return typeof value === "string" && value.length <= 256 && MEDIA_TYPE.test(value);
}
