/** Which messages of traits have come: they are numbered, and some hosts lose them or change their order. */

/** What was known when the kernel was asked for the rest. */
export interface Known {
  readonly whole: number | null;
  readonly late: number;
}

export class StateRevs {
  #whole: number | null;
  #newest: number;
  #late = 0;
  readonly #came = new Set<number>();

  /** @param rev the number with which the model began; null where it has no state */
  constructor(rev: number | null) {
    this.#whole = rev;
    this.#newest = rev ?? 0;
  }

  /** What is to be said when the kernel is asked for the rest; `whole` is the number up to which nothing is missing. */
  get known(): Known {
    return { whole: this.#whole, late: this.#late };
  }

  /** True while something is missing. */
  get isBehind(): boolean {
    return this.#whole === null || this.#whole < this.#newest;
  }

  /** Takes note of a message of traits; false when it is older than what the model had, and has spoilt that. */
  came(rev: number): boolean {
    if (rev < this.#newest) {
      this.#late += 1;
      if (this.#whole !== null) this.#whole = Math.min(this.#whole, rev - 1);
      return false;
    }
    this.#newest = rev;
    this.#came.add(rev);
    this.#advance();
    return true;
  }

  /**
   * Takes note of an answer, before which the kernel has told all that was missing.
   *
   * @param known what was known when it was asked
   * @param rev the number of what it has told
   */
  answered(known: Known, rev: number): void {
    const came = this.#came.has(rev) || (this.#whole !== null && rev <= this.#whole);
    this.#newest = Math.max(this.#newest, rev);
    if (!came || known.late !== this.#late) return;
    this.#whole = Math.max(this.#whole ?? 0, rev);
    this.#advance();
  }

  /** Has everything told anew. */
  forget(): void {
    this.#whole = null;
  }

  #advance(): void {
    if (this.#whole === null) return;
    while (this.#came.has(this.#whole + 1)) this.#whole += 1;
    for (const rev of this.#came) if (rev <= this.#whole) this.#came.delete(rev);
  }
}
