/**
 * Random kills of `vitrine sync` and `vitrine check`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Workplace } from "../cli/harness.ts";
import { seeded } from "../faults/random.ts";

/** How many runs are killed. */
const KILLS = Deno.env.get("VITRINE_SOAK") === "full" ? 20 : 3;

/** Starts a command and kills it after a time, in milliseconds, if it has not ended by itself. */
async function killAfter(place: Workplace, time: number, args: readonly string[]): Promise<void> {
  const child = place.start(args, { stdout: "null", stderr: "null" });
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }, time);
  await child.status;
  clearTimeout(timer);
}

/** Writes images of such names, each with a text. */
async function write(place: Workplace, names: readonly string[], text: string): Promise<void> {
  for (const name of names) {
    const path = place.path(`in/${name}`);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, `${text} of ${name}`);
  }
}

Deno.test(`sync: after each of ${KILLS} random kills the next run makes the trees equal`, async () => {
  const random = seeded(7);
  await using place = await Workplace.make();
  const names = Array.from({ length: 60 }, (_, i) => `${i % 7}/${i}`);
  await write(place, names, "first");
  for (let kill = 0; kill < KILLS; kill++) {
    // Each run has images to replace, to add and to delete.
    await write(place, names.filter((_, i) => i % 2 === kill % 2), `text ${kill}`);
    await write(place, [`new/${kill}`], "new");
    await Deno.remove(place.path(`in/new/${kill - 1}`)).catch(() => {});
    const args = ["sync", "--replace", "--delete", "--checksum", "./in", "/local"];
    await killAfter(place, 200 + random() * 1_500, args);
    assertEquals((await place.run("gc", "--older-than", "0s")).code, 0);
    const again = await place.run(...args);
    assertEquals([again.code, again.err], [0, ""], `kill ${kill}`);
    const checked = await place.run("check", "--download", "./in", "/local");
    assertEquals([checked.code, checked.out, checked.err], [0, "", ""], `kill ${kill}`);
    const left = (await place.run("gc", "-n", "--older-than", "0s")).out;
    assert(!left.includes("local"), left);
  }
});

Deno.test(`check: ${KILLS} random kills change nothing, and the next run compares all`, async () => {
  const random = seeded(8);
  await using place = await Workplace.make();
  const names = Array.from({ length: 30 }, (_, i) => `${i % 7}/${i}`);
  await write(place, names, "text");
  assertEquals((await place.run("sync", "./in", "/local")).code, 0);
  const before = await place.files();
  const args = ["check", "--download", "./in", "/local"];
  for (let kill = 0; kill < KILLS; kill++) {
    await killAfter(place, 200 + random() * 1_000, args);
    assertEquals(await place.files(), before, `kill ${kill}`);
  }
  const { code, out, err } = await place.run(...args);
  assertEquals([code, out, err], [0, "", ""]);
});
