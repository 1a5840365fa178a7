/**
 * Buckets for tests: made for one test, emptied and removed after it.
 *
 * @module
 */
import type { S3Client } from "../../drivers/s3/client.ts";
import { listUploads } from "../../drivers/s3/leftovers.ts";
import { type S3Options, S3Store } from "../../drivers/s3/mod.ts";
import type { Endpoints } from "../services/mod.ts";
import { clientFor } from "./settings.ts";

/** The options of a store in a bucket of its own on a service of the tests. */
export function optionsFor(s3: Endpoints, more: Partial<S3Options> = {}): S3Options {
  return {
    host: s3.url,
    region: s3.region,
    accessKey: s3.accessKey,
    secretKey: s3.secretKey,
    bucket: `vitrine-${crypto.randomUUID()}`,
    bucketUrlFormat: "path",
    createBucketOnPut: true,
    ...more,
  };
}

/** A store in a bucket of its own. */
export class TestBucket implements AsyncDisposable {
  /** The store. */
  readonly store: S3Store;
  /** The store's options. */
  readonly options: S3Options;
  readonly #s3: Endpoints;

  /** Makes a store; the bucket is made by the first add. */
  constructor(s3: Endpoints, more: Partial<S3Options> = {}) {
    this.#s3 = s3;
    this.options = optionsFor(s3, more);
    this.store = new S3Store("bucket", this.options);
  }

  /** Another store in the same bucket, by the same way or another. */
  another(more: Partial<S3Options> = {}): S3Store {
    return new S3Store("another", { ...this.options, ...more });
  }

  /** A client of the bucket that goes straight to the server. */
  client(): S3Client {
    return clientFor({ ...this.options, host: this.#s3.url });
  }

  /** Empties and removes the bucket. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    const client = this.client();
    await using store = this.another({ host: this.#s3.url });
    try {
      for await (const { key, id } of listUploads(client)) {
        await client.headers({ method: "DELETE", key, query: { uploadId: id } });
      }
      await store.deleteMany(imageIds(store));
      await client.headers({ method: "DELETE" });
    } catch (error) {
      if ((error as Error).name !== "NotFound") throw error;
    } finally {
      await client.close();
    }
  }
}

async function* imageIds(store: S3Store): AsyncGenerator<string> {
  for await (const { path } of store.list({ recursive: true })) yield path;
}
