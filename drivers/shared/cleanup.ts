/**
 * Removing what a failed operation left, within a bounded time.
 *
 * @module
 */
// Small: one helper that every driver with a server uses.
import { TimeoutError } from "../../errors/mod.ts";

/** How long it may take, in milliseconds: a server that is away is not waited for. */
const PATIENCE = 30_000;

/** Cleans up after what failed or was aborted, whose own signal says nothing any more. */
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
