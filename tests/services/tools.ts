/**
 * Programs that tests and the bench run: curl, wget, wrk, rclone, qemu-img, and grub-mkrescue's images.
 *
 * @module
 */

import { type Endpoints, hasPrograms, program, type Service } from "./service.ts";

const PROGRAMS = ["curl", "wget", "wrk", "rclone", "qemu-img", "xorriso"];

/** The programs; a test finds each one's path under its name. */
export const tools: Service = {
  name: "tools",
  packages: [
    "curl",
    "wget",
    "wrk",
    "rclone",
    "qemu-utils",
    "xorriso",
    "grub-rescue-pc",
    "zsh",
    "fish",
    "man-db",
    "iproute2",
    "strace",
  ],
  installed: () => hasPrograms(...PROGRAMS),
  start: () => Promise.resolve(paths()),
};

function paths(): Endpoints {
  return Object.fromEntries(PROGRAMS.map((name) => [name, program(name)]));
}
