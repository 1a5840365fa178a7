/**
 * Completion in bash, zsh and fish, and the manual page, as generated from the table of commands.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMON_OPTIONS } from "../../cli/arguments.ts";
import { COMMANDS, loadCommands } from "../../cli/commands/mod.ts";
import { COMMAND, Workplace } from "./harness.ts";

/** Returns whether a program is installed. */
function isInstalled(name: string): boolean {
  const { success } = new Deno.Command("sh", { args: ["-c", `command -v ${name}`] }).outputSync();
  return success;
}

/** A folder with images, and `vitrine` as a program in its `bin`. */
async function withImages(): Promise<Workplace> {
  const place = await Workplace.make();
  for (const name of ["local/debian/12.qcow2", "local/debian/a b.iso", "local/fedora.iso"]) {
    await Deno.mkdir(place.path(name.replace(/[^/]*$/, "")), { recursive: true });
    await Deno.writeTextFile(place.path(name), "hello");
  }
  await Deno.mkdir(place.path("bin"));
  const words = [Deno.execPath(), ...COMMAND].map((word) => `'${word}'`).join(" ");
  await Deno.writeTextFile(place.path("bin/vitrine"), `#!/bin/sh\nexec ${words} "$@"\n`, {
    mode: 0o755,
  });
  return place;
}

