/**
 * The parts of a command: its options, its arguments, the session that it runs in, its exit code.
 *
 * @module
 */
import {
  ChecksumMismatch,
  ImageChanged,
  ImageFormatRefused,
  SignatureMismatch,
} from "../errors/mod.ts";
import type { OperationOptions } from "../store/mod.ts";
import type { Vfs } from "../vfs/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Output } from "./output.ts";

/** What shell completion offers for a value: paths of the tree, local files, stores, or fixed words. */
export type Candidates = "tree" | "file" | "directory" | "store" | readonly string[];

/** An option of a command. */
export interface CommandOption {
  /** The long name, without dashes. */
  readonly name: string;
  /** The short names, without dashes. */
  readonly letters?: readonly string[];
  /** What stands for the value in help. Default: none, the option is a flag. */
  readonly value?: string;
  /** Whether the option may be repeated. Default: `false`. */
  readonly repeated?: boolean;
  /** What the option does, in a few words. */
  readonly help: string;
  /** What completion offers as the value. Default: nothing. */
  readonly candidates?: Candidates;
}

/** The arguments of a command, parsed. */
export interface Arguments {
  /** The operands, in order. */
  operands: string[];
  /**
   * Returns whether a flag was set.
   *
   * @param name The long name of the option, without dashes.
   * @returns `true` if it was, by its long name or a letter.
   */
  has(name: string): boolean;
  /**
   * Returns the value of an option. If the option was repeated, the last value counts.
   *
   * @param name The long name of the option, without dashes.
   * @returns The text as it was typed, or `undefined` if the option was not used.
   */
  value(name: string): string | undefined;
  /**
   * Returns all values of an option that may be repeated.
   *
   * @param name The long name of the option, without dashes.
   * @returns The texts in the order of the command line.
   */
  values(name: string): string[];
}

/** What a command works with. */
export interface Session {
  /** Standard output. */
  out: Output;
  /** Whether results are JSON. */
  json: boolean;
  /**
   * Loads all commands, for what is generated from them.
   *
   * @returns The commands by name.
   */
  commands(): Promise<Commands>;
  /** Aborts when the user interrupts. */
  signal: AbortSignal;
  /** The options of every operation: the abort signal, and the caller once the tree is open. */
  options: OperationOptions;
  /**
   * Reads the configuration of the files and the environment.
   *
   * @returns The configured stores and mounts, checked.
   */
  config(): Promise<Config>;
  /**
   * Opens the path tree over the configured stores.
   *
   * @returns The tree. It is the same each time.
   */
  vfs(): Promise<Vfs>;
  /**
   * Reports a failure of one of several things on standard error. The others go on.
   *
   * @param error What went wrong.
   * @param code The exit code. Default: that of the error.
   * @throws {unknown} The error itself if nothing can go on: the command line is wrong, the user interrupted, or
   * nobody reads the output.
   */
  fail(error: unknown, code?: number | undefined): void;
  /**
   * Sets the exit code that a result means, without a line about it.
   *
   * @param code One of {@linkcode EXIT}. Several are combined as in {@linkcode combinedExitCode}.
   */
  setExitCode(code: number): void;
  /**
   * Writes a line to standard error that is no failure of the command.
   *
   * @param what An error, or anything that is printed as text.
   */
  note(what: unknown): void;
}

/** A command in the table of commands: what it is for, and how the rest of it is loaded. */
export interface CommandEntry {
  /** What the command does, in a few words. */
  readonly summary: string;
  /**
   * Loads the command.
   *
   * @returns The command.
   */
  load(): Promise<Command>;
}

/** A command, as data. */
export interface Command {
  /** The operands, as the usage line shows them. */
  readonly operands: string;
  /** The least and the greatest number of operands. */
  readonly count: readonly [number, number];
  /** More about it, in sentences. */
  readonly description?: string;
  /** Its own options; those of every command come on top. */
  readonly options?: readonly CommandOption[];
  /** What completion offers as an operand. Default: nothing. */
  readonly candidates?: Candidates;
  /** Command lines that show its use. */
  readonly examples?: readonly string[];
  /**
   * Runs the command.
   *
   * @param session The tree, the output and the abort signal.
   * @param args The operands and options, which have been checked against the declaration above.
   */
  run(session: Session, args: Arguments): Promise<void>;
}

/** A command with its summary: help, completion and the manual are generated from it. */
export interface DescribedCommand extends Command {
  /** What the command does, in a few words. */
  readonly summary: string;
}

/** Commands by name. */
export type Commands = Readonly<Record<string, DescribedCommand>>;

/** The command line is wrong. The exit code is 2. */
export class UsageError extends Error {}

/** Nothing is known to judge an image by. The exit code is 4. */
export class NothingKnown extends Error {}

