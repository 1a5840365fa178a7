/**
 * Options that store a media type, cache control and metadata with an image.
 *
 * @module
 */
import type { ImageProperties } from "../store/mod.ts";
import { type Arguments, type CommandOption, UsageError } from "./command.ts";

/** The options. */
export const PROPERTIES: readonly CommandOption[] = [
  { name: "content-type", value: "TYPE", help: "media type to store with the image" },
  { name: "cache-control", value: "TEXT", help: "Cache-Control of responses with the image" },
  {
    name: "metadata",
    value: "NAME=TEXT",
    repeated: true,
    help: "a text to store with the image, by name",
  },
];

/**
 * Returns what is to be stored with an image.
 *
 * @param args The arguments, with {@linkcode PROPERTIES}.
 * @returns The media type, the cache control and the metadata that are set.
 * @throws {UsageError} If metadata has no name, or a name twice.
 */
export function propertiesOf(args: Arguments): ImageProperties {
  const metadata: Record<string, string> = {};
  for (const pair of args.values("metadata")) {
    const [, name, text] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || Object.hasOwn(metadata, name)) {
      throw new UsageError("--metadata is NAME=TEXT, each name once");
    }
    metadata[name] = text!;
  }
  return {
    contentType: args.value("content-type"),
    cacheControl: args.value("cache-control"),
    ...Object.keys(metadata).length > 0 && { metadata },
  };
}
