/**
 * Removing what a failed operation left, within a bounded time.
 *
 * @module
 */
// Small: one helper that every driver with a server uses.
import { TimeoutError } from "../../errors/mod.ts";

/** How long it may take, in milliseconds: a server that is away is not waited for. */
const PATIENCE = 30_000;

/**
 * Runs a clean-up after something failed or was aborted. The signal of the failed operation does not count any
 * more: the clean-up has 30 s of its own.
 *
 * @param work Removes what is left. Its signal aborts when the time is over.
 */
export async function cleaningUp(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new TimeoutError(`cleaning up took longer than ${PATIENCE} ms`));
  }, PATIENCE);
  try {
    await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
