/**
 * Service catalogs of Keystone: which URL is the store's.
 *
 * @module
 */
import { NoServiceEndpoint, RegionAmbiguity } from "../../errors/mod.ts";

/** Which endpoint is wanted. */
export interface EndpointWanted {
  /** Type of the service. */
  serviceType: string;
  /** Its interface, in Keystone v2.0's words. */
  endpointType: "publicURL" | "internalURL" | "adminURL";
  /** Its region, if one is wanted. */
  region?: string | undefined;
}

/** An endpoint, as Keystone v3 or v2.0 writes it. */
interface Endpoint {
  interface?: string;
  url?: string;
  region?: string;
  region_id?: string;
  publicURL?: string;
  internalURL?: string;
  adminURL?: string;
}

/**
 * The URL of a service in a catalog as Keystone v3 or v2.0 gives it.
 *
 * Throws `NoServiceEndpoint`, and `RegionAmbiguity` where regions differ and none is wanted.
 *
 * @example A catalog of Keystone v3
 * ```ts
 * import { endpointOf } from "./catalog.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const catalog = [{
 *   type: "object-store",
 *   endpoints: [{ interface: "public", region: "one", url: "https://swift.example.org/v1/AUTH_1" }],
 * }];
 * assertEquals(
 *   endpointOf(catalog, { serviceType: "object-store", endpointType: "publicURL" }),
 *   "https://swift.example.org/v1/AUTH_1",
 * );
 * ```
 */
export function endpointOf(catalog: readonly unknown[], wanted: EndpointWanted): string {
  const { serviceType, endpointType, region } = wanted;
  const found = new Map<string, string>();
  for (const service of catalog as readonly { type?: string; endpoints?: Endpoint[] }[]) {
    if (service.type !== serviceType) continue;
    for (const endpoint of service.endpoints ?? []) {
      const here = endpoint.region_id ?? endpoint.region ?? "";
      const isWanted = endpoint.interface === endpointType.slice(0, -"URL".length) ||
        endpoint.interface === endpointType;
      const url = isWanted ? endpoint.url : endpoint[endpointType];
      if (url && (region === undefined || region === here)) found.set(here, url);
    }
  }
  const [first] = found.values();
  if (first === undefined) {
    const where = region === undefined ? "" : ` in the region ${region}`;
    throw new NoServiceEndpoint(
      `the service catalog has no ${endpointType} of type ${serviceType}${where}`,
    );
  }
  if (new Set(found.values()).size > 1) {
    throw new RegionAmbiguity(
      `the service catalog has several regions, and none is configured: ${[...found.keys()]}`,
    );
  }
  return first;
}

/**
 * The account URL that an endpoint is for a project: `%(project_id)s` in it stands for the project's
 * id, as in Keystone's own catalogs. `undefined` where it is asked for and not known.
 *
 * @example One endpoint for all projects
 * ```ts
 * import { filledEndpoint } from "./catalog.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const endpoint = "https://swift.example.org/v1/AUTH_%(project_id)s";
 * assertEquals(filledEndpoint(endpoint, "blue"), "https://swift.example.org/v1/AUTH_blue");
 * assertEquals(filledEndpoint(endpoint, undefined), undefined);
 * ```
 */
export function filledEndpoint(endpoint: string, project: string | undefined): string | undefined {
  const [before, ...rest] = endpoint.split(/[$%]\((?:project|tenant)_id\)s/);
  if (rest.length === 0) return endpoint;
  return project === undefined ? undefined : [before, ...rest].join(encodeURIComponent(project));
}
