/**
 * The `vitrine` command.
 *
 * ```sh
 * vitrine add ./disk.qcow2
 * vitrine ls -l /local
 * ```
 *
 * @module
 */
import { main } from "./main.ts";

export { main };

if (import.meta.main) Deno.exit(await main(Deno.args));
