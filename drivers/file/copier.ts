/**
 * Copying an image's file into a staged file.
 *
 * @module
 */
import { ImageChanged } from "../../errors/mod.ts";
import { type Bytes, CHUNK_SIZE } from "../../streams/mod.ts";
import type { Datadirs } from "./datadirs.ts";
import { identity } from "./digests.ts";
import type { StagedFile } from "./staged_file.ts";
import { type ImageFile, lookAt } from "./reader.ts";
import type { Io } from "./io.ts";
import { isSameFile, type OpenFile } from "./open_file.ts";
import { extentsOf, isSparse } from "./sparse_read.ts";
import { chmod, copyFile, FILE_FLAGS, stat, unlink } from "./system.ts";

/**
 * Copies by the system's own means, where it can by sharing the data (reflinks), and a file with
 * holes by its data alone. Throws `ImageChanged` if the file is changed or replaced meanwhile.
 */
export async function copyImageFile(
  io: Io,
  { file, real, stats }: ImageFile & { file: OpenFile },
  staged: StagedFile,
  datadirs: Datadirs,
): Promise<void> {
  if (isSparse(stats)) {
    const buffer = new Uint8Array(CHUNK_SIZE);
    for (const { kind, offset, length } of extentsOf(file, Number(stats.size))) {
      if (kind === "hole") staged.skip(length);
      else await copyData(file, staged, buffer, offset, offset + length);
    }
  } else {
    // An abort does not end it: it goes on in the staged file, which is removed meanwhile.
    const { mode } = await io.wait(stat(staged.path));
    const copying = copyFile(real.path, staged.path, FILE_FLAGS.COPYFILE_FICLONE);
    await io.unlimited.wait(copying, () => unlink(staged.path));
    // The copy has taken the mode of the original, with whatever that lets whoever runs it do.
    await io.wait(chmod(staged.path, mode & 0o7777));
    // It went by the path, which may lead elsewhere by now.
    if (!isSameFile((await lookAt(io, datadirs, real.path)).stats, stats)) {
      throw new ImageChanged("the file was replaced while it was being copied");
    }
  }
  if (identity(await file.stat()) !== identity(stats)) {
    throw new ImageChanged("the file was changed while it was being copied");
  }
}

/** Copies the bytes from `start` to `end`, but for the zeros among them. */
async function copyData(
  file: OpenFile,
  staged: StagedFile,
  buffer: Bytes,
  start: number,
  end: number,
): Promise<void> {
  for (let at = start; at < end;) {
    const count = await file.read(buffer.subarray(0, Math.min(buffer.length, end - at)), at);
    if (count === 0) throw new ImageChanged("the file was cut while it was being copied");
    await staged.write(buffer.subarray(0, count), true);
    at += count;
  }
}
