/**
 * `deno task publish [--dry-run] [argument...]`: publishes the package to JSR, or to the registry that
 * `JSR_URL` names.
 *
 * `deno publish` leaves out modules that import a linked package. So the checkout is copied without the
 * `links` of its deno.json and published from there, with the real `@std`. Arguments are those of
 * `deno publish`. A checkout with changes that are not committed is refused without `--allow-dirty`.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { copySources, root } from "./project.ts";

/** Returns the changes of the checkout that are not committed, one a line. */
async function uncommitted(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["status", "--porcelain"],
    cwd: fromFileUrl(root),
  }).output();
  return new TextDecoder().decode(success ? stdout : stderr);
}

const isDryRun = Deno.args.includes("--dry-run");
if (!isDryRun && !Deno.args.includes("--allow-dirty")) {
  const changes = await uncommitted();
  if (changes !== "") {
    console.error(`publish: the checkout has changes that are not committed:\n${changes}`);
    Deno.exit(1);
  }
}
const folder = await Deno.makeTempDir({ prefix: "vitrine-publish-" });
try {
  await copySources(folder);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", ...Deno.args],
    cwd: folder,
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
