/**
 * Debian's glance_store with what its drivers import: the other side of interoperation and the bench.
 *
 * @module
 */

import { run } from "./processes.ts";
import { hasPrograms, program, type Service } from "./service.ts";

const MODULES = ["glance_store", "boto3", "swiftclient", "keystoneclient", "rados", "rbd"];

/** glance_store 4.1: `python` is the interpreter that imports it. */
export const glanceStore: Service = {
  name: "glance_store",
  packages: [
    "python3-glance-store",
    "python3-boto3",
    "python3-swiftclient",
    "python3-keystoneclient",
    "python3-rados",
    "python3-rbd",
  ],
  installed: async () =>
    hasPrograms("python3") &&
    await run("python3", ["-c", `import ${MODULES}`]).then(() => true, () => false),
  start: () => Promise.resolve({ python: program("python3") }),
};
