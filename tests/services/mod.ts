/**
 * What a test needs to use a running service: {@linkcode serviceTest} registers a test that is skipped where
 * the service does not run, {@linkcode service} says where one listens, {@linkcode startOwn} starts one for a test
 * alone.
 *
 * @module
 */

import { endpointsOf, startOwn } from "./lifecycle.ts";
import type { Endpoints } from "./service.ts";

export { cephCluster, type CephOptions } from "./ceph.ts";
export { type Endpoints, type Service } from "./service.ts";
export { startOwn };

/** Where the service of that name listens; undefined when it does not run. */
export function service(name: string): Promise<Endpoints | undefined> {
  return Promise.resolve(endpointsOf(name));
}

/**
 * Registers a test named `<name> [needs <services>]`, which is skipped unless all of them run. `fn` is given where
 * each of them listens, under its name, and the test's context.
 */
export function serviceTest<Name extends string>(
  name: string,
  services: Name | Name[],
  fn: (endpoints: Record<Name, Endpoints>, context: Deno.TestContext) => void | Promise<void>,
): void {
  const needed = [services].flat() as Name[];
  const endpoints = Object.fromEntries(needed.map((name) => [name, endpointsOf(name)]));
  Deno.test({
    name: `${name} [needs ${needed.join(", ")}]`,
    ignore: Object.values(endpoints).includes(undefined),
    fn: (context) => fn(endpoints as Record<Name, Endpoints>, context),
  });
}
