/**
 * Environment variables, read one by one by name, where the runtime has them and permits it.
 *
 * @module
 */

interface Runtime {
  Deno?: {
    env: { get(name: string): string | undefined; toObject(): Record<string, string> };
    permissions: { querySync(descriptor: { name: "env"; variable?: string }): { state: string } };
  };
  process?: { env?: Record<string, string | undefined> };
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

function isReadable({ permissions }: NonNullable<Runtime["Deno"]>, variable?: string): boolean {
  const descriptor = variable === undefined ? {} : { variable };
  return permissions.querySync({ name: "env", ...descriptor }).state === "granted";
}
