/**
 * The README's command lines and permissions are as it says.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../until.ts";
import { CLI, Workplace } from "./harness.ts";

const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

/** Returns a section of the README, without its heading. */
function section(name: string): string {
  return README.split(`\n## ${name}\n`)[1]!.split("\n## ")[0]!;
}

/** Puts a program `vitrine` into the folder, run with these flags of Deno. */
async function install(place: Workplace, flags: string): Promise<Record<string, string>> {
  await Deno.mkdir(place.path("bin"), { recursive: true });
  const program = [`'${Deno.execPath()}'`, "run", "--no-prompt", flags, ...CLI].join(" ");
  await Deno.writeTextFile(place.path("bin/vitrine"), `#!/bin/sh\nexec ${program} "$@"\n`, {
    mode: 0o755,
  });
  return { PATH: `${place.path("bin")}:${Deno.env.get("PATH")}`, NO_COLOR: "1" };
}

Deno.test("README: the command lines work as they stand, in an empty directory", async () => {
  await using place = await Workplace.make(null);
  const env = await install(place, "--allow-read --allow-write --allow-net");
  const lines = /```sh\n([^]*?)```/.exec(section("The command"))![1]!.trim().split("\n");
  const server = lines.pop()!;
  assertEquals(server, "vitrine serve --port 8080");
  const outputs: string[] = [];
  for (const line of lines) {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", line],
      cwd: place.folder,
      env,
      stdin: "null",
    }).output();
    const err = new TextDecoder().decode(stderr);
    assertEquals([code, err], [0, ""], line);
    outputs.push(new TextDecoder().decode(stdout));
  }
  assertStringIncludes(outputs[lines.indexOf("vitrine ls -l /local")]!, "18 B");
  assertStringIncludes(outputs.join("\n"), "a very");
  assertEquals(await Deno.readTextFile(place.path("backup/debian/12.qcow2")), "a very small image");

  const child = new Deno.Command("sh", {
    args: ["-c", `exec ${server.replace("8080", "0")}`],
    cwd: place.folder,
    env,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const url = /http:\S+\//.exec((await reader.read()).value!)![0];
  assertEquals(await (await fetch(`${url}local/debian/12.qcow2`)).text(), "a very small image");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
});

/** The rows of the table of permissions: what for, command and flags. */
const rows = section("Permissions").split("\n").filter((line) => line.includes("`--allow"))
  .map((line) => line.split("|").slice(1, 4).map((cell) => cell.trim().replaceAll("`", "")));

/** What a row's command prints, and the variables that it runs with. */
const EXPECTED: Record<string, [text: string, env?: Record<string, string>]> = {
  "reading images in the working directory": ["disk.qcow2"],
  "adding, copying, moving and removing them": ["location"],
  "an http, s3 or swift store": ["there.iso"],
  "serving": ["serving http://127.0.0.1:"],
  "serving images by NBD": ["serving nbd://127.0.0.1:"],
  "another configuration": ["elsewhere", { VITRINE_CONFIG: "other.json" }],
  "one option from the environment": ["from the environment", {
    VITRINE_STORE_LOCAL_DESCRIPTION: "from the environment",
  }],
  "stores that only the environment has": ["extra", { VITRINE_STORE_EXTRA_DRIVER: "memory" }],
  "callers of a store that serves several tenants": ["", {
    OS_TOKEN: "no token",
    OS_AUTH_URL: "x",
  }],
  "digests by OpenSSL's libcrypto; rbd stores": ["/local/disk.qcow2: ok"],
};

for (const [what, command, flags] of rows as [string, string, string][]) {
  Deno.test(`README: ${what} needs ${flags}`, async () => {
    assert(Object.hasOwn(EXPECTED, what), "the table has a row that this test does not know");
    const [text, variables = {}] = EXPECTED[what]!;
    const index = [{ name: "there.iso", type: "file", size: 5 }];
    await using origin = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => Response.json(index),
    );
    const address = `127.0.0.1:${origin.addr.port}`;
    await using place = await Workplace.make({
      default: "local",
      stores: {
        local: { driver: "file", datadir: "./images" },
        mirror: { driver: "http", baseUrl: `http://${address}/` },
        shared: { driver: "swift", multiTenant: true, endpoint: `http://${address}/v1` },
      },
    });
    const other = { stores: { elsewhere: { driver: "memory" } } };
    await Deno.writeTextFile(place.path("other.json"), JSON.stringify(other));
    await Deno.mkdir(place.path("images"));
    await Deno.writeTextFile(place.path("disk.qcow2"), "hello");
    if (!command.includes("add")) {
      assertEquals((await place.run("add", "disk.qcow2")).code, 0);
    }
    const used = flags.replace("127.0.0.1:8000", address).replace(/:8080|:10809/, "");
    const env = { ...await install(place, used), ...variables };
    const line = command.replace(/ serve.*$/, "$& --port 0");
    const child = new Deno.Command("sh", {
      args: ["-c", `exec ${line}`],
      cwd: place.folder,
      env,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let out = "";
    const read = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (chunk) => void (out += chunk) }),
    );
    if (command.includes(" serve")) {
      await until("the server", () => Promise.resolve(out.includes("serving")));
      child.kill("SIGINT");
    }
    const [{ code }, err] = await Promise.all([
      child.status,
      new Response(child.stderr).text(),
      read,
    ]);
    if (what.startsWith("callers")) {
      // The token was read: one with a space is refused.
      return assertEquals([code, err.includes("OS_TOKEN has characters")], [2, true], err);
    }
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, text);
  });
}

Deno.test("README: a variable that may not be read counts as unset", async () => {
  await using place = await Workplace.make(null);
  const env = await install(place, "--allow-read=.");
  const { code, stdout, stderr } = await new Deno.Command("vitrine", {
    args: ["ls", "/"],
    cwd: place.folder,
    env: { ...env, VITRINE_CONFIG: "none.json", VITRINE_STORE_EXTRA_DRIVER: "memory" },
  }).output();
  const text = new TextDecoder();
  assertEquals([code, text.decode(stdout), text.decode(stderr)], [0, "local/\n", ""]);
});
