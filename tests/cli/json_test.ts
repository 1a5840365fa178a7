/**
 * The output of `--json` has the shapes of docs/command.md.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../cli/commands/mod.ts";
import { Workplace } from "./harness.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../docs/command.md", import.meta.url));

/** A field of a documented object. */
interface Field {
  name: string;
  type: string;
  isRequired: boolean;
}

/** Returns the fields that the document lists for a command. */
function fieldsOf(command: string): Field[] {
  const heading = DOCUMENT.split("\n").find((line) =>
    line.startsWith("## ") && line.includes(`\`vitrine ${command} --json\``)
  );
  assert(heading, `docs/command.md has no section on ${command}`);
  const rows = DOCUMENT.split(`${heading}\n`)[1]!.split("\n## ")[0]!.split("\n")
    .filter((line) => line.startsWith("| `"));
  return rows.map((row) => {
    const [name, type, present] = row.split("|").slice(1).map((cell) => cell.trim());
    return { name: name!.replaceAll("`", ""), type: type!, isRequired: present === "always" };
  });
}

/** Asserts that a value has the fields of a command's shape and no others. */
function assertShape(command: string, value: unknown): void {
  const fields = fieldsOf(command);
  for (const one of Array.isArray(value) ? value : [value]) {
    const text = `${command}: ${JSON.stringify(one)}`;
    for (const { name, isRequired } of fields) assert(!isRequired || name in one, text);
    for (const [name, inner] of Object.entries(one)) {
      const field = fields.find((field) => field.name === name);
      assert(field, `${text}: ${name} is not in docs/command.md`);
      assert(isOfType(field.type, inner), `${text}: ${name} is no ${field.type}`);
      if (name === "inspection") assertShape("inspect", { path: "", ...inner as object });
    }
  }
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "string[]":
      return Array.isArray(value) && value.every((one) => typeof one === "string");
    case "object[]":
      return Array.isArray(value) && value.every((one) => typeof one === "object");
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "date":
      return typeof value === "string" && new Date(value).toJSON() === value;
    case "boolean":
      return value === true || value === false;
    case "number":
      return typeof value === "number";
    default:
      return type === "string" && typeof value === "string";
  }
}

/** Command lines, each with the command whose shape its output has, and the exit code. */
const RUNS: readonly [command: string, args: string[], code: number][] = [
  ["add", ["add", "x", "--id", "iso/x"], 0],
  ["stores", ["stores"], 1],
  ["stores", ["stores", "--check", "local"], 0],
  ["ls", ["ls", "-R", "/local"], 0],
  ["tree", ["tree", "/local"], 0],
  ["stat", ["stat", "/local/iso/x"], 0],
  ["inspect", ["inspect", "/local/iso/x"], 0],
  ["stat", ["stat", "/local/iso/x", "/local/iso"], 0],
  ["cp", ["cp", "-r", "/local/iso", "./out"], 0],
  ["du", ["du", "/local", "./local"], 0],
  ["mv", ["mv", "/local/iso/x", "/local/iso/y"], 0],
  ["verify", ["verify", "/local", "/local/none"], 1],
  ["verify", ["verify", "--md5", "0".repeat(32), "/local/iso/y"], 3],
  ["verify", ["verify", "/local/foreign"], 4],
  ["presign", ["presign", "/cloud/x", "--expires", "2d"], 0],
  ["df", ["df"], 1],
  ["gc", ["gc", "--dry-run", "local"], 0],
  ["acl", ["acl", "get", "/shared/x"], 0],
  ["config convert", ["config", "convert", "new.json"], 0],
];

/** What an S3 server sends of an object that everybody may read. */
const ACLS = "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList><Grant>" +
  "<Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>" +
  "<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>";

Deno.test("--json: every command has the shape of docs/command.md", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(ACLS),
  );
  await using place = await Workplace.make({
    default: "local",
    stores: {
      local: { driver: "file", datadir: "./local" },
      bad: { driver: "abacus" },
      cloud: {
        driver: "s3",
        host: "http://127.0.0.1:1",
        bucket: "b",
        accessKey: "a",
        secretKey: "s",
      },
      shared: {
        driver: "s3",
        host: `http://127.0.0.1:${server.addr.port}`,
        bucket: "b",
        accessKey: "a",
        secretKey: "s",
      },
    },
  });
  await Deno.mkdir(place.path("local"));
  await Deno.writeTextFile(place.path("x"), "hello");
  await Deno.writeTextFile(place.path("local/foreign"), "hello");
  for (const [command, args, expected] of RUNS) {
    const { code, out, err } = await place.run(...args, "--json");
    assertEquals(code, expected, `${args.join(" ")}: ${err}`);
    assertShape(command, JSON.parse(out));
  }
  assertEquals(JSON.parse((await place.run("rm", "/local/iso/y", "--json")).out), [
    "/local/iso/y",
  ]);
  const shown = JSON.parse((await place.run("config", "show", "--json")).out);
  assertEquals(Object.keys(shown.stores), ["local", "bad", "cloud", "shared"]);
});

Deno.test("sync and check --json: every line has the shape of docs/command.md", async () => {
  await using place = await Workplace.make();
  for (const id of ["a/x", "a/y"]) {
    await Deno.writeTextFile(place.path("x"), id);
    assertEquals((await place.run("add", "x", "--id", id, "--store", "local")).code, 0);
  }
  for (const command of ["check", "sync", "check"]) {
    const { out } = await place.run(command, "/local", "/mirror", "--json");
    const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.length, 3, out);
    assertShape(command, lines);
    assertEquals(Object.keys(lines.at(-1)), ["summary"]);
  }
});

Deno.test("serve --json: prints where it listens", async () => {
  await using place = await Workplace.make({ stores: { scratch: { driver: "memory" } } });
  const child = place.start(["serve", "--port", "0", "--json"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertShape("serve", JSON.parse((await lines.read()).value!));
  child.kill("SIGINT");
  await child.status;
  await lines.cancel();
  await child.stderr.cancel();
});

Deno.test("docs/command.md: has no shape that the other tests do not compare", () => {
  const headings = [...DOCUMENT.matchAll(/^## .*$/gm)].flatMap(([heading]) =>
    [...heading.matchAll(/`vitrine ([^`]*?) --json`/g)].map(([, command]) => command!)
  );
  assert(headings.length > 10);
  const compared = [
    "serve",
    "rm",
    "config show",
    "check",
    "sync",
    ...RUNS.map(([command]) => command),
  ];
  assertEquals(headings.filter((name) => !compared.includes(name)), []);
});

Deno.test("docs/command.md: has every command, or says that it has no JSON form", async () => {
  for (const name of Object.keys(COMMANDS)) {
    assert(
      DOCUMENT.includes(`\`vitrine ${name} `) ||
        /^`cat`.*$/m.exec(DOCUMENT)![0].includes(`\`${name}\``),
      name,
    );
  }
  await using place = await Workplace.make({ stores: { scratch: { driver: "memory" } } });
  for (const name of ["completion", "manual"]) {
    const args = name === "completion" ? [name, "bash"] : [name];
    assertEquals((await place.run(...args, "--json")).code, 2);
  }
});
