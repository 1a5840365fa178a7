/**
 * Signatures by minisign and signify, checked while an image is imported.
 *
 * @module
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Invalid, NotFound, SignatureMismatch, Vfs } from "@vitrine/vitrine";
import { importImage } from "@vitrine/vitrine/import";
import { MemoryStore } from "@vitrine/vitrine/memory";
import { Workplace } from "../cli/harness.ts";
import { inFolder, run } from "../file/support.ts";
import { serviceTest } from "../services/mod.ts";
import { pipe } from "./pipe.ts";

const IMAGE = new TextEncoder().encode("the image ".repeat(600_000));
const SMALL = IMAGE.slice(0, 1_048_576);

/** Makes two pairs of keys with each program, and signs an image, a small one and a packed one. */
async function sign(folder: string): Promise<(name: string) => Promise<Blob>> {
  await Deno.writeFile(`${folder}/image`, IMAGE);
  await Deno.writeFile(`${folder}/small`, SMALL);
  await Deno.writeFile(`${folder}/image.xz`, await pipe(IMAGE, "xz", "-c"));
  const at = (name: string) => `${folder}/${name}`;
  for (const key of ["mini", "other"]) {
    await run("minisign", "-G", "-W", "-p", at(`${key}.pub`), "-s", at(`${key}.sec`));
  }
  const mini = (image: string, signature: string, ...more: string[]) =>
    run(
      "minisign",
      ...["-S", "-W", "-s", at("mini.sec"), "-m", at(image), "-x", at(signature), ...more],
    );
  await mini("image", "image.minisig", "-t", "Debian 12, 10 °C");
  await mini("image.xz", "image.xz.minisig");
  await mini("small", "small.minisig", "-l", "-t", "legacy");
  await mini("image", "image.legacy", "-l");
  await run("signify-openbsd", "-G", "-n", "-p", at("fy.pub"), "-s", at("fy.sec"));
  await run(
    "signify-openbsd",
    ...["-S", "-s", at("fy.sec"), "-m", at("small"), "-x", at("small.sig")],
  );
  return async (name) => new Blob([await Deno.readFile(at(name))]);
}

const createTree = () => new Vfs({ local: new MemoryStore("local") });

serviceTest("importImage: takes what minisign and signify signed", "signers", async () => {
  await inFolder(async (folder) => {
    const file = await sign(folder);
    await using vfs = createTree();
    const importFile = async (image: string, signature: string, key: string, more = {}) => {
      const files = { signature: await file(signature), key: await file(key) };
      return await importImage(vfs, await file(image), { id: signature, ...files, ...more });
    };
    const { signed } = await importFile("image", "image.minisig", "mini.pub");
    const shown = (await (await file("mini.pub")).text()).split("\n")[0]!;
    const keyId = shown.split(" ").at(-1)!.padStart(16, "0");
    assertEquals(signed!.keyId, keyId);
    assertEquals(signed!.trustedComment, "Debian 12, 10 °C");
    // What is signed is what arrives.
    const packed = await importFile("image.xz", "image.xz.minisig", "mini.pub", { unpack: "auto" });
    assertEquals([packed.size, packed.signed?.keyId], [IMAGE.length, signed!.keyId]);
    const legacy = await importFile("small", "small.minisig", "mini.pub");
    assertEquals(legacy.signed?.trustedComment, "legacy");
    const signify = await importFile("small", "small.sig", "fy.pub");
    assertEquals(signify.signed?.trustedComment, undefined);
    // The one line alone, as minisign prints it.
    const line = (await (await file("mini.pub")).text()).split("\n")[1]!;
    const signature = await file("small.minisig");
    await importImage(vfs, SMALL, { id: "line", signature, key: new Blob([line]) });
  });
});

serviceTest(
  "importImage: another key, image, comment or a cut signature leaves nothing",
  "signers",
  async () => {
    await inFolder(async (folder) => {
      const file = await sign(folder);
      await using vfs = createTree();
      const [mini, other] = await Promise.all(["mini.pub", "other.pub"].map(file));
      const [small, fy, fyKey] = await Promise.all(
        ["small.minisig", "small.sig", "fy.pub"].map(file),
      );
      const hashed = await file("image.minisig");
      const text = await hashed.text();
      const lines = text.split("\n");
      const changed = IMAGE.slice();
      changed[5_000_000]! ^= 1;
      const flipped = [lines[0], lines[1]!.replace(/.{9}$/, "AAAAAAAA="), ...lines.slice(2)].join(
        "\n",
      );
      const moved = text.replace("Debian 12", "Debian 13");
      const cases: [Uint8Array<ArrayBuffer>, Blob | string, Blob | undefined, unknown, string][] = [
        [IMAGE, hashed, other, SignatureMismatch, "expected"],
        [IMAGE, hashed, fyKey, SignatureMismatch, "is by the key"],
        [changed, hashed, mini, SignatureMismatch, "the data is not what the key"],
        [IMAGE.slice(1), hashed, mini, SignatureMismatch, "the data is not what the key"],
        [SMALL.slice(1), small!, mini, SignatureMismatch, "the data is not what the key"],
        [SMALL.slice(1), fy!, fyKey, SignatureMismatch, "the data is not what the key"],
        [IMAGE, flipped, mini, SignatureMismatch, "trusted comment"],
        [IMAGE, moved, mini, SignatureMismatch, "trusted comment"],
        [IMAGE, await file("image.legacy"), mini, Invalid, "1048576 bytes at most"],
        [IMAGE, "", mini, Invalid, "cut off"],
        [IMAGE, await file("mini.pub"), mini, Invalid, "cut off"],
        [IMAGE, hashed, hashed, Invalid, "the key is no public key"],
        [IMAGE, hashed, await file("mini.sec"), Invalid, "the key is no public key"],
        [IMAGE, hashed, undefined, Invalid, "name both"],
        ...[1, 40, 100, 150, 200, 250, text.length - 10].map((length) => {
          return [IMAGE, text.slice(0, length), mini, Error, ""] as never;
        }),
      ];
      for (const [image, signature, key, Class, reason] of cases) {
        const options = { id: "a", signature: blobOf(signature), key };
        const error = await assertRejects(
          () => importImage(vfs, image, options),
          Class as typeof Error,
          reason,
        );
        assertEquals(error.message.includes("\n"), false, error.message);
        await assertRejects(() => vfs.stat("/local/a"), NotFound);
      }
    });
  },
);

function blobOf(content: Blob | string): Blob {
  return typeof content === "string" ? new Blob([content]) : content;
}

serviceTest(
  "vitrine add --signature: shows who signed, and refuses with exit code 3",
  "signers",
  async () => {
    await using place = await Workplace.make();
    await sign(place.folder);
    const add = (image: string, key: string) =>
      place.run("add", image, "--signature", "image.minisig", "--key", key, "--id", image);
    const { code, out } = await add("image", "mini.pub");
    assertEquals(code, 0);
    assertStringIncludes(out, "Debian 12, 10 °C");
    const other = await add("image.xz", "mini.pub");
    assertEquals([other.code, other.out], [3, ""]);
    assertStringIncludes(other.err, "the data is not what the key");
    assertEquals((await add("small", "other.pub")).code, 3);
    assertEquals((await place.run("add", "image", "--signature", "image.minisig")).code, 2);
    assertEquals((await place.run("ls", "/local")).out, "image\n");
  },
);
