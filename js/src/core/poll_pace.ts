/**
 * When to ask for what does not come by itself.
 *
 * Most hosts deliver what the kernel sends at any time, and are hardly ever asked. Some deliver only what answers a
 * message, as the numbers of the messages of traits show: there each answer that brought something makes the next
 * question come sooner, each that did not later.
 */

/** Who waits in vain asks after this time and that of two answers, then ever less often. */
const FIRST_MS = 300;
const SLOWEST_MS = 2400;

/** Where nothing is due, who is not answered asks no more often than this in the end: what nobody reads piles up. */
const UNANSWERED_MS = 24000;

/** A part that is awaited is asked for only then: where pictures come in parts, the way is slow. */
const PART_MS = SLOWEST_MS;

/** Where only answers come, no more often than a picture can be drawn and sent, and never slower than a person notices. */
const FASTEST_MS = 40;
const PATIENT_MS = 600;

/** So many messages of traits that came unasked, one after the other, show that not only answers do. */
const UNASKED = 3;

export class PollPace {
  #firstMs = FIRST_MS;
  #delayMs = FIRST_MS;
  #wayMs = 0;
  #tries = 0;
  #isNews = false;
  #onlyAnswers = false;
  #unasked = 0;

  /** True where the host delivers only answers. */
  get onlyAnswers(): boolean {
    return this.#onlyAnswers;
  }

  /** How long to wait before the next question, while one is due. */
  get delayMs(): number {
    if (this.#tries === 0) return this.#delayMs + (this.#onlyAnswers ? 0 : this.#wayMs);
    const slowerMs = Math.max(this.#firstMs, this.#delayMs) * 2 ** this.#tries;
    return Math.min(slowerMs, SLOWEST_MS) + this.#wayMs;
  }

  /** How long to wait while nothing is due: what nobody has asked for may have changed all the same. */
  get restMs(): number {
    return Math.min(SLOWEST_MS * 2 ** this.#tries, UNANSWERED_MS);
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
    if (!this.#onlyAnswers) this.#delayMs = this.#firstMs;
  }

  /** Notes a question. */
  asked(): void {
    if (this.#tries === 0) this.#isNews = false;
    this.#tries += 1;
  }

  /** Notes something new of the kernel. */
  news(): void {
    this.#isNews = true;
    if (this.#tries === 0 && !this.#onlyAnswers) this.#delayMs = this.#firstMs;
  }

  /** Notes a message of traits that follows those before it; true where nobody has asked for it. */
  traits(): boolean {
    this.news();
    if (this.#tries > 0) return false;
    this.#unasked += 1;
    if (this.#unasked >= UNASKED) this.#onlyAnswers = false;
    return true;
  }

  /** Notes that something was sent and has not come, or has come late. */
  lost(): void {
    this.news();
    this.#onlyAnswers = true;
    this.#unasked = 0;
  }

  /** Notes the answer to a question; what it brought has come before it. */
  answered(): void {
    if (this.#tries === 0) return;
    this.#tries = 0;
    if (!this.#isNews) {
      const slowestMs = this.#onlyAnswers ? PATIENT_MS : SLOWEST_MS;
      this.#delayMs = Math.min(this.#delayMs * 2, slowestMs);
    } else if (this.#onlyAnswers) this.#delayMs = Math.max(this.#delayMs / 2, FASTEST_MS);
    else this.#delayMs = this.#firstMs;
  }

  /** A person has asked for something: where only answers come, what becomes of it is to be asked for. */
  hurry(): void {
    if (this.#onlyAnswers) this.#delayMs = FASTEST_MS;
  }
}
