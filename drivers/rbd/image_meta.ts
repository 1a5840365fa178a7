/**
 * The texts that are kept with an image: its digests, and marks. `rbd image-meta list` shows them.
 *
 * @module
 */
import { formatInspection, parseInspection } from "../../formats/kept.ts";
import type { ImageFacts } from "../../store/types.ts";
import { parseHexDigest, parseMultihash } from "../../streams/encoding.ts";
import type { Snapshot } from "./snapshot.ts";

/** The key of the text that an image has while this driver adds it: the date. */
export const ADDING = "vitrine.adding";

/** The key of the text that an image in the trash has since this driver deleted it: the date. */
export const DELETED = "vitrine.deleted";

const [CHECKSUM, MULTIHASH] = ["vitrine.checksum", "vitrine.multihash"];
const FORMAT = "vitrine.format";

/** Returns the digests by key. */
export function metadataOf(
  { checksum, multihash, inspection }: Partial<ImageFacts>,
): Record<string, string> {
  const text = inspection && formatInspection(inspection);
  return {
    ...(text ? { [FORMAT]: text } : {}),
    ...(checksum ? { [CHECKSUM]: checksum } : {}),
    ...(multihash ? { [MULTIHASH]: `${multihash.algo}:${multihash.value}` } : {}),
  };
}

/** Returns the digests that are kept with an image; none for one that something else added. */
export async function digestsOf(
  snapshot: Snapshot,
): Promise<Pick<Partial<ImageFacts>, "checksum" | "multihash" | "inspection">> {
  const [checksum, multihash, format] = await Promise.all([
    snapshot.metadata(CHECKSUM),
    snapshot.metadata(MULTIHASH),
    snapshot.metadata(FORMAT),
  ]);
  const [algo, value] = multihash?.split(":") ?? [];
  const md5 = parseHexDigest(checksum, 16);
  const known = parseMultihash(algo, value);
  const inspection = parseInspection(format);
  return {
    ...(inspection ? { inspection } : {}),
    ...(md5 ? { checksum: md5 } : {}),
    ...(known ? { multihash: known } : {}),
  };
}
