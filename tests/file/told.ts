/**
 * Says what a store of the datadir given says to a user who may not do everything.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";

const store = new FileStore("files", { datadir: Deno.args[0]! });
const said = (error: Error) => `${error.name}: ${error.message}`;
console.log(JSON.stringify({
  configure: await store.configure().then(() => "configured", said),
  size: await store.getSize("there").catch(said),
  add: await store.add("new", new Uint8Array(1)).then(() => "added", said),
  delete: await store.delete("there").then(() => "deleted", said),
}));
