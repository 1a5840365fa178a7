/**
 * The servers that the runtimes' suite is run against.
 *
 * @module
 */

/** Where the servers listen. A part without its server is not run. */
export interface SuiteEnv {
  /** Web servers with the images of `site.ts`. */
  http?: HttpSites;
  /** A bucket, and nothing else is run. */
  s3?: BucketSite;
  /** A Swift account, and nothing else is run. */
  swift?: AccountSite;
}

/** A Swift account that pages of any origin may use, as options of a store. */
export interface AccountSite {
  /** URL of the login, version 1. */
  authAddress: string;
  /** The user. */
  user: string;
  /** The key. */
  key: string;
  /** The container. */
  container: string;
}

/** A bucket that pages of any origin may use, as options of a store. */
export interface BucketSite {
  /** The server's URL. */
  host: string;
  /** The bucket. */
  bucket: string;
  /** The access key. */
  accessKey: string;
  /** The secret key. */
  secretKey: string;
}

/** The same images on two web servers. */
export interface HttpSites {
  /** A directory of nginx, ending with a slash. */
  nginx: string;
  /** The handler over a store, ending with a slash; for pages of any origin. */
  vitrine: string;
  /** The same over connections that break in the middle of large responses. */
  breaking: string;
}
