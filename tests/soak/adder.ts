/**
 * Adds images to a store until it is killed, and prints the id of each that was added. Its argument is JSON:
 * the driver, the options, the sizes, and the number of the first image.
 *
 * @module
 */
import { loadDriver } from "../../mod.ts";
import { bytesFor } from "./harness.ts";

const { driver, options, sizes, first } = JSON.parse(Deno.args[0]!);
const Class = await loadDriver(driver);
const store = new Class("soaked", options);
console.log("ready");
for (let number = first; number < first + 1_000; number++) {
  const id = `kill/${number}`;
  await store.add(id, bytesFor(number, sizes));
  console.log(id);
}
