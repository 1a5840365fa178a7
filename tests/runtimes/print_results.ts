/**
 * Runs the suite and prints its results as JSON.
 *
 * @module
 */
import { runSuite } from "./suite.ts";

console.log(JSON.stringify(await runSuite({})));
Deno.exit();
