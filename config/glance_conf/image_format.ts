/**
 * The section `[image_format]` of glance-api.conf, as the policy of all stores.
 *
 * @module
 */
import type { AcceptPolicy } from "../../formats/mod.ts";
import type { Settings } from "./settings.ts";
import { readValue } from "./values.ts";

/**
 * Reads which images Glance accepts. It refuses unsafe ones in any case.
 *
 * @param settings The options of all files.
 * @returns The policy. `require_image_format_match`, true by default, only counts where a format is
 * claimed; `gpt_safety_checks_nonfatal`, false by default, accepts odd partition tables.
 * @throws {BadStoreConfiguration} If an option is neither true nor false.
 */
export function readImageFormat(settings: Settings): AcceptPolicy {
  const read = (name: string, byDefault: boolean) => {
    const at = settings.get("image_format", name);
    return (at && readValue({ type: "boolean" }, at) as boolean | undefined) ?? byDefault;
  };
  return {
    unsafe: false,
    ...!read("gpt_safety_checks_nonfatal", false) && { oddTables: false },
    ...!read("require_image_format_match", true) && { mismatch: true },
  };
}
