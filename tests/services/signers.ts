/**
 * Programs that sign images: minisign, OpenBSD's signify, and openssl.
 *
 * @module
 */

import { type Endpoints, hasPrograms, program, type Service } from "./service.ts";

const PROGRAMS = ["minisign", "signify-openbsd", "openssl"];

/** The programs; a test finds each one's path under its name. */
export const signers: Service = {
  name: "signers",
  packages: PROGRAMS,
  installed: () => hasPrograms(...PROGRAMS),
  start: () => Promise.resolve(paths()),
};

function paths(): Endpoints {
  return Object.fromEntries(PROGRAMS.map((name) => [name, program(name)]));
}
