/**
 * The browser that the runtimes' tests drive.
 *
 * @module
 */

import { hasPrograms, program, type Service } from "./service.ts";

/** Debian's Chromium: `path` is its program. */
export const chromium: Service = {
  name: "chromium",
  packages: ["chromium"],
  installed: () => hasPrograms("chromium"),
  start: () => Promise.resolve({ path: program("chromium") }),
};
