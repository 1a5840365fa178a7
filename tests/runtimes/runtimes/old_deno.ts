/**
 * Older versions of Deno as npm has them.
 *
 * @module
 */
import { createRequire } from "node:module";
import type { Program } from "./node.ts";

const DENOS = {
  // deno-lint-ignore no-import-prefix
  "2.5.6": () => import("npm:@deno/linux-x64-glibc@2.5.6/package.json", { with: { type: "json" } }),
  // deno-lint-ignore no-import-prefix
  "2.7.1": () => import("npm:@deno/linux-x64-glibc@2.7.1/package.json", { with: { type: "json" } }),
};

/** The oldest version that is supported, as far as npm has it: there is no 2.7.0. */
export const OLDEST_DENO = "2.7.1";

/** A version that lacks what the file driver needs. */
export const TOO_OLD_DENO = "2.5.6";

/**
 * Returns an older Deno.
 *
 * @param version Its version.
 * @throws {Error} If npm has none for this platform.
 */
export async function oldDeno(version: keyof typeof DENOS): Promise<Program> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(`no Deno of npm for ${Deno.build.target}`);
  }
  await DENOS[version]();
  const manifest = import.meta.resolve(`npm:@deno/linux-x64-glibc@${version}/package.json`);
  return { name: `Deno ${version}`, path: createRequire(manifest).resolve("./deno") };
}
