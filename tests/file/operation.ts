/**
 * Does one thing with a file store, for a test that watches the calls of the system.
 *
 * Usage: `operation.ts DATADIR add|delete ID` or `operation.ts DATADIR rename|copy ID ID`.
 *
 * @module
 */
import { FileStore } from "@vitrine/vitrine/file";

const [datadir, operation, imageId, target] = Deno.args as [string, string, string, string];
await using store = new FileStore("files", { datadir, createDatadir: true });
if (operation === "add") await store.add(imageId, new Blob(["hello"]));
if (operation === "delete") await store.delete(imageId);
if (operation === "rename") await store.rename(imageId, target);
if (operation === "copy") await store.copy(imageId, target);
