/**
 * The Swift store against a hostile server.
 *
 * @module
 */
import { SwiftStore } from "../../drivers/swift/mod.ts";
import { FakeAccount } from "./account.ts";
import { IMAGES, runMatrix } from "./matrix.ts";

Deno.test("SwiftStore: against a hostile server each operation ends with the truth or an error", async () => {
  await runMatrix({
    driver: "swift",
    serve: () => new FakeAccount(IMAGES),
    open: (url) =>
      new SwiftStore("hostile", {
        authVersion: "1",
        authAddress: `${url}/auth/v1.0`,
        user: "u",
        key: "k",
        container: "c",
        tempUrlKey: "t",
        timeout: 300,
        retries: 1,
        largeObjectSize: 1,
        largeObjectChunkSize: 1,
        concurrency: 1,
      }),
    isWritable: true,
    large: 2_100_000,
    least: 28_000,
    // A listing of one directory is one of the whole container too, in which other images are missing.
    plausible:
      /^list all, GET \S+\/c\?format #0: the reply to GET \S+\/c\?delimiter&format&prefix, once$/,
  });
});
