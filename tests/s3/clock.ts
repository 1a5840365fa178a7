/**
 * A clock that a test sets.
 *
 * @module
 */

/** Lets `Date.now` tell `time` plus what goes by, until disposed. */
export function clockAt(time: number): Disposable {
  const { now } = Date;
  const offset = time - now();
  Date.now = () => now() + offset;
  return {
    [Symbol.dispose]() {
      Date.now = now;
    },
  };
}
