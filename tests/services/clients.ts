/**
 * Programs that read from web servers: downloaders, mirrors, file systems, and qemu's block layer.
 *
 * @module
 */

import { type Endpoints, hasPrograms, program, type Service } from "./service.ts";

/** The programs, by the Debian package that has them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "aria2": ["aria2c"],
  "axel": ["axel"],
  "busybox": ["busybox"],
  "curl": ["curl"],
  "fuse3": ["fusermount3"],
  "httpdirfs": ["httpdirfs"],
  "lftp": ["lftp"],
  "nginx-light": ["nginx"],
  "qemu-block-extra": [],
  "qemu-utils": ["qemu-img", "qemu-io"],
  "rclone": ["rclone"],
  "wget": ["wget"],
  "zsync": ["zsync", "zsyncmake"],
};

const NAMES = Object.values(PROGRAMS).flat();

/** The programs; a test finds each one's path under its name. */
export const clients: Service = {
  name: "clients",
  packages: Object.keys(PROGRAMS),
  installed: () => hasPrograms(...NAMES),
  start: () => Promise.resolve(paths()),
};

function paths(): Endpoints {
  return Object.fromEntries(NAMES.map((name) => [name, program(name)]));
}
