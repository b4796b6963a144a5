/** Named timers that are set at most once at a time. */

/** Calls back once after so many milliseconds; returns what prevents that. */
export type Later = (delayMs: number, callback: () => void) => () => void;

export class Alarms<Name extends string> {
  readonly #later: Later;
  readonly #pending = new Map<Name, () => void>();

  constructor(later: Later) {
    this.#later = later;
  }

  /** Sets an alarm; one that is already set keeps its time. */
  set(name: Name, delayMs: number, callback: () => void): void {
    if (this.#pending.has(name)) return;
    const cancel = this.#later(delayMs, () => {
      this.#pending.delete(name);
      callback();
    });
    this.#pending.set(name, cancel);
  }

  cancel(name: Name): void {
    this.#pending.get(name)?.();
    this.#pending.delete(name);
  }

  cancelAll(): void {
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }
}
