/**
 * The options of memory stores.
 *
 * @module
 */
import type { OptionDefinitions } from "../../store/options.ts";

/** Options of a {@linkcode MemoryStore}, with their defaults filled in. */
export interface MemoryOptions {
  /** How many bytes all images together may take. Default: no limit. */
  capacity?: number;
}

/** The options as data. */
export const OPTIONS: OptionDefinitions = {
  capacity: { type: "integer", min: 0 },
};
