/**
 * All test services.
 *
 * @module
 */

import { ceph } from "./ceph.ts";
import { cephBluestore } from "./ceph_bluestore.ts";
import { chromium } from "./chromium.ts";
import { clients } from "./clients.ts";
import { corpus } from "./corpus.ts";
import { fileServers } from "./file_servers.ts";
import { glanceStore } from "./glance_store.ts";
import { keystone } from "./keystone.ts";
import { machine } from "./machine.ts";
import { nbdClients } from "./nbd_clients.ts";
import { nginx } from "./nginx.ts";
import type { Service } from "./service.ts";
import { signers } from "./signers.ts";
import { swift } from "./swift.ts";
import { tools } from "./tools.ts";

/** Every service, in the order in which the command line shows them. */
export const SERVICES: Service[] = [
  nginx,
  ceph,
  cephBluestore,
  swift,
  keystone,
  glanceStore,
  tools,
  chromium,
  clients,
  nbdClients,
  machine,
  fileServers,
  corpus,
  signers,
];
