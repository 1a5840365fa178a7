/**
 * The test services start, come back and leave nothing.
 *
 * @module
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { serviceTest } from "./mod.ts";

serviceTest(
  "services: start once, come back after a crash and leave nothing",
  "nginx",
  async () => {
    const root = await Deno.makeTempDir();
    const directory = `${root}/nginx`;
    const cli = async (...args: string[]) => {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-all", new URL("cli.ts", import.meta.url).pathname, ...args],
        env: { VITRINE_SERVICES_DIR: root, NO_COLOR: "1" },
        stderr: "inherit",
      }).output();
      return { code, out: new TextDecoder().decode(stdout) };
    };
    const processes = () =>
      Deno.readTextFileSync(`${directory}/pids`).trim().split("\n").map((line) =>
        Number(line.split(" ")[0])
      );
    const fetchIndex = async () => {
      const { url, root } = JSON.parse(Deno.readTextFileSync(`${directory}/endpoints.json`));
      await Deno.writeTextFile(`${root}/image.iso`, "bytes");
      return await (await fetch(`${url}image.iso`)).text();
    };

    try {
      const starts = await Promise.all([cli("start", "nginx"), cli("start", "nginx")]);
      assertEquals(starts.map(({ code }) => code), [0, 0]);
      assertEquals(starts.filter(({ out }) => out.includes("runs already")).length, 1);
      assertEquals(await fetchIndex(), "bytes");
      const [first, ...more] = processes();
      assertEquals(more, []);

      Deno.kill(first!, "SIGKILL");
      while ((await cli("status", "nginx")).code === 0);
      assertEquals((await cli("start", "nginx")).code, 0);
      assertEquals(await fetchIndex(), "bytes");
      const [second] = processes();
      assertNotEquals(second, first);

      assertEquals((await cli("stop")).out, "nginx: stopped\n");
      assert(!isRunning(second!), "nginx still runs");
      assert(!exists(root), "its directory is still there");
      assertEquals((await cli("stop")).code, 0);

      await Deno.mkdir(`${root}/nginx`, { recursive: true });
      assertEquals((await cli("stop")).out, "");
      assert(exists(`${root}/nginx`), "a directory that is no service's was removed");
      assertEquals((await cli("start", "nginx")).code, 1);
    } finally {
      await cli("stop");
      if (exists(root)) await Deno.remove(root, { recursive: true });
    }
  },
);

function isRunning(pid: number): boolean {
  return exists(`/proc/${pid}`) && !Deno.readTextFileSync(`/proc/${pid}/stat`).includes(") Z ");
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
