/**
 * Where the server, its bucket and its objects are.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { maskOption } from "../../location/masked.ts";
import { encodeReserved } from "../../location/percent_encoding.ts";
import type { S3Settings } from "./options.ts";

/** An Amazon host, and its region where it names one. */
const AMAZON =
  /(?:^|\.)s3(?:[.-](?:dualstack\.)?([a-z]+(?:-[a-z]+)+-\d+))?\.amazonaws\.com(?:\.cn)?$/;

/** A bucket's name that can be part of a host name (RFC 1123, section 2.1). */
const HOST_LABELS =
  /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Makes the URLs of one bucket. */
export class Endpoint {
  /** The scheme of location URIs: glance_store writes `s3` for HTTP. */
  readonly scheme: string;
  /** Host and port of location URIs. */
  readonly host: string;
  /** What stands before the key in the path of location URIs: the bucket, with slashes. */
  readonly prefix: string;
  /** The region to sign for, until the server names another. */
  region: string;
  readonly #base: string;

  /** Reads the options of the store of that name; throws `BadStoreConfiguration`. */
  constructor({ host, bucket, region, bucketUrlFormat }: S3Settings, store: string) {
    const wrong = (what: string) => new BadStoreConfiguration(what, { store });
    const text = /^https?:\/\//i.test(host) ? host : `http://${host}`;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || url.username || url.password || url.search || url.hash) {
      throw wrong(`option "host" names no host: ${JSON.stringify(maskOption(host))}`);
    }
    if (!/^[^/?#@%\s]+$/.test(bucket)) {
      throw wrong(`option "bucket" is no bucket: ${JSON.stringify(bucket)}`);
    }
    const secure = url.protocol === "https:";
    const amazon = AMAZON.exec(url.hostname);
    const canBeHost = HOST_LABELS.test(bucket);
    if (bucketUrlFormat === "virtual" && !canBeHost) {
      throw wrong(
        `the bucket ${bucket} cannot be part of a host name: bucketUrlFormat must be "path"`,
      );
    }
    // A certificate for *.host holds for one label more, so a bucket with a dot stays in the path.
    const virtual = bucketUrlFormat === "virtual" ||
      (bucketUrlFormat === "auto" && amazon !== null && canBeHost &&
        !(secure && bucket.includes(".")));
    const path = url.pathname.replace(/\/+$/, "");
    this.scheme = secure ? "s3+https" : "s3";
    this.host = url.host;
    this.prefix = `${path}/${bucket}/`.slice(1);
    this.region = region || amazon?.[1] || "us-east-1";
    this.#base = virtual
      ? `${url.protocol}//${bucket}.${url.host}${path}/`
      : `${url.origin}${path}/${encodeURIComponent(bucket)}/`;
  }

  /** The key that a location names, or `undefined` if it lies outside the bucket. */
  keyAt(host: string, path: string): string | undefined {
    // The port may be written where it need not be.
    const url = `${this.secure ? "https" : "http"}://${host}`;
    const own = URL.canParse(url) && new URL(url).host === this.host;
    return own && path.startsWith(this.prefix) ? path.slice(this.prefix.length) : undefined;
  }

  /** Whether requests go over TLS, which keeps their bodies from being changed. */
  get secure(): boolean {
    return this.#base.startsWith("https:");
  }

  /** The URL of an object, or of the bucket where the key is empty, with a query. */
  url(key: string, query: Readonly<Record<string, string>> = {}): URL {
    const path = key.split("/").map(encodeReserved).join("/");
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeReserved(value)}`);
    return new URL(this.#base + path + (pairs.length > 0 ? `?${pairs.join("&")}` : ""));
  }
}
