/**
 * What the connections of a server are doing, so that none holds a place for nothing.
 *
 * @module
 */

/**
 * What a connection is doing: waiting for its first request or for another one, receiving a head or a body, working on the
 * response, sending it, or being closed while the client may still be sending.
 */
export type Phase = "new" | "idle" | "head" | "receiving" | "working" | "sending" | "closing";

/** How long each phase may last without progress, in milliseconds. */
export type PhaseLimits = Readonly<Record<Phase, number>>;

/** Progress of fewer bytes than this does not count. A client that reads byte by byte is stalled. */
const LEAST_PROGRESS = 1024;

/** What one connection is doing. */
export class Activity {
  readonly #close: () => void;
  #phase: Phase = "new";
  #since = performance.now();
  #pending = 0;

  /**
   * Starts in phase `new`.
   *
   * @param close Closes the connection.
   */
  constructor(close: () => void) {
    this.#close = close;
  }

  /** The current phase. */
  get phase(): Phase {
    return this.#phase;
  }

  /**
   * Returns for how long there has been no progress.
   *
   * @param now The time, of `performance.now()`.
   * @returns Milliseconds.
   */
  stalledFor(now: number): number {
    return now - this.#since;
  }

  /**
   * Begins a phase. Entering the current phase again is no progress.
   *
   * @param phase The phase.
   */
  enter(phase: Phase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#since = performance.now();
    this.#pending = 0;
  }

  /**
   * Notes that bytes were received or sent. A head gets no more time by that.
   *
   * @param count The number of bytes.
   */
  moved(count: number): void {
    this.#pending += count;
    if (this.#phase === "head" || this.#pending < LEAST_PROGRESS) return;
    this.#pending = 0;
    this.#since = performance.now();
  }

  /** Closes the connection. */
  close(): void {
    this.#close();
  }
}

/** For how long a connection must have stalled to lose its place to a new one, in milliseconds. */
const EVICT_AFTER = 1000;

/** The connections of a server. There is a limit to their number and to each one's inactivity. */
export class Activities {
  readonly #all = new Set<Activity>();
  readonly #most: number;
  readonly #limits: PhaseLimits;
  readonly #timer: ReturnType<typeof setInterval>;
  #released: (() => void) | undefined;

  /**
   * Starts to look after connections.
   *
   * @param most The most connections at a time.
   * @param limits How long each phase may last without progress, in milliseconds.
   */
  constructor(most: number, limits: PhaseLimits) {
    this.#most = most;
    this.#limits = limits;
    const shortest = Math.min(...Object.values(limits).filter(Number.isFinite));
    this.#timer = setInterval(() => this.#closeStalled(), Math.min(1000, shortest / 4));
  }

  /** The number of connections. */
  get size(): number {
    return this.#all.size;
  }

  /**
   * Adds a connection.
   *
   * @param close Closes it.
   * @returns Where its progress is noted.
   */
  add(close: () => void): Activity {
    const activity = new Activity(close);
    this.#all.add(activity);
    return activity;
  }

  /**
   * Removes a connection that has been closed.
   *
   * @param activity What {@linkcode add} returned.
   */
  delete(activity: Activity): void {
    this.#all.delete(activity);
    this.#released?.();
  }

  /**
   * Waits until there are fewer connections than allowed. Where there are too many, the one that has
   * waited longest for a request is closed; or else the one that has stalled longest, if that is a
   * second at least.
   *
   * @param signal Ends the wait.
   */
  async makeRoom(signal: AbortSignal): Promise<void> {
    while (this.#all.size >= this.#most && !signal.aborted) {
      if (this.#evict()) continue;
      const released = Promise.withResolvers<void>();
      this.#released = released.resolve;
      const timer = setTimeout(released.resolve, 100);
      await released.promise;
      clearTimeout(timer);
      this.#released = undefined;
    }
  }

  /**
   * Closes the connections that are idle, or all.
   *
   * @param onlyIdle Whether only those are closed that wait for a request.
   */
  closeAll(onlyIdle: boolean): void {
    for (const activity of this.#all) {
      if (!onlyIdle || ["new", "idle"].includes(activity.phase)) activity.close();
    }
  }

  /** Stops to look after connections. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #closeStalled(): void {
    const now = performance.now();
    for (const activity of this.#all) {
      if (activity.stalledFor(now) > this.#limits[activity.phase]) activity.close();
    }
  }

  #evict(): boolean {
    const now = performance.now();
    let victim: Activity | undefined;
    let longest = -1;
    for (const activity of this.#all) {
      const stalled = activity.stalledFor(now);
      const isFree = activity.phase === "idle" || activity.phase === "closing";
      if (!isFree && (activity.phase === "working" || stalled < EVICT_AFTER)) continue;
      // Idle connections are closed before those in the middle of something.
      const rank = isFree ? stalled + 1e12 : stalled;
      if (rank > longest) [victim, longest] = [activity, rank];
    }
    if (victim === undefined) return false;
    this.#all.delete(victim);
    victim.close();
    return true;
  }
}