/** Runs a shell in the folder and returns the lines that it prints. */
async function shell(place: Workplace, name: string, ...args: string[]): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(name, {
    args,
    cwd: place.folder,
    env: { PATH: `${place.path("bin")}:${Deno.env.get("PATH")}` },
    stdin: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter(Boolean);
  assert(lines.length > 0, new TextDecoder().decode(stderr));
  return lines;
}

/** Completes the last of the words in bash. */
function inBash(place: Workplace, ...words: string[]): Promise<string[]> {
  const script = `source <(vitrine completion bash)
    compopt() { :; }
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _vitrine
    printf '%s\\n' "\${COMPREPLY[@]}" end`;
  return shell(place, "bash", "-c", script, "bash", ...words);
}

Deno.test("completion bash: completes commands, options, fixed words and paths", async () => {
  await using place = await withImages();
  const cases: [words: string[], expected: string[]][] = [
    [["vitrine", "ve"], ["verify"]],
    [["vitrine", "--json", "st"], ["stores", "stat"]],
    [["vitrine", "cp", "--al"], ["--allow-changed"]],
    [["vitrine", "presign", "--method", ""], ["GET", "PUT"]],
    [["vitrine", "acl", "g"], ["get"]],
    [["vitrine", "acl", "get", "/lo"], ["/local/"]],
    [["vitrine", "ls", "/local/d"], ["/local/debian/"]],
    [["vitrine", "ls", "/local/debian/"], ["/local/debian/12.qcow2", "/local/debian/a\\ b.iso"]],
    [["vitrine", "add", "--store", ""], ["local", "mirror"]],
    [["vitrine", "add", "./b"], ["./bin"]],
    [["vitrine", "help", "ser"], ["serve"]],
  ];
  for (const [words, expected] of cases) {
    assertEquals(await inBash(place, ...words), [...expected, "end"], words.join(" "));
  }
});

Deno.test("completion bash: executes nothing that stands in a name", async () => {
  await using place = await withImages();
  await Deno.writeTextFile(place.path("local/$(touch executed)"), "hello");
  const lines = await inBash(place, "vitrine", "ls", "/local/$");
  assertEquals(lines, ["/local/\\$\\(touch\\ executed\\)", "end"]);
  assertEquals(await Deno.stat(place.path("executed")).catch(() => undefined), undefined);
});

Deno.test({
  name: "completion fish: completes commands, options, fixed words and paths",
  ignore: !isInstalled("fish"),
  async fn() {
    await using place = await withImages();
    const cases: [line: string, expected: string[]][] = [
      ["vitrine ve", ["verify"]],
      ["vitrine cp --al", ["--allow-changed"]],
      ["vitrine presign --method ", ["GET", "PUT"]],
      ["vitrine ls /local/d", ["/local/debian/"]],
      ["vitrine ls /local/debian/1", ["/local/debian/12.qcow2"]],
      ["vitrine add --store ", ["local", "mirror"]],
    ];
    for (const [line, expected] of cases) {
      const script = `vitrine completion fish | source; complete -C ${JSON.stringify(line)}`;
      const lines = await shell(place, "fish", "--no-config", "-c", script);
      assertEquals(lines.map((line) => line.split("\t")[0]!), expected, line);
    }
  },
});

Deno.test({
  name: "completion zsh: completes commands, options, fixed words and paths",
  ignore: !isInstalled("zsh"),
  async fn() {
    await using place = await withImages();
    // A shell at a terminal completes the line when it reads a tab, and shows what it becomes.
    const script = `zmodload zsh/zpty
      vitrine completion zsh > completion.zsh
      zpty shell zsh -f -i
      zpty -w shell 'PS1= PS2=; autoload -U compinit; compinit -u -D; source ./completion.zsh; print re""ady'
      zpty -r shell text '*ready*'
      zpty -n -w shell "$1"$'\\t'
      zpty -r shell text "*$2*"
      print completed`;
    for (
      const [line, expected] of [
        ["vitrine ver", "vitrine verify"],
        ["vitrine cp --allow", "vitrine cp --allow-changed"],
        ["vitrine presign --method G", "vitrine presign --method GET"],
        ["vitrine ls /local/d", "vitrine ls /local/debian/"],
        ["vitrine add --store lo", "vitrine add --store local"],
      ] as const
    ) {
      const added = expected.slice(line.length);
      const lines = await shell(
        place,
        "timeout",
        "60",
        "zsh",
        "-f",
        "-c",
        script,
        "zsh",
        line,
        added,
      );
      assertEquals(lines.at(-1), "completed", line);
    }
  },
});

Deno.test("completion: every shell knows every command and option", async () => {
  await using place = await Workplace.make();
  for (const name of ["bash", "zsh", "fish"]) {
    const { code, out } = await place.run("completion", name);
    assertEquals(code, 0);
    for (const [command, { options = [] }] of Object.entries(await loadCommands())) {
      assertStringIncludes(out, command);
      for (const option of [...options, ...COMMON_OPTIONS]) {
        assertStringIncludes(out, name === "fish" ? `-l ${option.name}` : `--${option.name}`);
      }
    }
  }
  assertEquals((await place.run("completion", "tcsh")).code, 2);
});

Deno.test("manual: has every command and option, and no errors of troff", async () => {
  await using place = await Workplace.make();
  const { code, out } = await place.run("manual");
  assertEquals(code, 0);
  await Deno.writeTextFile(place.path("vitrine.1"), out);
  const { stdout, stderr } = await new Deno.Command("man", {
    args: ["--warnings", "-l", place.path("vitrine.1")],
    env: { MANWIDTH: "200", LC_ALL: "C.UTF-8" },
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  // deno-lint-ignore no-control-regex
  const page = new TextDecoder().decode(stdout).replace(/.\x08|\x1b\[[\d;]*m/g, "");
  for (const [command, { options = [] }] of Object.entries(await loadCommands())) {
    assertStringIncludes(page, `vitrine ${command}`);
    for (const { name } of options) assertStringIncludes(page, `--${name}`);
  }
});

Deno.test("help: names every command, and each command its options", async () => {
  await using place = await Workplace.make();
  const overview = (await place.run("help")).out;
  for (const name of Object.keys(COMMANDS)) assertStringIncludes(overview, `  ${name} `);
  const { out } = await place.run("verify", "--help");
  for (const { name } of (await loadCommands()).verify!.options!) {
    assertStringIncludes(out, `--${name}`);
  }
});
