/**
 * What `deno test` prints, read line by line: counts, skipped tests, and which tests failed in which file.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";

/** A test that failed. */
export interface Failure {
  /** The test's name, with the name of the step that failed if there is one. */
  name: string;
  /** The module that was run, as the reporter names it. */
  module: string;
  /** The first line of the error, and up to three more that are no stack. */
  error: string;
}

/** The results of one or more runs of `deno test`. */
export class TestReport {
  /** How many tests passed. */
  passed = 0;
  /** How many tests failed, modules that could not be loaded among them. */
  failed = 0;
  /** The names of the skipped tests and steps. */
  readonly skipped: string[] = [];
  /**
   * The rules of the contract that a store's capabilities exclude, and tests of what no package has: nothing that
   * could be installed is missing there.
   */
  readonly excluded: string[] = [];
  /** The tests that failed, in the order of the reporter. */
  readonly failures: Failure[] = [];

  /** Adds what another report counted. */
  add(other: TestReport): void {
    this.passed += other.passed;
    this.failed += other.failed;
    this.skipped.push(...other.skipped);
    this.excluded.push(...other.excluded);
    this.failures.push(...other.failures);
  }

  /**
   * Reads the output of one run of `deno test`.
   *
   * @param output What it printed, in pieces of any size.
   * @param write Is given every piece, as it was printed.
   */
  async read(
    output: ReadableStream<Uint8Array<ArrayBuffer>>,
    write: (text: string) => Promise<void> | void,
  ): Promise<void> {
    const reader = new ReportReader(this);
    let rest = "";
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      await write(text);
      const lines = stripVTControlCharacters(rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) reader.read(line);
    }
    reader.end();
  }
}

/** Reads the lines of one run. */
class ReportReader {
  readonly #report: TestReport;
  /** The module whose tests run. */
  #module = "";
  /** The modules of the top-level tests that failed, by name. */
  readonly #failedIn = new Map<string, string>();
  /** The last summary: tests may print others. */
  #counts = { passed: 0, failed: 0 };
  /** The failure whose error is being read, and how many lines of it are still wanted. */
  #failure: Failure | undefined;
  #wantedLines = 0;

  constructor(report: TestReport) {
    this.#report = report;
  }

  read(line: string): void {
    this.#readSkipped(line);
    this.#module = /^running \d+ tests? from (.*)$/.exec(line)?.[1] ?? this.#module;
    const failed = /^(\S.*?) \.\.\. (?:.* )?FAILED(?: \(.*)?$/.exec(line)?.[1];
    if (failed !== undefined) this.#failedIn.set(failed, this.#module);
    const summary = /^(?:ok|FAILED) \| (\d+) passed .*?\| (\d+) failed/.exec(line);
    if (summary) this.#counts = { passed: Number(summary[1]), failed: Number(summary[2]) };
    this.#readFailure(line);
  }

  end(): void {
    this.#report.passed += this.#counts.passed;
    this.#report.failed += this.#counts.failed;
  }

  #readSkipped(line: string): void {
    const skipped = /^\s*(.*) \.\.\. ignored \(\d+ms\)$/.exec(line)?.[1];
    if (skipped === undefined) return;
    const isExcluded = / \[not (?:for this store|on this machine): /.test(skipped);
    (isExcluded ? this.#report.excluded : this.#report.skipped).push(skipped);
  }

  /** Reads the part "ERRORS", which names each failed test and then its error. */
  #readFailure(line: string): void {
    const test = /^(\S.*) => \S+:\d+:\d+$/.exec(line)?.[1];
    const module = /^(.*) \(uncaught error\)$/.exec(line)?.[1];
    if (test !== undefined || module !== undefined) {
      const name = test ?? `${module}: an error outside of tests`;
      this.#failure = { name, module: module ?? this.#moduleOf(name), error: "" };
      this.#wantedLines = 4;
    } else if (this.#failure && this.#wantedLines > 0 && !/^\s+at |^\s*\^/.test(line)) {
      this.#failure.error += `${line.trim()} `;
      // The part "FAILURES" names them again, without an error.
      if (line.startsWith("error: ")) this.#report.failures.push(this.#failure);
      this.#wantedLines--;
    }
  }

  #moduleOf(name: string): string {
    const parts = name.split(" ... ");
    for (let length = parts.length; length > 0; length--) {
      const module = this.#failedIn.get(parts.slice(0, length).join(" ... "));
      if (module !== undefined) return module;
    }
    return "";
  }
}
