/**
 * All test services.
 *
 * @module
 */

import { ceph } from "./ceph.ts";
import { swift } from "./swift.ts";
import type { Service } from "./service.ts";

/** Every service, in the order in which the command line shows them. */
export const SERVICES: Service[] = [ceph, swift];
