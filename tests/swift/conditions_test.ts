/**
 * Preconditions that Swift servers judge.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { NotModified, PreconditionFailed } from "../../mod.ts";
import { SwiftStore } from "@vitrine/vitrine/swift";
import { assertBytes, bytesOf, MIB, pattern } from "../../conformance/data.ts";
import { ceph, container, emptied, swift } from "./servers.ts";

for (const [server, login] of Object.entries({ swift, ceph })) {
  Deno.test({
    name: `SwiftStore.get: the server judges entity tags, on ${server} [needs ${server}]`,
    ignore: login === undefined,
    async fn() {
      const seen: string[] = [];
      const fetched = async (url: string, init: RequestInit) => {
        const response = await fetch(url, init);
        if (init.method === "GET") seen.push(`${response.status}`);
        return response;
      };
      const options = { ...login, container: container(), fetch: fetched };
      await using store = new SwiftStore("images", options);
      try {
        const data = pattern(20 * MIB);
        await store.add("disk.raw", data);
        const { etag, modified } = await store.stat("disk.raw");
        await store.get("disk.raw", { length: 1 }).then(({ stream }) => stream.cancel());
        seen.splice(0);
        await assertRejects(() => store.get("disk.raw", { ifNoneMatch: etag }), NotModified);
        assertEquals(seen.splice(0), ["304"]);
        const other = { ifMatch: '"another"' };
        await assertRejects(() => store.get("disk.raw", other), PreconditionFailed);
        assertEquals(seen.splice(0), ["412"]);
        // Dates are judged here: Swift's lie up to a second later than those that it lists.
        assertBytes(await bytesOf(store, "disk.raw", { ifUnmodifiedSince: modified }), data);
        assertBytes(await bytesOf(store, "disk.raw", { ifMatch: etag }), data);
        await assertRejects(
          () => store.get("disk.raw", { ifModifiedSince: modified }),
          NotModified,
        );
      } finally {
        await emptied(options);
      }
    },
  });
}
