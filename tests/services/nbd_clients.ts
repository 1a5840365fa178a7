/**
 * Programs that use network block devices.
 *
 * @module
 */

import { type Endpoints, hasPrograms, program, type Service } from "./service.ts";

/** The programs, by the Debian package that has them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "libnbd-bin": ["nbdcopy", "nbdinfo", "nbdsh"],
  "nbd-client": ["nbd-client"],
  "nbdkit": ["nbdkit"],
  "python3-libnbd": [],
  "qemu-utils": ["qemu-img", "qemu-io"],
};

const NAMES = Object.values(PROGRAMS).flat();

/** The programs; a test finds each one's path under its name. */
export const nbdClients: Service = {
  name: "nbd-clients",
  packages: Object.keys(PROGRAMS),
  installed: () => hasPrograms(...NAMES),
  start: () => Promise.resolve(paths()),
};

function paths(): Endpoints {
  return Object.fromEntries(NAMES.map((name) => [name, program(name)]));
}
