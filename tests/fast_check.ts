/**
 * Property tests by fast-check, which only tests need: named here and not in the import map of
 * deno.json, so that users do not download it.
 *
 * @module
 */
export { default } from "npm:fast-check@4.3.0";
