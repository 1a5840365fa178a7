/**
 * The http store against a hostile server.
 *
 * @module
 */
import { HttpStore } from "../../drivers/http/mod.ts";
import { IMAGES, runMatrix } from "./matrix.ts";
import { FakeSite } from "./site.ts";

Deno.test("HttpStore: against a hostile server each operation ends with the truth or an error", async () => {
  await runMatrix({
    driver: "http",
    serve: () => new FakeSite(IMAGES),
    open: (url) =>
      new HttpStore("hostile", {
        baseUrl: `${url}/i/`,
        connectTimeout: 300,
        firstByteTimeout: 300,
        idleTimeout: 300,
        retries: 1,
        retryDelay: 1,
      }),
    isWritable: false,
    large: 0,
    takesAnyPage: true,
    least: 6_500,
  });
});
