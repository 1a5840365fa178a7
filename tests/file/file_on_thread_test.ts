/**
 * Files of network file systems, which are read and written on another thread.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createOnThread, openOnThread } from "../../drivers/file/file_on_thread.ts";
import { codeOf } from "../../drivers/file/errors.ts";
import { stat } from "../../drivers/file/system.ts";
import { inFolder } from "./support.ts";

const READ_ONLY = 0;

Deno.test("openOnThread: reads at any position, and says what the system knows", () =>
  inFolder(async (folder) => {
    const path = `${folder}/image`;
    await Deno.writeTextFile(path, "0123456789");
    const known = await stat(path, { bigint: true });
    const file = (await openOnThread(path, READ_ONLY, known.dev))!;
    const stats = await file.stat({ bigint: true });
    assertEquals([stats.ino, stats.size, stats.mtimeNs], [known.ino, known.size, known.mtimeNs]);
    assertEquals([stats.isFile(), stats.isDirectory()], [true, false]);
    const view = new Uint8Array(6).fill(0x2e);
    assertEquals(await file.read(view, 1, 4, 7), { bytesRead: 3 });
    assertEquals(new TextDecoder().decode(view), ".789..");
    await file.sync();
    await file.close();
    const error = await assertRejects(() => openOnThread(`${path}.none`, READ_ONLY, known.dev));
    assertEquals(codeOf(error), "ENOENT");
  }));

Deno.test("openOnThread: a file that waits holds up no other of its device", () =>
  inFolder(async (folder) => {
    await new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).output();
    await Deno.writeTextFile(`${folder}/image`, "here");
    const { dev } = await stat(folder, { bigint: true });
    const waiting = openOnThread(`${folder}/fifo`, READ_ONLY, dev);
    const view = new Uint8Array(4);
    const file = (await openOnThread(`${folder}/image`, READ_ONLY, dev))!;
    await file.read(view, 0, 4, 0);
    assertEquals(new TextDecoder().decode(view), "here");
    await file.close();
    using _writer = await Deno.open(`${folder}/fifo`, { write: true });
    await (await waiting)!.close();
  }));

Deno.test("createOnThread: creates a file once, locks it, and writes at any position", () =>
  inFolder(async (folder) => {
    const path = `${folder}/image`;
    const { dev } = await stat(folder, { bigint: true });
    const [file, { isHeld, nlink }] = (await createOnThread(path, 0o600, dev))!;
    assertEquals([isHeld, nlink], [true, 1]);
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    using other = await Deno.open(path, { write: true });
    assert(!await other.tryLock(true));
    const error = await assertRejects(() => createOnThread(path, 0o600, dev));
    assertEquals(codeOf(error), "EEXIST");
    const encoder = new TextEncoder();
    assertEquals(await file.write(encoder.encode("6789"), 6), 4);
    assertEquals(await file.write(encoder.encode("012345"), 0), 6);
    await file.truncate(8);
    await file.sync();
    await file.close();
    assertEquals(await Deno.readTextFile(path), "01234567");
    assert(await other.tryLock(true));
  }));
