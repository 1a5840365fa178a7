/**
 * What a bench measures of one run.
 *
 * @module
 */
import type { Pauses } from "./pauses.ts";

/** What one run of one contender took. */
export interface Measurement {
  /** Bytes moved. */
  bytes: number;
  /** Wall-clock time in seconds. */
  seconds: number;
  /** User and system CPU time in seconds. */
  cpu: number;
  /** Peak resident memory in bytes. */
  rss: number;
  /** Growth of resident memory over the work, in bytes, where it was measured. */
  growth?: number;
  /** Bytes that were read from the source, and written to the target, where they were counted. */
  moved?: { read: number; written: number };
  /** The event loop during the work, and during a while before it without any, where it was seen. */
  loop?: { busy: Pauses; idle: Pauses };
}
