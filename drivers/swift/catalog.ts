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
 * Returns the URL of a service in a catalog as Keystone v3 or v2.0 gives it.
 *
 * @param catalog The catalog.
 * @param wanted Type, interface and region of the endpoint.
 * @returns The URL. Of several in one region it is the first.
 * @throws {NoServiceEndpoint} If there is no such endpoint.
 * @throws {RegionAmbiguity} If there are several regions and none is wanted.
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
  for (const service of catalog as readonly ({ type?: unknown; endpoints?: unknown } | null)[]) {
    if (service?.type !== serviceType || !Array.isArray(service.endpoints)) continue;
    for (const endpoint of service.endpoints as readonly (Endpoint | null)[]) {
      if (endpoint === null || typeof endpoint !== "object") continue;
      const here = endpoint.region_id ?? endpoint.region ?? "";
      const isWanted = endpoint.interface === endpointType.slice(0, -"URL".length) ||
        endpoint.interface === endpointType;
      const url = isWanted ? endpoint.url : endpoint[endpointType];
      if (typeof url !== "string" || url === "") continue;
      // Of several in one region, the first counts, as in keystoneauth.
      if ((region === undefined || region === here) && !found.has(here)) found.set(here, url);
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
  return checkAccountUrl(first);
}

/**
 * Checks the URL of an account that a server has sent.
 *
 * @param url The URL.
 * @returns The URL.
 * @throws {NoServiceEndpoint} If it is not one of http or https.
 */
export function checkAccountUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new NoServiceEndpoint("the URL of the account, as the login has it, is not http or https");
}

/**
 * Returns the account URL that an endpoint is for a project: `%(project_id)s` in it stands for the
 * project's id, as in Keystone's own catalogs.
 *
 * @param endpoint The endpoint.
 * @param project The id of the project, if it is known.
 * @returns The URL, or `undefined` if it needs the project's id.
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
