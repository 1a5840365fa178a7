/**
 * Markers of directories: objects of 0 bytes that consoles and other clients make, whose names end with a
 * slash or whose media type is `application/directory`.
 *
 * @module
 */
import { Invalid } from "../../errors/mod.ts";
import { parseContentLength } from "../../transport/headers.ts";
import type { SwiftClient } from "./client.ts";
import type { SwiftLocation } from "./location.ts";
import { manifestOf } from "./manifest.ts";

/** The container and the name of an object. */
type ObjectName = Pick<SwiftLocation, "container" | "object">;

/**
 * Returns whether an object is the marker of a directory.
 *
 * @param name The name of the object.
 * @param contentType Its media type, where it is known.
 * @param size Its size in bytes. An object that is not known to be empty is no marker.
 * @returns Whether it is one.
 */
export function isMarker(
  name: string,
  contentType: string | null | undefined,
  size: number | undefined,
): boolean {
  const isNamed = name.endsWith("/") || contentType?.split(";")[0] === "application/directory";
  return isNamed && size === 0;
}

/**
 * Returns whether the headers of an object are those of a marker, and not of a manifest or a symlink.
 *
 * @param name The name of the object.
 * @param headers The headers of a HEAD.
 * @returns Whether it is one.
 */
export function isMarkerObject(name: string, headers: Headers): boolean {
  return manifestOf(headers).type === "none" && !headers.has("x-symlink-target") &&
    isMarker(name, headers.get("content-type"), parseContentLength(headers));
}

/**
 * Looks whether there is a marker of that name.
 *
 * @param client The client of the account.
 * @param object The container and the name of the marker.
 * @param signal Ends the request.
 * @returns Whether there is one.
 * @throws {Invalid} If the name ends with a slash and the object is no marker.
 */
export async function findMarker(
  client: SwiftClient,
  { container, object }: ObjectName,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { status, headers } = await client.send({
    method: "HEAD",
    container,
    object,
    query: { symlink: "get" },
    accept: [200, 204, 404],
    signal,
  });
  if (status === 404) return false;
  if (isMarkerObject(object, headers)) return true;
  if (!object.endsWith("/")) return false;
  throw new Invalid(`the object ${object} is not the empty marker of a directory`);
}

/**
 * Deletes the markers of a directory, if there are any.
 *
 * @param client The client of the account.
 * @param container The container to look in.
 * @param directory The directory, without a trailing slash.
 * @param signal Ends the requests.
 * @throws {Invalid} If the object that is named as one is not empty.
 */
export async function deleteMarkers(
  client: SwiftClient,
  container: string,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const object of [`${directory}/`, directory]) {
    if (await findMarker(client, { container, object }, signal)) {
      await client.delete({ container, object, signal });
    }
  }
}
