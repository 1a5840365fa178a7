/** The Swift store keeps the contract on Swift with tempauth and with Keystone, and on radosgw. */
import { storeConformance } from "@vitrine/vitrine/conformance";
import { type SwiftOptions, SwiftStore } from "@vitrine/vitrine/swift";
import { ceph, container, emptied, keystone, swift } from "./servers.ts";

/** Segments as small as can be, so that the suite's images have several. */
const SEGMENTED: SwiftOptions = { largeObjectSize: 1, largeObjectChunkSize: 1 };

const RACE = {
  "of two adds of one id at once, one wins and the other is Duplicate":
    "radosgw does not heed If-None-Match in its Swift API",
};

const variants: [string, SwiftOptions | undefined, Record<string, string>?][] = [
  ["Swift with tempauth", swift],
  ["Swift with tempauth, segmented", swift && { ...swift, ...SEGMENTED }],
  [
    "Swift with tempauth, dynamic manifests",
    swift && { ...swift, ...SEGMENTED, largeObjectType: "dlo" },
  ],
  ["Swift with tempauth, 256 containers", swift && { ...swift, multipleContainersSeed: 2 }],
  ["Swift with Keystone v3", keystone],
  ["Swift with Keystone v3, segmented", keystone && { ...keystone, ...SEGMENTED }],
  ["Swift with Keystone v3, multi-tenant", keystone && { ...keystone, multiTenant: true }],
  ["radosgw", ceph, RACE],
  ["radosgw, segmented", ceph && { ...ceph, ...SEGMENTED }, RACE],
  ["radosgw, dynamic manifests", ceph && { ...ceph, ...SEGMENTED, largeObjectType: "dlo" }, RACE],
];

for (const [name, server, skip = {}] of variants) {
  if (server === undefined) {
    Deno.test({ name: `conformance: ${name} [needs its server]`, ignore: true, fn: () => {} });
    continue;
  }
  const options = { ...server, container: container() };
  const flat = options.multiTenant === true || options.multipleContainersSeed !== undefined;
  storeConformance(name, () => new SwiftStore("swift", options), {
    flat,
    skip,
    cleanup: () => emptied(options),
  });
}
