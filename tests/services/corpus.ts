/**
 * The corpus of disk images, which is made anew where it is started.
 *
 * @module
 */

import { canMakeCorpus, makeCorpus, PACKAGES } from "../formats/corpus/mod.ts";
import type { Service } from "./service.ts";

/** The modules that say what the corpus is. */
const RECIPES = ["mod.ts", "workshop.ts", "sound.ts", "hostile.ts"];

/** The images: `directory` is where they are; no daemon. */
export const corpus: Service = {
  name: "corpus",
  packages: PACKAGES,
  installed: () => canMakeCorpus(),
  async start(dir) {
    const directory = `${dir}/images`;
    await Deno.mkdir(directory);
    await makeCorpus(directory);
    return { directory, recipe: await recipe() };
  },
  healthy: async (endpoints) => endpoints.recipe === await recipe(),
};

/** Digest of the recipes: a corpus made by others is made again. */
async function recipe(): Promise<string> {
  const texts = await Promise.all(
    RECIPES.map((name) => Deno.readTextFile(new URL(`../formats/corpus/${name}`, import.meta.url))),
  );
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\0")));
  return new Uint8Array(digest).toHex();
}
