/**
 * The environment of the process, where the runtime has one and permits it: variables, read one by one
 * by name, and the working directory.
 *
 * @module
 */

interface Runtime {
  Deno?: {
    env: { get(name: string): string | undefined; toObject(): Record<string, string> };
    permissions: { querySync(descriptor: { name: "env"; variable?: string }): { state: string } };
  };
  process?: { env?: Record<string, string | undefined>; cwd?: () => string };
}

/**
 * Reads an environment variable. A variable that may not be read counts as unset: nobody is prompted
 * for the permission.
 *
 * @param name The name of the variable.
 * @returns Its value, or `undefined`.
 */
export function readVariable(name: string): string | undefined {
  const { Deno, process } = globalThis as Runtime;
  if (Deno === undefined) return process?.env?.[name];
  return isReadable(Deno, name) ? Deno.env.get(name) : undefined;
}

/**
 * Lists the names of the environment variables. In Deno that needs the permission to read all of them.
 *
 * @returns The names, or `undefined` if they may not be listed.
 */
export function variableNames(): string[] | undefined {
  const { Deno, process } = globalThis as Runtime;
  if (Deno === undefined) return Object.keys(process?.env ?? {});
  return isReadable(Deno) ? Object.keys(Deno.env.toObject()) : undefined;
}

/**
 * Returns the working directory.
 *
 * @returns Its absolute path, or `undefined` if there is none or it may not be known.
 */
export function workingDirectory(): string | undefined {
  try {
    return (globalThis as Runtime).process?.cwd?.();
  } catch {
    return undefined;
  }
}

function isReadable({ permissions }: NonNullable<Runtime["Deno"]>, variable?: string): boolean {
  const descriptor = variable === undefined ? {} : { variable };
  return permissions.querySync({ name: "env", ...descriptor }).state === "granted";
}
