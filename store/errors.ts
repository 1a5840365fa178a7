/**
 * What a driver throws, made into what users see: one line that says where, and no secret.
 *
 * @module
 */
import { BackendException, isAbort, StoreError } from "../errors/mod.ts";
import { Location, maskUri } from "../location/mod.ts";
import type { ImageRef } from "./types.ts";
import type { OptionDefinitions } from "./options.ts";

/** Where an error happened. */
export interface ErrorPlace {
  /** Name of the store. */
  store: string;
  /** The operation. */
  operation: string;
  /** The image, where there is one. */
  image: ImageRef | undefined;
  /** The operation's signal. */
  signal: AbortSignal | undefined;
  /** The options of the store, as they are declared and as they are: no error may hold their secrets. */
  options: readonly [OptionDefinitions, Readonly<Record<string, unknown>>];
}

/** Returns the secret values among a store's options. */
function secretsOf(
  definitions: OptionDefinitions,
  options: Readonly<Record<string, unknown>>,
): string[] {
  return Object.keys(definitions)
    .filter((name) => definitions[name]!.secret)
    .map((name) => options[name])
    // A shorter text would be masked out of half the words there are.
    .filter((value): value is string => typeof value === "string" && value.length > 3);
}

/**
 * Returns the error to throw for what a driver threw. Secrets are masked in it and in its causes.
 *
 * @param error Anything that was thrown.
 * @param place Where it was thrown, and what may not be printed.
 * @returns A `StoreError` with store, operation and path. The caller's own abort reason as it is.
 */
export function wrapError(error: unknown, place: ErrorPlace): unknown {
  const { store, operation, image, signal, options } = place;
  if (isAbort(error, signal)) return error;
  maskCauses(error, secretsOf(...options));
  const wrapped = error instanceof StoreError
    ? error
    : new BackendException(maskUri(String((error as Error)?.message ?? error)), { cause: error });
  const path = image === undefined
    ? undefined
    : maskUri(image instanceof Location ? image.imageId ?? `${image}` : `${image}`);
  return wrapped.at({ store, operation, ...(path === undefined ? {} : { path }) });
}

function maskCauses(error: unknown, secrets: readonly string[]): void {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const { message } = at;
    for (const key of ["message", "stack", "detail"] as const) {
      const text = (at as unknown as Record<string, unknown>)[key];
      if (typeof text !== "string") continue;
      // The messages of a runtime contain the URL, which may be signed.
      const plain = text.replaceAll(message, maskUri(message));
      const masked = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), plain);
      if (masked !== text) Object.defineProperty(at, key, { value: masked, writable: true });
    }
  }
}
