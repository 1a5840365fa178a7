/**
 * Installs Debian packages without letting their daemons start.
 *
 * @module
 */

import { hasPrograms } from "./service.ts";

/** `invoke-rc.d` asks this program whether a daemon may start. */
const POLICY = "/usr/sbin/policy-rc.d";

/** Installs those of the packages that are missing; resolves to an exit code. */
export async function install(packages: string[]): Promise<number> {
  if (!hasPrograms("apt-get", "dpkg-query")) {
    console.error("services: installing needs Debian 12: this machine has no apt-get");
    return 1;
  }
  const missing = await missingOf(packages);
  if (missing.length === 0) {
    console.log("all packages are installed");
    return 0;
  }
  if (Deno.uid() !== 0) {
    console.error(`services: installing needs root: apt-get install ${missing.join(" ")}`);
    return 1;
  }
  const ownPolicy = await forbidStarts();
  try {
    return await aptGet("update") ||
      await aptGet("install", "--yes", "--no-install-recommends", ...missing);
  } finally {
    if (ownPolicy) await Deno.remove(POLICY);
  }
}

async function missingOf(packages: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command("dpkg-query", {
    args: ["--show", "--showformat=${Package} ${db:Status-Status}\n", ...packages],
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return [...new Set(packages)].filter((name) => !lines.includes(`${name} installed`));
}

/** Resolves to whether it did: a policy that stands is the machine's own. */
async function forbidStarts(): Promise<boolean> {
  try {
    await Deno.writeTextFile(POLICY, "#!/bin/sh\nexit 101\n", { createNew: true, mode: 0o755 });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function aptGet(...args: string[]): Promise<number> {
  const { code } = await new Deno.Command("apt-get", {
    args: ["--quiet", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", ...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).spawn().status;
  return code;
}
