/**
 * Exit codes, as shells know them.
 *
 * @module
 */

/** Done, failed, a wrong command line, interrupted, nobody reads the output. */
export const EXIT = { done: 0, failed: 1, misused: 2, interrupted: 130, brokenPipe: 141 } as const;
