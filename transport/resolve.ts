/**
 * Addresses of host names, by the resolver that the runtime itself connects with.
 *
 * @module
 */
import type * as dns from "node:dns/promises";

/** All addresses of a name, `/etc/hosts` included; `undefined` where the runtime cannot tell. */
export async function resolve(host: string): Promise<readonly string[] | undefined> {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): typeof dns | undefined };
  };
  const lookup = process?.getBuiltinModule?.("node:dns/promises")?.lookup;
  if (lookup === undefined) return undefined;
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
