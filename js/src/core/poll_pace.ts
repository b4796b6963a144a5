/**
 * When to ask for what does not come by itself.
 *
 * Most hosts deliver what the kernel sends at any time, and are hardly ever asked. Some deliver only what answers a
 * message: there each answer that brought something makes the next question come sooner, each that did not later.
 */

/** Who waits in vain asks after this time and that of two answers, then ever less often. */
const FIRST_MS = 300;
const SLOWEST_MS = 2400;

/** A part that is awaited is asked for only then: where pictures come in parts, the way is slow. */
const PART_MS = SLOWEST_MS;

/** Where only answers come, no more often than a picture can be drawn and sent, and never slower than a person notices. */
const FASTEST_MS = 40;
const PATIENT_MS = 600;

/** So many answers that brought something show that only they do, so many things that came unasked the contrary. */
const BROUGHT = 2;
const UNASKED = 3;

export class PollPace {
  #firstMs = FIRST_MS;
  #delayMs = FIRST_MS;
  #wayMs = 0;
  #tries = 0;
  #isNews = false;
  #isProof = false;
  #brought = 0;
  #unasked = 0;

  /** True where the host delivers only answers. */
  get onlyAnswers(): boolean {
    return this.#brought >= BROUGHT;
  }

  /** How long to wait before the next question, while one is due. */
  get delayMs(): number {
    if (this.#tries === 0) return this.#delayMs + (this.onlyAnswers ? 0 : this.#wayMs);
    const slowerMs = Math.max(this.#firstMs, this.#delayMs) * 2 ** this.#tries;
    return Math.min(slowerMs, SLOWEST_MS) + this.#wayMs;
  }

  /** How long to wait while nothing is due: what nobody has asked for may have changed all the same. */
  get restMs(): number {
    return SLOWEST_MS;
  }

  /**
   * Notes what comes next.
   *
   * @param part whether that is a part of a picture
   * @param delayMs how long an answer takes, where that is known
   */
  awaits(part: boolean, delayMs?: number): void {
    this.#firstMs = part ? PART_MS : FIRST_MS;
    if (delayMs !== undefined) this.#wayMs = 2 * delayMs;
    if (!this.onlyAnswers) this.#delayMs = this.#firstMs;
  }

  /**
   * Notes a question.
   *
   * @param patient whether it was asked only after a time in which what was to come by itself would have come
   */
  asked(patient: boolean): void {
    if (this.#tries === 0) {
      this.#isNews = false;
      this.#isProof = patient;
    }
    this.#tries += 1;
  }

  /** Notes something new of the kernel; true where nobody has asked for it. */
  news(): boolean {
    if (this.#tries > 0) {
      this.#isNews = true;
      return false;
    }
    this.#unasked += 1;
    if (this.#unasked >= UNASKED) this.#brought = 0;
    if (!this.onlyAnswers) this.#delayMs = this.#firstMs;
    return true;
  }

  /** Notes that something was sent and has not come. */
  lost(): void {
    this.#brought = BROUGHT;
  }

  /** Notes the answer to a question; what it brought has come before it. */
  answered(): void {
    if (this.#tries === 0) return;
    this.#tries = 0;
    // What comes after a question out of turn may have been on its way.
    if (!this.#isProof && !this.onlyAnswers) return;
    if (this.#isNews) {
      this.#brought += 1;
      this.#unasked = 0;
      this.#delayMs = Math.max(this.#delayMs / 2, FASTEST_MS);
    } else {
      const slowest = this.onlyAnswers ? PATIENT_MS : SLOWEST_MS;
      this.#delayMs = Math.min(this.#delayMs * 2, slowest);
    }
  }

  /** A person has asked for something: where only answers come, what becomes of it is to be asked for. */
  hurry(): void {
    if (this.onlyAnswers) this.#delayMs = FASTEST_MS;
  }
}
