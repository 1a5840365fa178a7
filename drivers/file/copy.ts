/**
 * Copying an image's file into a draft.
 *
 * @module
 */
import { constants } from "node:fs";
import { copyFile, unlink } from "node:fs/promises";
import { ImageChanged } from "../../errors/mod.ts";
import { CHUNK_SIZE } from "../../streams/mod.ts";
import { identity } from "./digests.ts";
import type { Draft } from "./draft.ts";
import type { ImageFile } from "./image.ts";
import type { Io } from "./io.ts";
import type { OpenFile } from "./open_file.ts";

/**
 * Copies by the system's own means, where it can by sharing the data (reflinks), and a file with
 * holes by its data alone. Throws `ImageChanged` if the file is changed meanwhile.
 */
export async function copyImageFile(
  io: Io,
  { file, real, stats }: ImageFile & { file: OpenFile },
  draft: Draft,
): Promise<void> {
  // `blocks` counts 512 bytes each whatever the file system. Windows has no such number.
  const hasHoles = stats.blocks !== undefined && stats.blocks * 512n < stats.size;
  if (hasHoles) {
    const buffer = new Uint8Array(CHUNK_SIZE);
    for (let at = 0;;) {
      const count = await file.read(buffer, at);
      await draft.write(buffer.subarray(0, count), true);
      if (count < buffer.length) break;
      at += count;
    }
  } else {
    // An abort does not end it: it goes on in the draft, which is removed meanwhile.
    const copying = copyFile(real.path, draft.path, constants.COPYFILE_FICLONE);
    await io.patient.wait(copying, () => unlink(draft.path));
  }
  if (identity(await file.stat()) !== identity(stats)) {
    throw new ImageChanged("the file was changed while it was being copied");
  }
}
