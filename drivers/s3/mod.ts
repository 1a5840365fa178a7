/**
 * The S3 driver.
 *
 * @module
 */
export { S3Fault } from "./fault.ts";
export { S3Location } from "./location.ts";
export type { S3Credentials, S3Options, S3Settings } from "./options.ts";
export { S3Store } from "./store.ts";
