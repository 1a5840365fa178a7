/**
 * The options of RBD stores: those of glance_store's rbd driver.
 *
 * @module
 */
import type { OptionDefinitions } from "../../store/options.ts";

/** Options of an {@linkcode RbdStore}. */
export interface RbdOptions {
  /** Size of the RADOS objects that images are made of, in MiB: a power of two. Default: 8. */
  chunkSize?: number;
  /** Pool of the images, or `POOL/NAMESPACE` for an RBD namespace of it. Default: `images`. */
  pool?: string;
  /** Ceph user, without `client.`. Default: librados's, which is `admin`. */
  user?: string;
  /** Path of ceph.conf. Default: the places where librados looks. */
  cephConf?: string;
  /**
   * Seconds that connecting and each request to the cluster may take. Below 0, the default, Ceph's
   * own hold: 300 seconds to connect, and requests wait for the cluster.
   */
  connectTimeout?: number;
  /** Whether runs of zero bytes are left out, so that they take no space. */
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
    glance: "rbd_store_chunk_size",
  },
  pool: {
    type: "string",
    default: "images",
    pattern: /^[^/]+(\/[^/]+)?$/,
    format: "POOL or POOL/NAMESPACE",
    glance: "rbd_store_pool",
  },
  user: { type: "string", glance: "rbd_store_user" },
  cephConf: { type: "string", default: "", glance: "rbd_store_ceph_conf" },
  connectTimeout: { type: "integer", default: -1, glance: "rados_connect_timeout" },
  thinProvisioning: { type: "boolean", default: false, glance: "rbd_thin_provisioning" },
};
