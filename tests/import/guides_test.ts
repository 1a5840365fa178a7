/**
 * The guides on images from elsewhere and on several stores work as they stand.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CLI, Workplace } from "../cli/harness.ts";
import { serviceTest } from "../services/mod.ts";
import { pipe } from "./pipe.ts";

const root = new URL("../../", import.meta.url);
const decoder = new TextDecoder();

/** Returns the code blocks of a guide in one language. */
async function blocks(guide: string, language: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`docs/guides/${guide}.md`, root));
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))].map(([, code]) =>
    code!
  );
}

/** Runs the command lines of a guide in a folder, as they stand. */
async function runLines(place: Workplace, guide: string, env: Record<string, string>) {
  await Deno.mkdir(place.path("bin"));
  const program = [`'${Deno.execPath()}'`, "run", "--no-prompt", "-A", ...CLI].join(" ");
  await Deno.writeTextFile(place.path("bin/vitrine"), `#!/bin/sh\nexec ${program} "$@"\n`, {
    mode: 0o755,
  });
  const PATH = `${place.path("bin")}:${Deno.env.get("PATH")}`;
  for (const block of await blocks(guide, "sh")) {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-ec", block],
      cwd: place.folder,
      env: { PATH, NO_COLOR: "1", ...env },
      stdin: "null",
    }).output();
    assertEquals([code, decoder.decode(stderr)], [0, ""], block);
  }
}

/** Runs the programs of a guide, and returns what they print. */
async function runPrograms(guide: string): Promise<string> {
  let printed = "";
  for (const program of await blocks(guide, "ts")) {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, program);
    const config = new URL("deno.json", root).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--config", config, "--allow-read", "--allow-env", file],
      env: { NO_COLOR: "1" },
    }).output();
    await Deno.remove(file);
    assertEquals(code, 0, decoder.decode(stderr));
    printed += decoder.decode(stdout);
  }
  return printed;
}

const needs: ("nginx" | "signers")[] = ["nginx", "signers"];

serviceTest("docs/guides/import.md: the command lines work as they stand", needs, async (
  { nginx },
) => {
  const name = `guide-${crypto.randomUUID().slice(0, 8)}`;
  const folder = `${nginx.root}/${name}`;
  await Deno.mkdir(folder);
  const { hostname, port } = new URL(nginx.url!);
  const [config] = await blocks("import", "json");
  const allowed = config!.replace("mirror.internal", hostname).replace("8080", port);
  await using place = await Workplace.make(JSON.parse(allowed));
  try {
    const create = ["create", "-q", "-f", "qcow2", "disk.qcow2", "1M"];
    assertEquals(
      (await new Deno.Command("qemu-img", { args: create, cwd: folder }).output()).code,
      0,
    );
    const image = await Deno.readFile(`${folder}/disk.qcow2`);
    await Deno.writeFile(`${folder}/disk.qcow2.xz`, await pipe(image, "xz", "-c"));
    const gzip = await pipe(image, "gzip", "-c");
    for (const file of [`${folder}/disk.qcow2.gz`, place.path("disk.qcow2.gz")]) {
      await Deno.writeFile(file, gzip);
    }
    const line =
      "echo hello > README && zip -q disk.zip README disk.qcow2 && sha256sum disk.* > SHA256SUMS" +
      ` && minisign -G -W -p '${place.path("publisher.pub")}' -s key` +
      " && minisign -S -W -s key -m disk.qcow2.xz";
    const made = await new Deno.Command("sh", { args: ["-ec", line], cwd: folder }).output();
    assertEquals(made.code, 0, decoder.decode(made.stderr));
    await runLines(place, "import", { MIRROR: `${nginx.url}${name}` });
    for (
      const id of [
        "disk.qcow2",
        "debian/12.qcow2",
        "debian/copy.qcow2",
        "from-zip.qcow2",
        "signed.qcow2",
      ]
    ) {
      assertEquals(await Deno.readFile(place.path(`images/${id}`)), image, id);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/guides/several-stores.md: the command lines work as they stand", async () => {
  await using place = await Workplace.make();
  await Deno.writeTextFile(place.path("disk.qcow2"), "a very small disk");
  await runLines(place, "several-stores", {});
  for (const path of ["copy.qcow2", "mirror/disk.qcow2", "local/both.qcow2"]) {
    assertEquals(await Deno.readTextFile(place.path(path)), "a very small disk");
  }
});

Deno.test("docs/guides: the programs of both guides run", async () => {
  assertStringIncludes(await runPrograms("import"), "gzip 17");
  assertStringIncludes(await runPrograms("several-stores"), "a disk\n");
});
