/**
 * Images in Swift.
 *
 * @module
 */
import { SwiftStore } from "../../../drivers/swift/mod.ts";
import { all, bytesOf, equal, fails, pattern } from "../check.ts";
import type { Cases } from "../case.ts";
import type { AccountSite } from "../environment.ts";

const MIB = 1_048_576;
const DATA = pattern(5 * MIB + 3);

/** What a store in Swift does. */
export function swiftCases(site: AccountSite): Cases {
  const options = { ...site, authVersion: "1" as const, createContainerOnPut: true };
  const store = (more = {}) => new SwiftStore("swift", { ...options, ...more });
  const id = (name: string) => `${crypto.randomUUID()}/${name}`;
  return {
    "swift: an image below the threshold, its digests kept": async () => {
      const name = id("a b+c ü.img");
      const { checksum, multihash, location } = await store().add(name, DATA);
      const stat = await store().stat(location.uri());
      equal([stat.size, stat.checksum, stat.multihash], [DATA.length, checksum, multihash]);
      const { stream } = await store().get(name, { verify: true });
      equal(await bytesOf(stream), DATA);
      await fails("Duplicate", () => store().add(name, new Uint8Array(1)));
    },
    "swift: segments of an image of unknown size, and a range across them": async () => {
      const name = id("segments");
      const small = store({ largeObjectSize: 1, largeObjectChunkSize: 1, concurrency: 2 });
      await small.add(name, new Blob([DATA]).stream());
      const { stream } = await store().get(name, { offset: MIB - 5, length: 3 * MIB });
      equal(await bytesOf(stream), DATA.slice(MIB - 5, 4 * MIB - 5));
      await small.delete(name);
      await fails("NotFound", () => store().stat(name));
    },
    "swift: list, copy, delete": async () => {
      const directory = id("").slice(0, -1);
      await store().add(`${directory}/ü & <x>`, new Uint8Array(3));
      await store().copy(`${directory}/ü & <x>`, `${directory}/sub/copy`);
      const paths = async (recursive: boolean) =>
        (await all(store().list({ directory, recursive }))).map(({ path }) =>
          path.slice(directory.length + 1)
        );
      equal(await paths(false), ["sub", "ü & <x>"]);
      equal(await paths(true), ["sub/copy", "ü & <x>"]);
      for (const path of await paths(true)) await store().delete(`${directory}/${path}`);
      equal(await paths(true), []);
    },
    "swift: a temporary URL is signed": async () => {
      const url = await store({ tempUrlKey: "key" }).presign(id("signed"));
      equal(url.searchParams.get("temp_url_sig")?.length, 64);
    },
    "swift: a wrong key": async () => {
      await fails("AuthorizationFailure", () => store({ key: "wrong" }).get("a"));
    },
  };
}
