/**
 * Addresses of host names, by the resolver that the runtime itself connects with.
 *
 * @module
 */
import { builtin } from "../runtime/builtin.ts";

/** All addresses of a name, `/etc/hosts` included; `undefined` where the runtime cannot tell. */
export async function resolve(host: string): Promise<readonly string[] | undefined> {
  const addresses = await builtin("node:dns/promises")?.lookup(host, { all: true });
  return addresses?.map(({ address }) => address);
}
