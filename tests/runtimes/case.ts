/**
 * A case of the runtimes' suite, and its result.
 *
 * @module
 */

/** One thing that must work: returns, or throws what is wrong. */
export type Case = () => Promise<void>;

/** Cases by what they show. */
export type Cases = Readonly<Record<string, Case>>;

/** What became of a case. */
export interface CaseResult {
  /** What it shows. */
  name: string;
  /** What is wrong, if anything. */
  error?: string;
}
