/**
 * Runs programs of the system over data.
 *
 * @module
 */

/** Runs a program over data. */
export async function pipe(
  data: Uint8Array<ArrayBuffer>,
  ...[program, ...args]: [string, ...string[]]
): Promise<Uint8Array<ArrayBuffer>> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const [{ stdout }] = await Promise.all([
    child.output(),
    new Blob([data]).stream().pipeTo(child.stdin),
  ]);
  return stdout as Uint8Array<ArrayBuffer>;
}
