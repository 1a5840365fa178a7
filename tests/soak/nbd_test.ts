/**
 * The NBD server against 10,000 sessions with faults.
 *
 * @module
 */
import "../nbd/fuzz_test.ts";
