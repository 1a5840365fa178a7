/**
 * Listing the images of a container: pages, directories, and what is no image left out.
 *
 * @module
 */
import type { ListEntry } from "../../store/types.ts";
import type { Listed, SwiftClient } from "./client.ts";
import { readManifest } from "./large_objects.ts";
import { isImageId, pastSegments, SEGMENTS } from "./names.ts";

/** The md5 of nothing: what the listing says of a dynamic manifest, and radosgw of any. */
export const EMPTY = "d41d8cd98f00b204e9800998ecf8427e";

/**
 * The images and directories of one container. Segments are left out: Vitrine's by their name, those
 * that glance_store puts beside an image by what the image's manifest says.
 */
export async function* listContainer(
  client: SwiftClient,
  container: string,
  options: { directory: string; recursive: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<ListEntry> {
  const { directory, recursive, signal } = options;
  const prefix = directory === "" ? "" : `${directory}/`;
  const delimiter = recursive ? undefined : "/";
  const skip = recursive ? pastSegments : undefined;
  const manifests = new Manifests(client, container, signal);
  for await (const entry of client.list(container, { prefix, delimiter, signal, skip })) {
    const { name, subdir } = entry;
    if (subdir !== undefined) {
      const path = subdir.replace(/\/$/, "");
      if (subdir !== SEGMENTS && isImageId(path)) yield { path, kind: "directory" };
    } else if (name !== undefined && isImageId(name) && !await manifests.hides(entry)) {
      yield imageOf(name, entry);
    }
  }
}

/** What a listing tells of an object. */
function imageOf(path: string, entry: Listed): ListEntry {
  const { bytes, hash, slo_etag } = entry;
  const etag = slo_etag?.replaceAll('"', "") ?? (hash === EMPTY ? undefined : hash);
  return {
    path,
    kind: "image",
    // Of a manifest that the listing does not know as one, it tells the manifest's own size.
    size: hash === EMPTY ? undefined : bytes,
    modified: modifiedOf(entry),
    etag: etag && `"${etag}"`,
  };
}

/** When an object was last changed. */
export function modifiedOf({ last_modified }: Listed): Date | undefined {
  // Swift leaves out that it is UTC.
  const modified = new Date(last_modified?.replace(/Z?$/, "Z") ?? NaN);
  return Number.isNaN(modified.getTime()) ? undefined : modified;
}

/**
 * The dynamic manifests that a listing has passed, to tell their segments by. In the order of names
 * an image comes before its segments, which glance_store calls `<image>-00001` and so on.
 */
class Manifests {
  readonly #client: SwiftClient;
  readonly #container: string;
  readonly #signal: AbortSignal | undefined;
  /** Empty objects that the names at hand begin with. */
  #candidates: string[] = [];
  readonly #prefixes = new Map<string, string | undefined>();

  constructor(client: SwiftClient, container: string, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#container = container;
    this.#signal = signal;
  }

  async hides({ name = "", bytes, hash }: Listed): Promise<boolean> {
    this.#candidates = this.#candidates.filter((one) => {
      if (name.startsWith(one)) return true;
      this.#prefixes.delete(one);
      return false;
    });
    const image = /^(.+)-\d{5,}$/.exec(name)?.[1];
    if (image !== undefined && this.#candidates.includes(image)) {
      if (!this.#prefixes.has(image)) this.#prefixes.set(image, await this.#segmentsOf(image));
      const prefix = this.#prefixes.get(image);
      if (prefix !== undefined && name.startsWith(prefix)) return true;
    }
    if (bytes === 0 && hash === EMPTY) this.#candidates.push(name);
    return false;
  }

  async #segmentsOf(object: string): Promise<string | undefined> {
    const { headers } = await this.#client.ask({
      method: "HEAD",
      container: this.#container,
      object,
      accept: [200, 204, 404],
      signal: this.#signal,
    });
    const { container, prefix } = readManifest(headers.get("x-object-manifest") ?? "");
    return container === this.#container && prefix !== "" ? prefix : undefined;
  }
}
