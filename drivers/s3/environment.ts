/**
 * The surroundings of the process, where keys may be: its variables, its files, and services that hand
 * out keys.
 *
 * @module
 */
import { MissingCredentialError } from "../../errors/mod.ts";
import { readVariable, variableNames } from "../../runtime/environment.ts";
import { builtin } from "../../runtime/mod.ts";
import { decodeText } from "../../streams/decode_text.ts";
import type { HttpRequest } from "../../transport/request.ts";
import { Transport } from "../../transport/transport.ts";

/** How long a service may take, in milliseconds. It is near, or not there. */
const TIMEOUT = 5_000;

/** The longest document of a service, in bytes. */
const DOCUMENT_LIMIT = 65_536;

/**
 * Reads a variable of the environment.
 *
 * @param name The name of the variable.
 * @returns Its value; `undefined` if it is not set or empty, or may not be read.
 */
export function readEnvironment(name: string): string | undefined {
  return readVariable(name) || undefined;
}

/**
 * Returns whether the process may look around: at all of its environment.
 *
 * @returns `false` in browsers and at the edge, and in Deno without the permission.
 */
export function hasEnvironment(): boolean {
  return builtin("node:os") !== undefined && variableNames() !== undefined;
}

/**
 * Reads a text file.
 *
 * @param path The path of the file.
 * @returns Its text, or `undefined` if it cannot be read.
 */
export async function readText(path: string): Promise<string | undefined> {
  return await builtin("node:fs/promises")?.readFile(path).then(decodeText).catch(() => undefined);
}

/**
 * Sends a request to a service that hands out keys.
 *
 * @param request The request.
 * @param retries How many times it is sent again. Default: 2.
 * @returns The text of the response.
 * @throws {StoreError} If the service cannot be reached, or refuses.
 */
export async function requestText(request: HttpRequest, retries = 2): Promise<string> {
  const timeouts = { connect: 1_000, firstByte: TIMEOUT, idle: TIMEOUT };
  const transport = new Transport({ retries, timeouts });
  try {
    const sent = { ...request, trusted: true, redirect: "refuse", retry: "always" } as const;
    return await (await transport.send(sent)).text(DOCUMENT_LIMIT);
  } finally {
    await transport.close();
  }
}

/**
 * Creates the error of a source of keys that is configured and has none.
 *
 * @param source What the source is, in words.
 * @param cause What it failed with.
 * @returns The error.
 */
export function missingKeys(source: string, cause: unknown): MissingCredentialError {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new MissingCredentialError(`no keys from ${source}${reason}`, { cause });
}
