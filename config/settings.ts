/**
 * The settings that every store has beside the options of its driver.
 *
 * @module
 */
import type { OptionDefinitions } from "../store/options.ts";

/** The settings, in the form of a driver's options. */
export const SETTINGS: OptionDefinitions = {
  driver: { type: "string", required: true, help: "Name of the driver." },
  description: { type: "string", default: "", help: "What the store is for, in a sentence." },
  weight: {
    type: "integer",
    default: 0,
    help: "How much the store is preferred if an image is in several; the highest first.",
  },
  reserved: {
    type: "boolean",
    default: false,
    help: "Whether the program keeps the store for its own work.",
  },
};
