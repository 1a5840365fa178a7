/**
 * Modules bundled for any runtime.
 *
 * @module
 */
import { output } from "./runtimes/runtime.ts";

/**
 * Bundles and minifies a module into a directory of modules, the first of which has its name; what it
 * loads only when it is used stays apart. The directory is the caller's to remove.
 */
export async function bundle(module: URL): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "vitrine-bundle-" });
  await output(
    Deno.execPath(),
    "bundle",
    "--quiet",
    "--platform=browser",
    "--minify",
    "--code-splitting",
    `--outdir=${directory}`,
    module.pathname,
  );
  return directory;
}

/** Bundles and minifies a module into the module `path`, with everything that it loads. */
export async function bundleWhole(module: URL, path: string): Promise<void> {
  await output(
    Deno.execPath(),
    ...["bundle", "--quiet", "--platform=browser", "--minify", `--output=${path}`, module.pathname],
  );
}
