/**
 * Connections that failed, as errors. Loaded with the first one.
 *
 * @module
 */
import { RemoteServiceUnavailable, StoreError } from "../errors/mod.ts";
import { maskUri } from "../location/mod.ts";

/** The error of a connection that failed, or the reason of the abort that made it fail. */
export function broken(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof StoreError) return error;
  // Deno refuses by permission, which no retry changes.
  const { name } = error as Error;
  if (name === "NotCapable" || name === "PermissionDenied") return error;
  const reasons = [];
  // A runtime's errors name the URL, which may be signed.
  for (let at = error; at instanceof Error; at = at.cause) {
    const { message, stack } = at;
    const masked = maskUri(message);
    if (masked !== message) {
      at.message = masked;
      Object.defineProperty(at, "stack", { value: stack?.replaceAll(message, masked) });
    }
    reasons.push(masked);
  }
  const reason = reasons.join(": ");
  return new RemoteServiceUnavailable(`the connection failed: ${reason || error}`, {
    cause: error,
    retryable: !/certificate|self.signed/i.test(reason),
  });
}
