/**
 * Which containers images are in, as glance_store names them.
 *
 * @module
 */
import { NotFound } from "../../errors/mod.ts";
import type { Acls } from "../../store/types.ts";
import type { SwiftClient } from "./client.ts";
import { isImageId } from "./object_names.ts";
import type { SwiftSettings } from "./options.ts";

/** What a new container grants. */
const CLOSED: Acls = { public: false, readTenants: [], writeTenants: [] };

/** The longest name of a container, in bytes. */
export const CONTAINER_LIMIT = 256;

/**
 * Returns the container of an image.
 *
 * @param imageId The id of the image.
 * @param options The options of the store.
 * @returns The name of the container, or `undefined` if there can be no such image.
 */
export function containerOf(imageId: string, options: SwiftSettings): string | undefined {
  const { container, multiTenant, multipleContainersSeed: seed } = options;
  if (!isImageId(imageId)) return undefined;
  if (!multiTenant && seed === 0) return container;
  const characters = Array.from(imageId.toLowerCase());
  // As in glance_store, dashes among the first characters do not count.
  const dashes = characters.slice(0, seed).filter((one) => one === "-").length;
  const suffix = multiTenant ? imageId : characters.slice(0, seed + dashes).join("");
  const name = `${container}_${suffix}`;
  const isName = !name.includes("/") && new TextEncoder().encode(name).length <= CONTAINER_LIMIT;
  return isName ? name : undefined;
}

/**
 * Lists the containers that images may be in.
 *
 * @param client The client of the account.
 * @param options The options of the store.
 * @param signal Ends the listing.
 * @returns The names. One that is configured is listed whether it exists or not.
 */
export async function* listContainers(
  client: SwiftClient,
  { multiTenant, multipleContainersSeed, container }: SwiftSettings,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  if (!multiTenant && multipleContainersSeed === 0) {
    yield container;
    return;
  }
  for await (const { name } of client.list(undefined, { prefix: `${container}_`, signal })) {
    yield name;
  }
}

/**
 * Creates the container of an image if it is missing. One of a multi-tenant store grants nothing but to
 * the admin tenants.
 *
 * @param client The client of the account.
 * @param container The name.
 * @param options The options of the store.
 * @returns Whether the container is new.
 * @throws {NotFound} If the options do not allow to create containers.
 */
export async function createContainer(
  client: SwiftClient,
  container: string,
  { createContainerOnPut, multiTenant, adminTenants }: SwiftSettings,
): Promise<boolean> {
  if (!createContainerOnPut) throw missingContainer(container);
  const { status } = await client.send({ method: "PUT", container });
  const isNew = status === 201;
  if (!multiTenant || (isNew && adminTenants.length === 0)) return isNew;
  // An earlier image's container may be left, with the ACLs that it had.
  const { aclHeaders } = await import("./acls.ts");
  const headers = aclHeaders(CLOSED, adminTenants);
  await client.send({ method: "POST", container, headers, retry: "always" });
  return isNew;
}

/**
 * Removes a container if it is empty and the caller's own.
 *
 * @param client The client of the account.
 * @param container The name.
 */
export async function removeContainer(client: SwiftClient, container: string): Promise<void> {
  await client.send({ method: "DELETE", container, accept: [204, 403, 404, 409] });
}

/**
 * Returns the error of a container that is configured and missing.
 *
 * @param container The name.
 * @returns The error, with what can be done about it.
 */
export function missingContainer(container: string): NotFound {
  return new NotFound(
    `the container "${container}" does not exist, and createContainerOnPut is not set`,
  );
}
