/**
 * An NBD server over stores with images, and programs that use it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Vfs } from "../../mod.ts";
import type { Store } from "../../mod.ts";
import {
  type NbdFailure,
  type NbdServer,
  serveNbd,
  type ServeNbdOptions,
} from "../../server/nbd/mod.ts";

/** Debian's own Python, which has the bindings of libnbd, comes first. */
const ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

/** What a program did. */
export interface ProgramResult {
  /** Its exit code. */
  code: number;
  /** Its standard output. */
  out: string;
  /** Its standard error. */
  err: string;
}

/** Runs a program in a folder to its end. */
export async function runProgram(
  cwd: string,
  program: string,
  ...args: string[]
): Promise<ProgramResult> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: ENV,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** A server, its tree, and a folder for what programs make. */
export class ServedImages implements AsyncDisposable {
  private constructor(
    /** The tree. */
    readonly vfs: Vfs,
    /** The server. */
    readonly server: NbdServer,
    /** What went wrong, oldest first. */
    readonly failures: NbdFailure[],
    /** A folder for files. */
    readonly folder: string,
  ) {}

  /** Serves stores on a free port, or as the options say. */
  static async start(
    stores: Record<string, Store>,
    options: ServeNbdOptions = {},
  ): Promise<ServedImages> {
    const vfs = new Vfs(stores);
    const failures: NbdFailure[] = [];
    const server = await serveNbd(vfs, {
      port: 0,
      onError: (failure) => failures.push(failure),
      ...options,
    });
    const folder = await Deno.makeTempDir({ prefix: "vitrine-nbd-" });
    return new ServedImages(vfs, server, failures, folder);
  }

  /** The path of a file in the folder. */
  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** Runs a program to its end. */
  run(program: string, ...args: string[]): Promise<ProgramResult> {
    return runProgram(this.folder, program, ...args);
  }

  /** Runs a program that must succeed, and returns what it printed. */
  async output(program: string, ...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(program, ...args);
    assertEquals([code, err], [0, ""], `${program} ${args.join(" ")}`);
    return out;
  }

  /** Connects to the server without any protocol. */
  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.server.port });
  }

  /** Stops the server, closes the stores and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop(0);
    await this.vfs[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Returns random bytes. */
export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** Returns the SHA-256 of bytes, in hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
