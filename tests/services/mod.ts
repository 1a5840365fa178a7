/**
 * What a test needs to use a running service: {@linkcode serviceTest} registers a test that is skipped where
 * the service does not run, {@linkcode service} says where one answers, {@linkcode startOwn} starts one for a test
 * alone.
 *
 * @module
 */

import { endpointsOf, startOwn } from "./lifecycle.ts";
import type { Endpoints } from "./service.ts";

export { ceph, cephCluster, type CephOptions } from "./ceph.ts";
export { type Endpoints, type Service } from "./service.ts";
export { startOwn };

/** Where the service of that name answers; undefined when it does not run. */
export function service(name: string): Promise<Endpoints | undefined> {
  return Promise.resolve(endpointsOf(name));
}

/**
 * Registers a test named `<name> [needs <services>]`, which is skipped unless all of them run. `fn` is given where
 * each of them answers, in the order of `services`, and the test's context.
 */
export function serviceTest(
  name: string,
  services: string | string[],
  fn: (endpoints: Endpoints[], context: Deno.TestContext) => void | Promise<void>,
): void {
  const needed = [services].flat();
  const endpoints = needed.map(endpointsOf);
  Deno.test({
    name: `${name} [needs ${needed.join(", ")}]`,
    ignore: endpoints.includes(undefined),
    fn: (context) => fn(endpoints as Endpoints[], context),
  });
}
