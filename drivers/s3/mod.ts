/**
 * The S3 driver. Beside the files that every driver has:
 *
 * - `endpoint.ts`: where the server and the bucket are, and their URLs
 * - `credentials.ts`, `default_credentials.ts`: the keys that sign requests; `signer.ts`: Signature Version 4
 * - `environment.ts`, `profiles.ts`, `token_service.ts`, `metadata_service.ts`: where the default keys come from
 * - `recovery.ts`: what is learned from a refusal, so that a retry succeeds; `moved_bucket.ts`: where the bucket is
 * - `xml.ts`, `xml_request.ts`: documents, and requests for them; `pages.ts`: listings that come in pages
 * - `object_headers.ts`, `read_headers.ts`, `stat.ts`: what the headers of an object say
 * - `fault.ts`: what a server sent instead of a success
 * - `check_options.ts`, `object_options.ts`: options that exclude each other, and those that are headers
 * - `multipart.ts`, `part_size.ts`, `resumable.ts`: uploads in parts; `write_state.ts`: how an object appears only once
 * - `object_tags.ts`: what is known of an image only once its parts are uploaded
 * - `upload_checksums.ts`, `checksum_reader.ts`, `crc.ts`, `content_md5.ts`: checksums of uploads and of reads
 * - `acls.ts`: who may read; `usage.ts`: how much space the bucket takes; `presigner.ts`: URLs for one request
 *
 * @module
 */
export { S3Fault } from "./fault.ts";
export { S3Location } from "./location.ts";
export type { S3Credentials, S3Options, S3Settings } from "./options.ts";
export { S3Store } from "./store.ts";