/** The exit codes of every command, with their meaning. */
export const EXIT = {
  done: 0,
  failed: 1,
  misused: 2,
  differs: 3,
  unknown: 4,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** What each exit code means, for help and the manual. */
export const EXIT_MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.done, "done, or the same"],
  [EXIT.failed, "failed: something could not be done or looked at"],
  [EXIT.misused, "the command line is wrong"],
  [EXIT.differs, "an image differs, is corrupt, was changed, refused or is unsafe"],
  [EXIT.unknown, "nothing is known to judge an image by"],
  [EXIT.interrupted, "interrupted by a signal"],
  [EXIT.brokenPipe, "nobody reads the output"],
];

/** The errors that say that an image is not what it should be. */
const DIFFERS = [ChecksumMismatch, ImageChanged, ImageFormatRefused, SignatureMismatch];

/**
 * Returns the exit code that an error means.
 *
 * @param error What a command threw or reported.
 * @returns One of {@linkcode EXIT}.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.misused;
  if (DIFFERS.some((Class) => error instanceof Class)) return EXIT.differs;
  if (error instanceof NothingKnown) return EXIT.unknown;
  return EXIT.failed;
}

/** The exit codes of a command that goes on after a failure, the most telling first. */
const PRECEDENCE: readonly number[] = [EXIT.differs, EXIT.failed, EXIT.unknown, EXIT.done];

/**
 * Returns the exit code of a command several parts of which ended differently.
 *
 * @param codes The exit code of each part.
 * @returns 3 if something differs, else 1 if something failed, else 4 if nothing was known of something.
 */
export function combinedExitCode(...codes: readonly number[]): number {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.failed;
}

/** Whether directories are taken with everything in them. */
export const RECURSIVE: CommandOption = {
  name: "recursive",
  letters: ["r", "R"],
  help: "directories with everything in them",
};

/** Whether every image that is done gets a line. */
export const VERBOSE: CommandOption = {
  name: "verbose",
  letters: ["v"],
  help: "a line for each image",
};

/** Whether a command only says what it would do. */
export const DRY_RUN: CommandOption = {
  name: "dry-run",
  letters: ["n"],
  help: "say what would be done, and do nothing",
};

/** How many images are in work at the same time. */
export const TRANSFERS: CommandOption = {
  name: "transfers",
  value: "N",
  help: "number of images at the same time. Default: 8",
};

/**
 * Returns how many images a command works on at the same time.
 *
 * @param args The arguments, with `--transfers`.
 * @returns A number from 1 to 64. Default: 8.
 * @throws {UsageError} If the option is no such number.
 */
export function transfersOf(args: Arguments): number {
  const text = args.value(TRANSFERS.name) ?? "8";
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 64) {
    throw new UsageError("--transfers is a number from 1 to 64");
  }
  return count;
}

/** Whether uploads go on where earlier ones died. */
export const RESUME: CommandOption = {
  name: "resume",
  help:
    "send only what a run with --resume that died has not sent, and keep what is sent if this " +
    "one fails (s3, swift)",
};

/** The most that all transfers take together. */
export const BWLIMIT: CommandOption = {
  name: "bwlimit",
  value: "RATE",
  help: "bytes a second of all transfers together, such as 500K or 10M. Default: no limit",
};

const SIZES: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/**
 * Returns how many bytes a second a command may transfer.
 *
 * @param args The arguments, with `--bwlimit`.
 * @returns The rate in bytes a second, or `undefined` for no limit.
 * @throws {UsageError} If the option is no rate.
 */
export function bytesPerSecondOf(args: Arguments): number | undefined {
  const text = args.value(BWLIMIT.name);
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
  if (!count || unit === undefined || Number(count) === 0) {
    throw new UsageError("--bwlimit is a number above 0 and perhaps K, M or G: 10M");
  }
  return Number(count) * SIZES[unit]!;
}

/** The form in which progress is written. */
export const PROGRESS: CommandOption = {
  name: "progress",
  value: "FORM",
  help: "json: how far each image is, as lines of JSON on standard error",
  candidates: ["json"],
};

/**
 * Returns whether progress is written for programs.
 *
 * @param args The arguments of any command.
 * @returns Whether `--progress json` is among them.
 * @throws {UsageError} If the option has another value.
 */
export function hasJsonProgress(args: Arguments): boolean {
  const form = args.value(PROGRESS.name);
  if (form !== undefined && form !== "json") throw new UsageError("--progress is json");
  return form !== undefined;
}

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/**
 * Parses a duration: a whole number and `s`, `m`, `h` or `d`, such as `36h`.
 *
 * @param option The option that has the duration, for the error.
 * @param text The text.
 * @returns The duration in milliseconds.
 * @throws {UsageError} If the text is no duration.
 */
export function parseDuration(option: string, text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (!count || !unit) throw new UsageError(`--${option} is a number and s, m, h or d: 36h`);
  return Number(count) * UNITS[unit]!;
}
