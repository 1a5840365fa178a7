/**
 * Adds an image of so many bytes to a store of the datadir given, and says what the store says.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";

const [datadir, size] = Deno.args;
const store = new FileStore("files", { datadir: datadir!, createDatadir: true });
const said = await store.add("large", new Uint8Array(Number(size)).fill(1)).then(
  () => "added",
  (error) => `${error.name}: ${error.message}`,
);
console.log(said);
