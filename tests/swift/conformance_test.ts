/**
 * The Swift store keeps the contract on Swift with tempauth and with Keystone, and on radosgw.
 *
 * @module
 */
import { storeConformance } from "@vitrine/vitrine/conformance";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { ceph, container, emptied, keystone, swift } from "./servers.ts";

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

for (const [name, server] of variants) {
  if (server === undefined) {
    Deno.test({ name: `conformance: ${name} [needs its server]`, ignore: true, fn: () => {} });
    continue;
  }
  const options = { ...server, container: container() };
  const flat = options.multiTenant === true || options.multipleContainersSeed !== undefined;
  storeConformance(name, () => new SwiftStore("swift", options), {
    flat,
    cleanup: () => emptied(options),
  });
}
