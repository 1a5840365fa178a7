/**
 * Debian's glance_store on the bucket of a test.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { S3Options } from "../../drivers/s3/mod.ts";

const SCRIPT = new URL("glance_s3.py", import.meta.url).pathname;

/** What the script prints: of `add` all but `sha512`, of `get` the last two. */
export interface GlanceResult {
  uri: string;
  checksum: string;
  multihash: string;
  size: number;
  sha512: string;
}

/** Returns what runs glance_store with an operation and its options, in the bucket of a store. */
export function glanceOn(python: string, options: S3Options) {
  const settings = {
    s3_store_host: options.host,
    s3_store_access_key: options.accessKey,
    s3_store_secret_key: options.secretKey,
    s3_store_bucket: options.bucket,
    s3_store_bucket_url_format: "path",
    s3_store_create_bucket_on_put: true,
    s3_store_large_object_size: 12,
    s3_store_large_object_chunk_size: 5,
  };
  return async (work: "add" | "get" | "delete", more: object): Promise<GlanceResult> => {
    const args = [SCRIPT, work, JSON.stringify({ ...settings, ...more })];
    const { success, stdout, stderr } = await new Deno.Command(python, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  };
}
