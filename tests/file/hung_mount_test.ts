/**
 * A mount that hangs: whatever waits for it ends with the timeout of its store, and holds up nothing else.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { relative } from "@std/path";
import { Workplace } from "../cli/harness.ts";
import { type Endpoints, serviceTest } from "../services/mod.ts";
import { until } from "../until.ts";
import { descriptorsOf, inFolder, MIB } from "./support.ts";

/** After how long something counts as what does not end, in milliseconds. */
const LIMIT = 60_000;

/**
 * A mount of a folder, by a program that can be stopped: then every call on it waits, as on that of a network
 * file system whose server is gone.
 */
class HungMount implements AsyncDisposable {
  readonly #program: Deno.ChildProcess;
  readonly #guard: Deno.ChildProcess;
  readonly #target: string;
  readonly #log: string;

  private constructor(
    program: Deno.ChildProcess,
    guard: Deno.ChildProcess,
    target: string,
    log: string,
  ) {
    this.#program = program;
    this.#guard = guard;
    this.#target = target;
    this.#log = log;
  }

  /** Mounts a folder on another. */
  static async mount(
    folder: string,
    target: string,
    { rclone, fusermount3 }: Endpoints,
  ): Promise<HungMount> {
    const log = `${target}.log`;
    const options = [
      ...["--read-only", "--attr-timeout", "0s", "--dir-cache-time", "0s"],
      ...["-vv", "--log-file", log],
    ];
    const program = new Deno.Command(rclone!, {
      args: ["mount", `:local:${folder}`, target, ...options, "--config", "/dev/null"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // It takes the mount away when its input ends: also if this process is killed, or waits for the mount itself.
    const unmount = '"$0" -uz "$1"';
    const end = `kill -CONT ${program.pid}; ${unmount}; kill ${program.pid}; ${unmount}`;
    const guard = new Deno.Command("bash", {
      args: ["-c", `read -t 120 _; ${end}`, fusermount3!, target],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const mount = new HungMount(program, guard, target, log);
    try {
      await until(
        "the mount",
        async () => (await Array.fromAsync(Deno.readDir(target))).length > 0,
      );
    } catch (error) {
      await mount[Symbol.asyncDispose]();
      throw error;
    }
    return mount;
  }

  /** Returns the path of a file on the mount. */
  path(name: string): string {
    return `${this.#target}/${name}`;
  }

  /** Returns how many closes of a file, or of a duplicate of its descriptor, reached the program. */
  async closes(name: string): Promise<number> {
    const lines = (await Deno.readTextFile(this.#log)).split("\n");
    return lines.filter((line) =>
      line.includes(`${name} (r)}: Flush: `) ||
      line.includes(`${name} (r)}: >Flush: `)
    ).length;
  }

  /** Stops the program, and waits until it no longer responds to what was sent before. */
  async hang(): Promise<void> {
    const { pid } = this.#program;
    Deno.kill(pid, "SIGSTOP");
    await until("the program to stop", async () => {
      const threads = await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`));
      const states = await Promise.all(
        threads.map(({ name }) => Deno.readTextFile(`/proc/${pid}/task/${name}/stat`)),
      );
      return states.every((state) => /\) T /.test(state));
    });
  }

  /** Lets the program go on. */
  resume(): void {
    this.#program.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guard.stdin.close();
    await Promise.all([this.#guard.status, this.#program.status]);
  }
}

/** What a promise resolves to, if it does in time. */
async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} does not end`)), LIMIT);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A server of three stores, of which two are on a mount. */
interface Served {
  mount: HungMount;
  place: Workplace;
  server: Deno.ChildProcess;
  url: string;
  /** Requests a path, and resolves to the status and the text. */
  request(path: string): Promise<[number, string]>;
}

function hungTest(name: string, test: (served: Served) => Promise<void>): void {
  serviceTest(name, "clients", ({ clients }) =>
    inFolder(async (folder) => {
      for (const name of ["images", "mount", "healthy"]) await Deno.mkdir(`${folder}/${name}`);
      await Deno.writeFile(`${folder}/images/large.img`, new Uint8Array(64 * MIB));
      await Deno.writeTextFile(`${folder}/images/small.img`, "hello");
      await Deno.writeTextFile(`${folder}/healthy/small.img`, "fine");
      await using mount = await HungMount.mount(`${folder}/images`, `${folder}/mount`, clients);
      const file = (datadir: string) => ({ driver: "file", datadir: `${folder}/${datadir}` });
      const hung = { ...file("mount"), timeout: 2 };
      await using place = await Workplace.make({
        stores: { used: hung, unused: hung, healthy: file("healthy") },
      });
      const server = place.start(["serve", "--port", "0"], { stderr: "null" });
      const output = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
      try {
        const url = /http:\S+\//.exec((await output.read()).value!)![0];
        const fetched = async (path: string): Promise<[number, string]> => {
          const response = await fetch(url + path);
          return [response.status, await response.text()];
        };
        const request = (path: string) => inTime(path, fetched(path));
        assertEquals(await request("used/small.img"), [200, "hello"]);
        await until(
          "the file to be closed",
          async () => await descriptorsOf(`${folder}/mount`, server.pid) === 0,
        );
        await test({ mount, place, server, url, request });
      } finally {
        // A process that has files of the mount open cannot end while it hangs.
        mount.resume();
        try {
          server.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await server.status;
        await output.cancel();
      }
    }));
}

hungTest(
  "vitrine serve: what waits for a mount that hangs ends with the timeout, and SIGTERM works",
  async ({ mount, server, request }) => {
    await mount.hang();
    const waiting = ["used/small.img", "used/", "unused/small.img", "unused/"].map(request);
    for (const promise of waiting) promise.catch(() => {});
    assertEquals(await request("healthy/small.img"), [200, "fine"]);
    for (const promise of waiting) {
      assertEquals(await promise, [504, "the store did not respond in time\n"]);
    }
    assertEquals(await request("healthy/small.img"), [200, "fine"]);
    server.kill("SIGTERM");
    await inTime("the server", server.status);
  },
);

hungTest(
  "vitrine add: SIGTERM ends it while it waits for a file on a mount that hangs",
  async ({ mount, place }) => {
    await mount.hang();
    const path = relative(place.folder, mount.path("large.img"));
    const child = place.start(["add", path, "--store", "healthy", "--id", "large.img"]);
    await until("the command to wait for the mount", async () => {
      const threads = await Array.fromAsync(Deno.readDir(`/proc/${child.pid}/task`));
      const waits = await Promise.all(
        threads.map(({ name }) =>
          Deno.readTextFile(`/proc/${child.pid}/task/${name}/wchan`).catch(() => "")
        ),
      );
      return waits.includes("request_wait_answer");
    });
    child.kill("SIGTERM");
    const { code, stderr } = await inTime("the command", child.output());
    assertEquals([code, new TextDecoder().decode(stderr)], [130, "vitrine: interrupted\n"]);
  },
);

hungTest(
  "vitrine serve: a mount that hangs during a transfer holds up no other store",
  async ({ mount, url, request }) => {
    const transfer = (await fetch(`${url}used/large.img`)).body!.getReader();
    await transfer.read();
    await mount.hang();
    // The server closes the file, which waits for the mount as well.
    await transfer.cancel();
    for (let i = 0; i < 2; i++) {
      assertEquals(await request("used/small.img"), [504, "the store did not respond in time\n"]);
      assertEquals(await request("healthy/small.img"), [200, "fine"]);
    }
  },
);

hungTest(
  "vitrine serve: a mount is not contacted by the main thread after each read",
  async ({ mount, server, request }) => {
    const [status, { length }] = await request("used/large.img");
    assertEquals([status, length], [200, 64 * MIB]);
    await until("the file to be closed", async () => {
      return await descriptorsOf(mount.path(""), server.pid) === 0;
    });
    // The file is opened twice, for two threads that read.
    const closes = await mount.closes("large.img");
    assert(closes <= 2, `${closes} closes`);
  },
);
