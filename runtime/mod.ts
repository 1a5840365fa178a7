/**
 * The runtime that this program runs in, and its built-in modules. No other room of the package asks
 * which runtime this is.
 *
 * @module
 */
import type * as buffer from "node:buffer";
import type * as childProcess from "node:child_process";
import type * as crypto from "node:crypto";
import type * as dns from "node:dns/promises";
import type * as fs from "node:fs";
import type * as fsPromises from "node:fs/promises";
import type * as http from "node:http";
import type * as https from "node:https";
import type * as net from "node:net";
import type * as os from "node:os";
import type * as path from "node:path";
import type * as process from "node:process";
import type * as timersPromises from "node:timers/promises";
import type * as tls from "node:tls";
import type * as workerThreads from "node:worker_threads";
import type * as zlib from "node:zlib";

/** The built-in modules that are used, by name. */
export interface BuiltinModules {
  "node:buffer": typeof buffer;
  "node:child_process": typeof childProcess;
  "node:crypto": typeof crypto;
  "node:dns/promises": typeof dns;
  "node:fs": typeof fs;
  "node:fs/promises": typeof fsPromises;
  "node:http": typeof http;
  "node:https": typeof https;
  "node:net": typeof net;
  "node:os": typeof os;
  "node:path": typeof path;
  "node:process": typeof process;
  "node:timers/promises": typeof timersPromises;
  "node:tls": typeof tls;
  "node:worker_threads": typeof workerThreads;
  "node:zlib": typeof zlib;
}

/** What the global objects of the runtimes have in common with each other, as far as it is used. */
interface RuntimeGlobals {
  navigator?: { userAgent?: string };
  process?: {
    versions?: { node?: string; bun?: string };
    env?: Record<string, string | undefined>;
    getBuiltinModule?(name: string): unknown;
  };
}

const globals = globalThis as RuntimeGlobals;

/**
 * Returns whether this is Deno.
 *
 * @returns `true` in Deno, also in its workers.
 */
export function isDeno(): boolean {
  return "Deno" in globalThis;
}

/**
 * Returns whether this is workerd, the runtime of Cloudflare's Workers, by the name that it gives itself
 * (https://developers.cloudflare.com/workers/runtime-apis/web-standards/).
 *
 * @returns `true` in workerd.
 */
export function isWorkerd(): boolean {
  return globals.navigator?.userAgent === "Cloudflare-Workers";
}

/**
 * Returns the name of the runtime, with its version if it gives one: `Deno 2.9.6`, `Node 20.16.0`.
 *
 * @returns The name; in browsers the user agent.
 */
export function runtimeName(): string {
  const { node, bun } = globals.process?.versions ?? {};
  if (isDeno()) return `Deno ${Deno.version.deno}`;
  if (isWorkerd()) return "workerd";
  if (bun) return `Bun ${bun}`;
  if (node) return `Node ${node}`;
  return globals.navigator?.userAgent ?? "this runtime";
}

/**
 * Returns whether `fetch` stands on the same sockets as `node:http`, which take a TLS connection that was
 * cut for one that ended: those of Node and of Bun do.
 *
 * @returns `true` in Node and in Bun.
 */
export function hasNodeSockets(): boolean {
  return Boolean(globals.process?.versions?.node) && !isDeno() && !isWorkerd();
}

/**
 * Returns whether native libraries can be opened: only in Deno, and not in a version or place without
 * its FFI. Whether the permission is granted is another matter.
 *
 * @returns `true` if there is `Deno.dlopen`.
 */
export function hasFfi(): boolean {
  return isDeno() && typeof Deno.dlopen === "function";
}

/**
 * Returns whether native libraries of Linux can be opened.
 *
 * @returns `true` if this is Deno on Linux with its FFI.
 */
export function hasLinuxFfi(): boolean {
  return hasFfi() && Deno.build.os === "linux";
}

/**
 * Returns one of Node's built-in modules, without an import that bundlers for other runtimes would fail
 * on. Deno, Bun, Node from 20.16 and workerd with `nodejs_compat` have
 * `process.getBuiltinModule` (https://nodejs.org/api/process.html#processgetbuiltinmoduleid).
 *
 * In workerd only `node:crypto` is returned: its network modules are built on `fetch` and gain nothing.
 *
 * @typeParam Name The name of the module.
 * @param name The name, with `node:`.
 * @returns The module, or `undefined` if the runtime does not have it.
 */
export function builtin<Name extends keyof BuiltinModules>(
  name: Name,
): BuiltinModules[Name] | undefined {
  if (isWorkerd() && name !== "node:crypto") return undefined;
  return globals.process?.getBuiltinModule?.(name) as BuiltinModules[Name] | undefined;
}

/** The part of Deno's permissions that is used. Each variable may have a permission of its own. */
interface EnvironmentPermission {
  querySync(descriptor: { name: "env"; variable: string }): { state: string };
}

/**
 * Returns whether a variable of the environment can be read without asking for the permission.
 *
 * @param name The name of the variable, set or not.
 * @returns `true` if Deno has granted the permission, and in runtimes without permissions.
 */
export function canReadVariable(name: string): boolean {
  const { Deno } = globalThis as { Deno?: { permissions?: EnvironmentPermission } };
  const state = Deno?.permissions?.querySync({ name: "env", variable: name }).state;
  return state === undefined || state === "granted";
}

/**
 * Reads a variable of the environment. Deno is not made to ask for the permission.
 *
 * @param name The name of the variable.
 * @returns The value, or `undefined` if it is not set or may not be read.
 */
export function environmentVariable(name: string): string | undefined {
  return canReadVariable(name) ? globals.process?.env?.[name] : undefined;
}
