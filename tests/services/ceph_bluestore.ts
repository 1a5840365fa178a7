/**
 * A second Ceph cluster, with bluestore on a file and cephx: for RBD as deployments have it.
 *
 * @module
 */

import { cephCluster } from "./ceph.ts";
import type { Service } from "./service.ts";

/** The cluster; its user `glance` may use the pool `images` alone. */
export const cephBluestore: Service = cephCluster("ceph-bluestore", {
  objectstore: "bluestore",
  capacity: 32 * 2 ** 30,
  cephx: true,
  gateway: false,
});
