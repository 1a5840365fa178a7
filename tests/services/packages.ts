/**
 * Installs Debian packages without letting their daemons start.
 *
 * @module
 */

const POLICY = "/usr/sbin/policy-rc.d";

/** Installs the packages with apt-get; resolves to an exit code. */
export async function install(packages: string[]): Promise<number> {
  if (!await isDebian()) {
    console.error("services: installing needs Debian 12 (this machine has no /etc/debian_version)");
    return 1;
  }
  if (Deno.uid() !== 0) {
    console.error("services: installing needs root");
    return 1;
  }
  // invoke-rc.d asks this file whether a daemon may start; a policy that stands is the machine's own.
  const policy = await Deno.open(POLICY, { write: true, createNew: true, mode: 0o755 }).catch(
    (error) => {
      if (error instanceof Deno.errors.AlreadyExists) return undefined;
      throw error;
    },
  );
  try {
    await policy?.write(new TextEncoder().encode("#!/bin/sh\nexit 101\n"));
    policy?.close();
    return await aptGet("update", "-q") ||
      await aptGet("install", "-q", "-y", "--no-install-recommends", ...new Set(packages));
  } finally {
    if (policy) await Deno.remove(POLICY);
  }
}

async function aptGet(...args: string[]): Promise<number> {
  const { code } = await new Deno.Command("apt-get", {
    args: ["-o", "DPkg::Lock::Timeout=600", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).spawn().status;
  return code;
}

async function isDebian(): Promise<boolean> {
  try {
    return (await Deno.stat("/etc/debian_version")).isFile;
  } catch {
    return false;
  }
}
