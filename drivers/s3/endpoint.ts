/**
 * Where the server, its bucket and its objects are.
 *
 * @module
 */
import { BadStoreConfiguration } from "../../errors/mod.ts";
import { maskOption } from "../../location/masked.ts";
import { encodeReserved } from "../../location/percent_encoding.ts";
import { readVariable } from "../../runtime/environment.ts";
import type { S3Settings } from "./options.ts";

/**
 * A host of Amazon: what stands before it, FIPS, accelerated or of access points, its region, whether it
 * is PrivateLink's (https://docs.aws.amazon.com/general/latest/gr/s3.html).
 */
const AMAZON =
  /^(?:(.+)\.)?s3(-fips|-accelerate|-accesspoint(?:-fips)?)?(?:[.-]dualstack)?(?:[.-]((?!dualstack|website)[a-z]+(?:-[a-z]+)+-\d+))?(\.vpce)?\.amazonaws\.(?:com(?:\.cn)?|eu)$/;

/** Hosts of Amazon that take other requests: websites, directory buckets, Object Lambda, multi-region. */
const OTHER_SERVICE = /(^|\.)s3(-website|express|-object-lambda|-global)[.-].*\bamazonaws\./;

/** A bucket's name that can be part of a host name (RFC 1123, section 2.1). */
const HOST_LABELS =
  /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Creates the URLs of one bucket. */
export class Endpoint {
  /** The scheme of location URIs: glance_store writes `s3` for HTTP. */
  readonly scheme: string;
  /** Host and port of location URIs. */
  readonly host: string;
  /** What stands before the key in the path of location URIs: the bucket, with slashes. */
  readonly prefix: string;
  /** Whether the host is Amazon's, whose servers decide about `If-None-Match` and `If-Match`. */
  readonly isAmazon: boolean;
  /** The region to sign for, until the server names another. */
  region: string;
  /** Whether requests go where the operator said, or to a host that belongs to the same service. */
  isTrusted = true;
  /** The bucket. */
  readonly bucket: string;
  /** The URL that keys are appended to. */
  base: URL;

  /**
   * Reads the options of a store.
   *
   * @param options The options.
   * @param store The name of the store, for errors.
   * @throws {BadStoreConfiguration} If the host, the bucket or their combination is not possible.
   */
  constructor(options: S3Settings, store: string) {
    const { bucket, region, bucketUrlFormat } = options;
    const wrong = (what: string) => new BadStoreConfiguration(what, { store });
    const host = options.host || readVariable("AWS_ENDPOINT_URL_S3") ||
      readVariable("AWS_ENDPOINT_URL");
    if (!host) throw wrong('option "host" is missing, and AWS_ENDPOINT_URL_S3 is not set');
    const text = /^https?:\/\//i.test(host) ? host : `http://${host}`;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || url.username || url.password || url.search || url.hash) {
      throw wrong(`option "host" names no host: ${JSON.stringify(maskOption(host))}`);
    }
    if (!/^[^/?#@%\s]+$/.test(bucket)) {
      throw wrong(`option "bucket" is no bucket: ${JSON.stringify(bucket)}`);
    }
    if (OTHER_SERVICE.test(url.hostname)) {
      throw wrong(`option "host" names a host without buckets: ${url.hostname}`);
    }
    const secure = url.protocol === "https:";
    const canBeHost = HOST_LABELS.test(bucket);
    const amazon = AMAZON.exec(url.hostname);
    const [, before = "", kind, amazonRegion, privateLink] = amazon ?? [];
    this.isAmazon = amazon !== null;
    const hasBucket = url.hostname.startsWith(`${bucket.toLowerCase()}.`);
    // With "auto" the host of another service may happen to begin like the bucket.
    if (hasBucket && (before === bucket || bucketUrlFormat === "virtual")) {
      url.hostname = url.hostname.slice(bucket.length + 1);
    } else if (before !== "" && !privateLink) {
      throw wrong(
        `option "host" begins with "${before}", which is not the bucket ${bucket}: ` +
          "name the server without a bucket",
      );
    }
    const isAccelerated = kind === "-accelerate";
    if (isAccelerated && (bucketUrlFormat === "path" || !canBeHost || bucket.includes("."))) {
      throw wrong("S3 Transfer Acceleration needs the bucket, without dots, in the host name");
    }
    const isAccessPoint = kind?.startsWith("-accesspoint") ?? false;
    if (isAccessPoint && (bucketUrlFormat === "path" || !canBeHost)) {
      throw wrong("an access point is named in the host, and as the bucket: NAME-ACCOUNT");
    }
    if (bucketUrlFormat === "virtual" && !canBeHost) {
      throw wrong(
        `the bucket ${bucket} cannot be part of a host name: bucketUrlFormat must be "path"`,
      );
    }
    // A certificate for *.host holds for one label more, so a bucket with a dot stays in the path.
    const virtual = bucketUrlFormat === "virtual" ||
      (bucketUrlFormat === "auto" && this.isAmazon && canBeHost &&
        !(secure && bucket.includes(".")));
    const path = url.pathname.replace(/\/+$/, "");
    this.scheme = secure ? "s3+https" : "s3";
    this.host = url.host;
    this.prefix = `${path}/${bucket}/`.slice(1);
    this.region = region || amazonRegion || "us-east-1";
    this.bucket = bucket;
    this.base = new URL(
      virtual
        ? `${url.protocol}//${bucket}.${url.host}${path}/`
        : `${url.origin}${path}/${encodeURIComponent(bucket)}/`,
    );
  }

  /**
   * Returns the key that a location names.
   *
   * @param host The host and port of the location.
   * @param path The path of the location, decoded.
   * @returns The key, or `undefined` if the location is outside of the bucket.
   */
  keyAt(host: string, path: string): string | undefined {
    // The port may be written where it need not be.
    const url = `${this.scheme === "s3" ? "http" : "https"}://${host}`;
    const own = URL.canParse(url) && new URL(url).host === this.host;
    return own && path.startsWith(this.prefix) ? path.slice(this.prefix.length) : undefined;
  }

  /** Whether requests go over TLS, which keeps their bodies from being changed. */
  get secure(): boolean {
    return this.base.protocol === "https:";
  }

  /**
   * Returns the URL of an object, or of the bucket if the key is empty.
   *
   * @param key The key.
   * @param query The query, in plain text.
   * @returns The URL.
   */
  url(key: string, query: Readonly<Record<string, string>> = {}): URL {
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeReserved(value)}`);
    const search = pairs.length > 0 ? `?${pairs.join("&")}` : "";
    return new URL(this.base.href + encodeKey(key) + search);
  }

  /** The region that the host names, if it is Amazon's. */
  get regionInHost(): string | undefined {
    return AMAZON.exec(this.base.hostname)?.[3];
  }

  /**
   * Sends requests to another place from now on. It is trusted if it belongs to the same service.
   *
   * @param base The URL that keys are appended to.
   */
  moveTo(base: URL): void {
    const amazon = AMAZON.exec(base.hostname);
    const own = new URL(`http://${this.host}`).hostname;
    this.isTrusted = (amazon !== null && this.isAmazon) || base.hostname === own ||
      base.hostname.endsWith(`.${own}`);
    this.base = base;
    this.region = amazon?.[3] ?? this.region;
  }
}

/**
 * Encodes a key for a URL.
 *
 * @param key The key.
 * @returns The key, with every reserved character but slashes encoded.
 */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeReserved).join("/");
}
