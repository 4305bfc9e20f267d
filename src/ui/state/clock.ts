/** The time and a heartbeat; tests bring their own. */
export interface Clock {
  now(): number;
  /** Calls back every `milliseconds` until the returned function is called. */
  every(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds);
    return () => clearInterval(timer);
  },
};
