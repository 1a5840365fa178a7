/**
 * Random kills of `vitrine sync` and `vitrine check`, for any target: the next run makes the trees equal, and
 * one `gc` leaves nothing over.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Workplace } from "../cli/harness.ts";
import { seeded } from "../faults/random.ts";

/** How many runs of each command are killed. */
export const KILLS = Deno.env.get("VITRINE_SOAK") === "full" ? 20 : 1;

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

/** Where the images go. */
export interface Target {
  place: Workplace;
  /** The path of the directory in the tree. */
  path: string;
}

/** Kills syncs at random. The next run makes the trees equal, and `gc` leaves nothing over. */
async function soakSync({ place, path }: Target): Promise<void> {
  const random = seeded(7);
  const names = Array.from({ length: 60 }, (_, i) => `${i % 7}/${i}`);
  await write(place, names, "first");
  for (let kill = 0; kill < KILLS; kill++) {
    // Each run has images to replace, to add and to delete.
    await write(place, names.filter((_, i) => i % 2 === kill % 2), `text ${kill}`);
    await write(place, [`new/${kill}`], "new");
    await Deno.remove(place.path(`in/new/${kill - 1}`)).catch(() => {});
    const args = ["sync", "--replace", "--delete", "--checksum", "./in", path];
    await killAfter(place, 200 + random() * 1_500, args);
    assertEquals((await place.run("gc", "--older-than", "0s")).code, 0);
    const again = await place.run(...args);
    assertEquals([again.code, again.err], [0, ""], `kill ${kill}`);
    const checked = await place.run("check", "--download", "./in", path);
    assertEquals([checked.code, checked.out, checked.err], [0, "", ""], `kill ${kill}`);
    assertEquals((await place.run("gc", "-n", "--older-than", "0s")).out, "", `kill ${kill}`);
  }
}

/** Kills checks at random. They change nothing, and the next run compares all. */
async function soakCheck({ place, path }: Target): Promise<void> {
  const random = seeded(8);
  const names = Array.from({ length: 30 }, (_, i) => `${i % 7}/${i}`);
  await write(place, names, "text");
  assertEquals((await place.run("sync", "./in", path)).code, 0);
  const list = async () => (await place.run("ls", "-R", path)).out;
  const before = await list();
  const args = ["check", "--download", "./in", path];
  for (let kill = 0; kill < KILLS; kill++) {
    await killAfter(place, 200 + random() * 1_000, args);
    assertEquals(await list(), before, `kill ${kill}`);
  }
  const { code, out, err } = await place.run(...args);
  assertEquals([code, out, err], [0, "", ""]);
}

/**
 * Kills syncs, and then checks, at random times.
 *
 * @param target Where the images go.
 */
export async function soakTrees(target: Target): Promise<void> {
  await soakSync(target);
  await Deno.remove(target.place.path("in"), { recursive: true });
  await soakCheck({ ...target, path: `${target.path}-check` });
}
