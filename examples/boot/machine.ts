/**
 * A machine that is emulated by qemu, without any help of the processor, and boots from an NBD export.
 *
 * @module
 */

/**
 * Boots a machine and waits until it has turned itself off. It needs `qemu-system-x86_64` (Debian's package
 * `qemu-system-x86`).
 *
 * @param uri The URI of the disk: `nbd://127.0.0.1:10809/cloud/boot.iso`.
 * @param onText Called with what the machine prints on its first serial port.
 * @param signal Ends the machine early.
 * @returns All that the machine printed.
 * @throws {Error} If qemu fails.
 */
export async function bootMachine(
  uri: string,
  onText: (text: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const child = new Deno.Command("qemu-system-x86_64", {
    args: [
      ...["-accel", "tcg", "-m", "256", "-nodefaults", "-no-reboot"],
      ...["-display", "none", "-serial", "stdio"],
      ...["-drive", `file=${uri},format=raw,if=virtio,readonly=on`],
    ],
    ...(signal && { signal }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    onText(text);
  }
  const { success } = await child.status;
  if (!success) throw new Error(`qemu-system-x86_64 failed: ${await errors}\n${printed}`);
  return printed;
}
