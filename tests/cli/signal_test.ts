/**
 * INT, TERM and HUP end every command, whatever it waits for, and it cleans up.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { until } from "../until.ts";
import { Workplace } from "./harness.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Returns whether a thread of a process waits in the kernel where the pattern says. */
async function waitsFor(pid: number, what: RegExp): Promise<boolean> {
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const place = await Deno.readTextFile(`/proc/${pid}/task/${name}/wchan`).catch(() => "");
    if (what.test(place)) return true;
  }
  return false;
}

for (const signal of SIGNALS) {
  Deno.test(`${signal}: ends add of a pipe into which nobody writes`, async () => {
    await using place = await Workplace.make();
    assert((await new Deno.Command("mkfifo", { args: [place.path("fifo")] }).output()).success);
    const before = await place.files();
    const child = place.start(["add", "./fifo"]);
    await until("the open", () => waitsFor(child.pid, /fifo|wait_for_partner/));
    child.kill(signal);
    const { code, stderr } = await child.output();
    assertEquals([code, new TextDecoder().decode(stderr)], [130, "vitrine: interrupted\n"]);
    assertEquals(await place.files(), before);
  });

  Deno.test(`${signal}: ends cat into a pipe that nobody empties`, async () => {
    await using place = await Workplace.make();
    await Deno.writeFile(place.path("big"), new Uint8Array(8 * 1024 * 1024));
    assertEquals((await place.run("add", "big")).code, 0);
    const child = place.start(["cat", "/local/big"]);
    await until("the write", () => waitsFor(child.pid, /pipe_write|unix_stream|sock_alloc/));
    child.kill(signal);
    const { code } = await child.status;
    assertEquals([code, await new Response(child.stderr).text()], [130, "vitrine: interrupted\n"]);
    await child.stdout.cancel();
  });

  Deno.test(`${signal}: ends an add in the middle, and nothing is left`, async () => {
    await using place = await Workplace.make();
    const before = await place.files();
    const child = place.start(["add", "-", "--id", "big", "--store", "local"], { stdin: "piped" });
    const writer = child.stdin.getWriter();
    // The last chunk is taken only when the ones before have been written to the store.
    for (let i = 0; i < 64; i++) await writer.write(new Uint8Array(1024 * 1024).fill(i));
    child.kill(signal);
    const { code } = await child.output();
    await writer.abort().catch(() => {});
    assertEquals(code, 130);
    assertEquals(await place.files(), before);
  });
}
