/**
 * How long the event loop keeps a timer waiting, and how much of that it computes itself.
 *
 * A timer fires every 2 ms. What is reported of a gap between two of its ticks is the whole of it, so that
 * no pause is longer than what is reported, and none is reported more than 2 ms too long.
 *
 * @module
 */

/** Time between two ticks, in milliseconds. */
const TICK = 2;

/** What was seen of the event loop. */
export interface Pauses {
  /** Gaps between two ticks, in milliseconds, in their order. */
  gaps: number[];
  /** The most CPU time that the loop's thread itself took within a gap, in milliseconds. */
  own: number;
}

/** Watches the event loop of this process until the function that it returns is called. */
export function watchLoop(): () => Pauses {
  // Time on a CPU in nanoseconds, of the main thread, then time that it waited for one.
  const schedstat = Deno.openSync(`/proc/self/task/${Deno.pid}/schedstat`);
  const text = new Uint8Array(64);
  const busy = () => {
    schedstat.seekSync(0, Deno.SeekMode.Start);
    schedstat.readSync(text);
    return parseInt(new TextDecoder().decode(text)) / 1e6;
  };
  const gaps: number[] = [];
  let own = 0;
  let [time, cpu] = [performance.now(), busy()];
  const tick = () => {
    const [now, then] = [performance.now(), busy()];
    gaps.push(Math.round((now - time) * 10) / 10);
    own = Math.max(own, then - cpu);
    [time, cpu] = [now, then];
  };
  const timer = setInterval(tick, TICK);
  return () => {
    clearInterval(timer);
    // A loop that was held up until now has not ticked.
    tick();
    schedstat.close();
    return { gaps, own };
  };
}
