/**
 * What a command of the command line is made of.
 *
 * @module
 */
import type { Vfs } from "../vfs/mod.ts";
import type { OperationOptions } from "../store/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Output } from "./output.ts";

/** The arguments of a command, parsed. */
export interface Arguments {
  /** Operands, in order. */
  operands: string[];
  /** Whether a flag was given. */
  has(name: string): boolean;
  /** The value of an option, or `undefined`. */
  value(name: string): string | undefined;
  /** All values of an option that may be repeated. */
  values(name: string): string[];
}

/** What a command works with. */
export interface Session extends OperationOptions {
  /** Where results go. */
  out: Output;
  /** Whether results are JSON. */
  json: boolean;
  /** Ends when the user interrupts. */
  signal: AbortSignal;
  /** The configuration, as files and environment give it. */
  config(): Promise<Config>;
  /** The path tree over the configured stores, opened on first use. */
  vfs(): Promise<Vfs>;
  /**
   * Says what went wrong with one of several things; the others go on, and the exit code is 1. Throws
   * the error where none can: for a wrong command line, after an interrupt, or when nobody reads.
   */
  fail(error: unknown): void;
  /** Says what is no failure of the command, in a line on standard error. */
  note(what: unknown): void;
}

/** A command. */
export interface Command {
  /** Operands and options, as the usage line shows them. */
  usage: string;
  /** What it does, in a sentence. */
  summary: string;
  /** More, a line an option. */
  options?: readonly string[];
  /** Names of flags. */
  flags?: readonly string[];
  /** Names of options with a value. */
  strings?: readonly string[];
  /** Names of options that may be repeated. */
  collect?: readonly string[];
  /** Short names. */
  alias?: Readonly<Record<string, string>>;
  /** How many operands it takes: least and most. */
  operands: readonly [number, number];
  /** Does it. */
  run(session: Session, args: Arguments): Promise<void>;
}

/** The command line is wrong: exit code 2. */
export class Misuse extends Error {}
