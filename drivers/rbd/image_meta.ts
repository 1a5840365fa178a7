/**
 * The texts that are kept with an image: its digests, and marks. `rbd image-meta list` shows them.
 *
 * @module
 */
import type { ImageDigest } from "../../store/types.ts";
import type { Snapshot } from "./snapshot.ts";

/** The key of the text that an image has while this driver adds it: the date. */
export const ADDING = "vitrine.adding";

/** The key of the text that an image in the trash has since this driver deleted it: the date. */
export const DELETED = "vitrine.deleted";

const [CHECKSUM, MULTIHASH] = ["vitrine.checksum", "vitrine.multihash"];

/** The digests by key. */
export function metadataOf(
  { checksum, multihash }: Partial<ImageDigest>,
): Record<string, string> {
  return {
    ...(checksum ? { [CHECKSUM]: checksum } : {}),
    ...(multihash ? { [MULTIHASH]: `${multihash.algo}:${multihash.value}` } : {}),
  };
}

/** The digests that are kept with an image; none for one that something else added. */
export async function digestsOf(
  snapshot: Snapshot,
): Promise<Pick<Partial<ImageDigest>, "checksum" | "multihash">> {
  const [checksum, multihash] = await Promise.all([
    snapshot.metadata(CHECKSUM),
    snapshot.metadata(MULTIHASH),
  ]);
  const [algo, value] = multihash?.split(":") ?? [];
  return {
    ...(checksum ? { checksum } : {}),
    ...(algo && value ? { multihash: { algo, value } } : {}),
  };
}
