/**
 * Boots a machine from an image that stays in its store, with no copy on a disk: builds an image, adds it to
 * a store, serves it by NBD, and boots qemu from there. The machine prints the SHA-256 of a file that it reads
 * from its disk.
 *
 * Run it, with a `vitrine.json` that names the store: `deno run --allow-all examples/boot/main.ts SYSTEM PATH`.
 * SYSTEM is a folder with Debian's kernel and busybox: docs/guides/boot-from-s3.md says how to make it.
 *
 * @module
 */
import { join } from "@std/path";
import { loadConfig, openStores, Vfs } from "@vitrine/vitrine";
import { serveNbd } from "@vitrine/vitrine/nbd";
import { buildBootImage } from "./image.ts";
import { bootMachine } from "./machine.ts";

/** The size of the file that the machine reads, in bytes. */
const PAYLOAD = 64 * 1024 * 1024;

/**
 * Builds an image with a file of random bytes and adds it to a store.
 *
 * @param vfs The path tree.
 * @param path Where to add the image.
 * @param system The folder with the kernel and busybox.
 * @returns The SHA-256 of the file, in hexadecimal digits.
 */
export async function addBootImage(vfs: Vfs, path: string, system: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "vitrine-boot-" });
  try {
    const [payload, image] = [join(folder, "payload"), join(folder, "boot.iso")];
    const bytes = new Uint8Array(PAYLOAD);
    for (let at = 0; at < PAYLOAD; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    await Deno.writeFile(payload, bytes);
    await buildBootImage(system, payload, image);
    const { size } = await Deno.stat(image);
    using file = await Deno.open(image);
    await vfs.writeFile(path, file.readable, { size });
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Serves an image by NBD for as long as a machine that is booted from it runs.
 *
 * @param vfs The path tree.
 * @param path The image.
 * @param onText Called with what the machine prints.
 * @param signal Ends the machine early.
 * @returns All that the machine printed.
 */
export async function bootFromStore(
  vfs: Vfs,
  path: string,
  onText: (text: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  await using server = await serveNbd(vfs, {
    paths: [path],
    port: 0,
    onError: ({ error }) => console.error(error),
  });
  return await bootMachine(server.uriOf(path), onText, signal);
}

if (import.meta.main) {
  const [system, path] = Deno.args;
  const config = await loadConfig();
  if (system === undefined || path === undefined || config === undefined) {
    console.error("usage: main.ts SYSTEM PATH, with a vitrine.json");
    Deno.exit(2);
  }
  await using vfs = new Vfs(await openStores(config), { mounts: config.mounts });
  const sha256 = await addBootImage(vfs, path, system);
  const encoder = new TextEncoder();
  const printed = await bootFromStore(
    vfs,
    path,
    (text) => Deno.stdout.writeSync(encoder.encode(text)),
  );
  if (!printed.includes(`sha256 ${sha256}`)) throw new Error(`the file's SHA-256 is ${sha256}`);
  console.log("the machine has read what was added");
}
