/**
 * The Swift store keeps the contract on Swift with tempauth and with Keystone, and on radosgw.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type BackendHooks, storeConformance } from "@vitrine/vitrine/conformance";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { account, ceph, container, emptied, keystone, swift } from "./servers.ts";

/** Segments as small as can be, so that the suite's images have several. */
const SEGMENTED: SwiftOptions = { largeObjectSize: 1, largeObjectChunkSize: 1 };

const variants: [string, SwiftOptions | undefined][] = [
  ["Swift with tempauth", swift && { ...swift, tempUrlKey: "unused" }],
  ["Swift with tempauth, segmented", swift && { ...swift, ...SEGMENTED }],
  [
    "Swift with tempauth, dynamic manifests",
    swift && { ...swift, ...SEGMENTED, largeObjectType: "dlo" },
  ],
  ["Swift with tempauth, 256 containers", swift && { ...swift, multipleContainersSeed: 2 }],
  ["Swift with Keystone v3", keystone],
  ["Swift with Keystone v3, multi-tenant", keystone && { ...keystone, multiTenant: true }],
  ["radosgw", ceph],
  ["radosgw, segmented", ceph && { ...ceph, ...SEGMENTED }],
];

/** What can be done to the containers of a store behind its back. */
function hooksOf(
  options: SwiftOptions,
  isFlat: boolean,
  protect: (object?: string) => void,
): BackendHooks {
  const hide = async (directory: string) => {
    const path = `/${options.container}/${directory}/two//slashes`;
    const at = await account(options);
    assertEquals((await at.send("PUT", path, {}, "hidden")).status, 201);
    return async () => void await at.send("DELETE", path);
  };
  return {
    async snapshot() {
      const at = await account(options);
      const containers = await at.names();
      const own = containers.filter((name) => name.startsWith(options.container!));
      return await Promise.all(own.map(async (name) => [name, await at.names(name)]));
    },
    ...!isFlat && { hideImage: hide },
    preventRemoval(imageId) {
      protect(imageId);
      return Promise.resolve(() => Promise.resolve(protect()));
    },
  };
}

for (const [name, server] of variants) {
  if (server === undefined) {
    Deno.test({ name: `conformance: ${name} [needs its server]`, ignore: true, fn: () => {} });
    continue;
  }
  // Swift has nothing that keeps an owner from deleting, so that the responses of a proxy stand in.
  let prevented: string | undefined;
  const hasProxy = name.endsWith("segmented") || name.includes("manifests");
  const options: SwiftOptions = {
    ...server,
    container: container(),
    ...hasProxy && {
      fetch: (url, init) => {
        const { pathname } = new URL(url);
        if (init.method === "DELETE" && prevented && pathname.endsWith(`/${prevented}`)) {
          return Promise.resolve(new Response("not now", { status: 403 }));
        }
        return fetch(url, init);
      },
    },
  };
  const flat = options.multiTenant === true || options.multipleContainersSeed !== undefined;
  const { preventRemoval, ...hooks } = hooksOf(options, flat, (object) => prevented = object);
  storeConformance(name, () => new SwiftStore("swift", options), {
    flat,
    hooks: { ...hooks, ...hasProxy && { preventRemoval } },
    cleanup: () => emptied(options),
  });
}
