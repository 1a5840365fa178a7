/**
 * Serves the images of a store by NBD for bench/nbd.ts, or reads one by `get`.
 *
 * Usage: `nbd_child.ts serve DRIVER OPTIONS SOCKET`, or `nbd_child.ts get DRIVER OPTIONS IMAGE`, where OPTIONS
 * is JSON of the store's options.
 *
 * @module
 */
import { loadDriver, Vfs } from "@vitrine/vitrine";
import { serveNbd } from "@vitrine/vitrine/nbd";
import { drainInto } from "./data.ts";
import { measure } from "./harness.ts";

const [work, driver, options, target] = Deno.args as [string, string, string, string];
const StoreClass = await loadDriver(driver);
const store = new StoreClass("images", JSON.parse(options));

if (work === "serve") {
  await serveNbd(new Vfs({ images: store }), {
    socket: target,
    onError: ({ error }) => console.error(error),
  });
  console.log("serving");
} else {
  await store.configure();
  await measure(async () => await drainInto((await store.get(target)).stream));
  await store.close();
  Deno.exit(0);
}
