/**
 * What differs between Linux, macOS and Windows in the names of files, as far as Linux can show it.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import * as posix from "@std/path/posix";
import * as windows from "@std/path/windows";
import { checkImageId, InvalidImageId } from "@vitrine/vitrine";
import { FileStore } from "@vitrine/vitrine/file";
import { fileNameFault } from "../../drivers/file/file_names.ts";
import fc from "../fast_check.ts";
import { inFolder } from "./support.ts";

/** Whether an id can be an image of a file store on an operating system. */
function isAccepted(imageId: string, platform: string): boolean {
  try {
    checkImageId(imageId);
    return fileNameFault(imageId, platform) === undefined;
  } catch {
    return false;
  }
}

/** Ids of the characters with which names of files go wrong. */
const idsOfSigns = fc.string({
  unit: fc.constantFrom(
    "a",
    "C",
    ":",
    "\\",
    "/",
    ".",
    " ",
    "~",
    "*",
    "$",
    "\t",
    "N",
    "U",
    "L",
    "1",
  ),
  minLength: 1,
  maxLength: 12,
});

Deno.test("fileNameFault: with either half of @std/path an accepted id stays in the datadir", () => {
  const halves = [
    { platform: "win32", path: windows, datadir: "C:\\images" },
    { platform: "darwin", path: posix, datadir: "/images" },
    { platform: "linux", path: posix, datadir: "/images" },
  ];
  for (const { platform, path, datadir } of halves) {
    fc.assert(fc.property(idsOfSigns, (imageId) => {
      if (!isAccepted(imageId, platform)) return;
      const names = path.relative(datadir, path.resolve(datadir, imageId)).split(/[\\/]/);
      assertEquals(names.join("/"), imageId);
    }));
  }
});

Deno.test("fileNameFault: an id that Windows would read as a device is refused there alone", () => {
  const devices = ["CON", "con", "nul.qcow2", "a/AUX", "prn.tar.gz/b", "COM1", "lpt9.img", "COM¹"];
  for (const imageId of [...devices, "CONIN$", "NUL .raw"]) {
    assertStringIncludes(fileNameFault(imageId, "win32") ?? "accepted", "device", imageId);
    assertEquals(fileNameFault(imageId, "linux"), undefined, imageId);
    assertEquals(fileNameFault(imageId, "darwin"), undefined, imageId);
  }
  for (const imageId of ["console", "com10", "debian.con", "null", "auxiliary/disk"]) {
    assertEquals(fileNameFault(imageId, "win32"), undefined, imageId);
  }
});

Deno.test("fileNameFault: dots and blanks at the end are refused on Windows, which drops them", () => {
  for (const imageId of ["disk.", "disk ", "a./disk", "a /disk", "disk. ."]) {
    assertStringIncludes(fileNameFault(imageId, "win32") ?? "accepted", "drops", imageId);
    assertEquals(fileNameFault(imageId, "linux"), undefined, imageId);
  }
  assertEquals(fileNameFault(" disk/.hidden", "win32"), undefined);
});

Deno.test("fileNameFault: streams, drives and signs that Windows lacks are refused there", () => {
  const bad = [
    "disk:stream",
    "disk::$DATA",
    "C:disk",
    "a/C:/b",
    "a?b",
    "a*",
    "<a>",
    'a"',
    "a|b",
    "\t",
  ];
  for (const imageId of bad) {
    assertStringIncludes(fileNameFault(imageId, "win32") ?? "accepted", "no file names", imageId);
    assertEquals(fileNameFault(imageId, "linux"), undefined, imageId);
  }
});

Deno.test("FileStore: a backslash separates on Windows, and is no part of an id anywhere", async () => {
  await inFolder(async (datadir) => {
    await using store = new FileStore("files", { datadir });
    assertEquals(windows.resolve("C:\\images", "..\\secret"), "C:\\secret");
    for (const imageId of ["..\\secret", "a\\b", "\\\\host\\share\\a"]) {
      await assertRejects(() => store.add(imageId, new Uint8Array(1)), InvalidImageId);
    }
  });
});

Deno.test("fileNameFault: the store's own directory is refused in every form of its name", () => {
  const forms = [
    ".vitrine",
    ".VITRINE/x",
    ".vit\u200crine/tmp/x",
    "．vitrine",
    ".ｖitrine",
    ".vitrine\ufeff",
  ];
  for (const platform of ["linux", "darwin", "win32"]) {
    for (const imageId of forms) {
      assertStringIncludes(
        fileNameFault(imageId, platform) ?? "accepted",
        "own directory",
        imageId,
      );
    }
    assertEquals(fileNameFault("a/.vitrine", platform), undefined);
    assertEquals(fileNameFault("vitrine", platform), undefined);
  }
  assertStringIncludes(fileNameFault("VITRIN~1/tmp", "win32") ?? "accepted", ".vitrine");
});

Deno.test({
  name:
    "FileStore: on Linux ids that differ in case or in the form of accents are different images",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (datadir) => {
      await using store = new FileStore("files", { datadir });
      const ids = ["Zoë.iso", "Zoë.iso".normalize("NFD"), "zoë.iso", "CON", "disk:1", "disk."];
      for (const [at, id] of ids.entries()) await store.add(id, new Uint8Array(at + 1));
      for (const [at, id] of ids.entries()) assertEquals((await store.stat(id)).size, at + 1);
      const listed = await Array.fromAsync(store.list(), ({ path }) => path);
      assertEquals(listed.sort(), ids.sort());
      assert(new Set(listed.map((id) => id.normalize("NFC").toLowerCase())).size < listed.length);
    }),
});
