/**
 * Errors of a command, on standard error.
 *
 * @module
 */
import { clearProgress } from "./progress.ts";
import { printable } from "./text.ts";

/**
 * Prints an error in one line, with control characters made visible.
 *
 * @param error The error, or anything that is printed as text.
 * @param isDebug Whether its stack trace and its causes are printed as well.
 */
export function printError(error: unknown, isDebug: boolean): void {
  const text = error instanceof Error ? error.message || error.name : String(error);
  clearProgress();
  console.error(
    printable(isDebug && error instanceof Error ? Deno.inspect(error) : `vitrine: ${text}`),
  );
}
