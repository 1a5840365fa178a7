/**
 * What boots a machine: qemu's emulator, GRUB, and a folder with a kernel and busybox.
 *
 * @module
 */

import { type Endpoints, hasPrograms, type Service } from "./service.ts";

/** Where packages are unpacked that are not installed: this machine does not start with another kernel. */
const SYSTEM = "/var/cache/vitrine-services/system";

/** Downloads the kernel that the metapackage depends on, and busybox, and unpacks both. */
const UNPACK = `set -e
new=$(mktemp -d)
cd "$new"
apt-get --quiet update
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \\(linux-image-.*\\)/\\1/p')
apt-get --quiet -o Acquire::Retries=3 -o APT::Sandbox::User=root download "$kernel" busybox-static
for package in *.deb; do dpkg -x "$package" system; done
mkdir -p "$(dirname "$1")"
mv system "$1"
rm -r "$new"`;

/** The machine; a test finds the folder with kernel and busybox as `system`. */
export const machine: Service = {
  name: "machine",
  packages: ["grub-common", "grub-pc-bin", "mtools", "qemu-system-x86", "xorriso"],
  install: unpackSystem,
  installed: () => hasPrograms("grub-mkrescue", "qemu-system-x86_64") && isUnpacked(),
  start: (): Promise<Endpoints> => Promise.resolve({ system: SYSTEM }),
};

async function unpackSystem(): Promise<void> {
  if (isUnpacked()) return;
  const { success } = await new Deno.Command("sh", {
    args: ["-c", UNPACK, "sh", SYSTEM],
    stdin: "null",
  }).spawn().status;
  if (!success) throw new Error("the kernel and busybox cannot be unpacked");
}

function isUnpacked(): boolean {
  try {
    return Deno.statSync(SYSTEM).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
