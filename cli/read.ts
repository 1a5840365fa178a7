/**
 * The bytes of images, as commands read them.
 *
 * @module
 */
import type { GetOptions } from "../store/mod.ts";
import type { Vfs } from "../vfs/mod.ts";
import { setTreePath } from "../vfs/errors.ts";
import type { Progress } from "./progress.ts";

/** The chunks of an image, opened with the first: errors on the way name its path of the tree too. */
export async function* chunksOf(
  vfs: Vfs,
  path: string,
  options: GetOptions,
  progress?: Progress,
): AsyncGenerator<Uint8Array> {
  try {
    const { stream } = await vfs.get(path, options);
    for await (const chunk of stream) {
      progress?.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw setTreePath(error, path);
  }
}
