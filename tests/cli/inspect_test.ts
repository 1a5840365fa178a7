/**
 * `vitrine inspect`, and what the other commands say of formats and refuse.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { hostileVmdk, qcow2Image } from "../store/images.ts";
import { type Run, Workplace } from "./harness.ts";

async function withImages(): Promise<Workplace> {
  const place = await Workplace.make();
  const { safe, unsafe } = qcow2Image();
  await Deno.writeFile(join(place.folder, "sound.qcow2"), safe);
  await Deno.writeFile(join(place.folder, "hostile.qcow2"), unsafe);
  await Deno.writeFile(join(place.folder, "hostile.vmdk"), hostileVmdk());
  return place;
}

async function runWithInput(place: Workplace, input: Uint8Array, ...args: string[]): Promise<Run> {
  const child = place.start(args, { stdin: "piped" });
  const writer = child.stdin.getWriter();
  await writer.write(input);
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((text) => new TextDecoder().decode(text));
  return { code, out: out!, err: err! };
}

Deno.test("vitrine inspect: a local file, standard input and a path of the tree", async () => {
  await using place = await withImages();
  const file = await place.run("inspect", "./sound.qcow2");
  assertEquals(file.code, 0);
  assertStringIncludes(file.out, "qcow2 (v3)");
  assertStringIncludes(file.out, "5242880");
  const piped = await runWithInput(place, hostileVmdk(), "inspect", "-", "--json");
  assertEquals(piped.code, 3);
  const { format, safe, dataFile, findings } = JSON.parse(piped.out);
  assertEquals([format, safe, dataFile], ["vmdk", false, "/etc/passwd"]);
  assertEquals(findings[0].cve, "CVE-2022-47951");
  assertEquals((await place.run("add", "./sound.qcow2")).code, 0);
  const both = await place.run("inspect", "/local/sound.qcow2", "./hostile.qcow2", "--json");
  assertEquals(both.code, 3);
  assertEquals(JSON.parse(both.out).map((one: { safe: boolean }) => one.safe), [true, false]);
  assertEquals((await place.run("inspect", "./none.qcow2", "./hostile.qcow2")).code, 3);
  assertEquals((await place.run("inspect", "./none.qcow2")).code, 1);
});

Deno.test("vitrine add: warns of an unsafe image, and refuses it if --refuse-unsafe is given", async () => {
  await using place = await withImages();
  const warned = await place.run("add", "./hostile.qcow2");
  assertEquals(warned.code, 0);
  assertStringIncludes(warned.err, 'is not safe: the backing file is "/etc/passwd"');
  const refused = await place.run("add", "./hostile.vmdk", "--refuse-unsafe");
  assertEquals(refused.code, 3);
  assertStringIncludes(refused.err, "CVE-2022-47951");
  const other = await place.run("add", "./sound.qcow2", "--formats", "raw,iso");
  assertEquals(other.code, 3);
  assertStringIncludes(other.err, "accepted are raw, iso");
  assertEquals((await place.run("add", "./sound.qcow2", "--formats", "qcow3")).code, 2);
  assertEquals((await place.run("add", "./sound.qcow2", "--format", "vhd")).code, 3);
  const { out } = await place.run("ls", "/local");
  assertEquals(out, "hostile.qcow2\n");
});

Deno.test("vitrine cp: refuses into the tree and across stores, and stat shows the format", async () => {
  await using place = await withImages();
  const refused = await place.run("cp", "--refuse-unsafe", "./hostile.qcow2", "/local/");
  assertEquals(refused.code, 3);
  const added = await place.run("cp", "./hostile.qcow2", "./sound.qcow2", "/local/");
  assertEquals(added.code, 0);
  assertStringIncludes(added.err, "warning: /local/hostile.qcow2 is not safe");
  for (const target of ["/mirror/", "/local/other.qcow2"]) {
    const across = await place.run("cp", "--refuse-unsafe", "/local/hostile.qcow2", target);
    assertEquals(across.code, 3, target);
  }
  const { out } = await place.run("stat", "/local/sound.qcow2");
  assert(/format +qcow2\nvirtual size +5242880 \(5.0 MiB\)\nsafe +yes\n/.test(out), out);
  assertStringIncludes((await place.run("ls", "-l", "/local/sound.qcow2")).out, "qcow2");
});

Deno.test("vitrine verify --inspect: judges what is stored, whatever was kept", async () => {
  await using place = await withImages();
  await place.run("cp", "./sound.qcow2", "./hostile.qcow2", "/local/");
  assertEquals((await place.run("verify", "/local")).code, 0);
  const { code, out } = await place.run("verify", "--inspect", "--json", "/local");
  assertEquals(code, 3);
  const states = JSON.parse(out).map(({ path, state }: { path: string; state?: string }) => [
    path,
    state,
  ]);
  assertEquals(states, [["/local/hostile.qcow2", "unsafe"], ["/local/sound.qcow2", undefined]]);
});
