/**
 * The options of RBD stores: those of glance_store's rbd driver.
 *
 * @module
 */
import type { OptionDefinitions } from "../options.ts";

/** Options of an {@linkcode RbdStore}. */
export interface RbdOptions {
  /** Size of the RADOS objects that images are made of, in MiB. */
  chunkSize?: number;
  /** Pool of the images. */
  pool?: string;
  /** Ceph user, without `client.`. */
  user?: string;
  /** Path of ceph.conf. */
  cephConf?: string;
  /** Seconds that connecting and each request to the cluster may take. */
  connectTimeout?: number;
  /** Whether runs of zero bytes are left out. */
  thinProvisioning?: boolean;
}

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  chunkSize: {
    type: "integer",
    min: 1,
    // RBD's objects have at most 2^25 bytes.
    max: 32,
    default: 8,
    help: "Size in MiB of the RADOS objects that images are made of, a power of two.",
    glance: "rbd_store_chunk_size",
  },
  pool: {
    type: "string",
    default: "images",
    help: "Pool that holds the images.",
    glance: "rbd_store_pool",
  },
  user: {
    type: "string",
    help: "Ceph user, without `client.`; librados takes `admin` unless given.",
    glance: "rbd_store_user",
  },
  cephConf: {
    type: "string",
    default: "",
    help: "Path of ceph.conf; librados looks in its usual places unless given.",
    glance: "rbd_store_ceph_conf",
  },
  connectTimeout: {
    type: "integer",
    default: -1,
    help: "Seconds until connecting, or a request to the cluster, fails; below 0 Ceph's own " +
      "defaults hold: 300 seconds to connect, and requests wait for the cluster.",
    glance: "rados_connect_timeout",
  },
  thinProvisioning: {
    type: "boolean",
    default: false,
    help: "Leave runs of zero bytes out, so that they take no space.",
    glance: "rbd_thin_provisioning",
  },
};
