/** Asks the kernel for what has not come, and knows what has. */
import { Alarms, type Later } from "./alarms";
import { isCount } from "./decode";
import { PollPace } from "./poll_pace";
import type { FromKernel, ToKernel } from "./protocol";
import { type Known, StateRevs } from "./state_revs";

/** The answer to a question. */
export type Here = Extract<FromKernel, { kind: "here" }>;

/** No more answers are asked for at a time. */
const MOST_OPEN = 200;

/** So many questions are remembered, the newest: what answers an older one tells nothing any more. */
const MOST_ASKED = 64;

/** What a page waits for. */
export interface Waits {
  /** Whether anybody looks. */
  readonly visible: boolean;
  /** Whether a frame is due. */
  readonly frame: boolean;
  /** Whether a person has asked for something that nothing has confirmed. */
  readonly asked: boolean;
}

/** What a page has, and what it has no answer to. */
export interface Open {
  /** The number of the newest picture, or of the newest part of one. */
  readonly have: number;
  /** The numbers of commands. */
  readonly replies: readonly number[];
  /** The numbers of questions. */
  readonly answers: readonly number[];
}

/** What a question says of the page. */
export interface Question {
  readonly n: number;
  /** The number of the page: that of its first question. */
  readonly page: number;
  readonly state_rev: number | null;
}

export class Poller {
  readonly #alarms: Alarms<"poll" | "rest">;
  readonly #send: (message: ToKernel) => void;
  readonly #open: () => Open;
  readonly #pace = new PollPace();
  readonly #revs: StateRevs;
  readonly #asked = new Map<number, Known>();
  readonly #page: number;
  #n: number;
  #seen = 0;
  #more = false;
  /** The newest question when something came after which more may have been lost; null where a later one was answered. */
  #unsureSince: number | null = null;
  #armedMs = 0;
  #spoilt = false;
  #waits: Waits = { visible: false, frame: false, asked: false };

  /**
   * @param first the number of the first question; pages that share a kernel should start far apart
   * @param rev the number of the traits with which the model began, if it has any
   * @param send tells the kernel
   * @param open gives what the page has
   */
  constructor(
    later: Later,
    first: number,
    rev: unknown,
    send: (message: ToKernel) => void,
    open: () => Open,
  ) {
    this.#page = first;
    this.#n = first - 1;
    this.#alarms = new Alarms(later);
    this.#revs = new StateRevs(isCount(rev, 0) ? rev : null);
    this.#send = send;
    this.#open = open;
  }

  /** What the next question says; it counts as asked. */
  question(): Question {
    this.#n += 1;
    const { known } = this.#revs;
    this.#asked.set(this.#n, known);
    this.#asked.delete(this.#n - MOST_ASKED);
    return { n: this.#n, page: this.#page, state_rev: known.whole };
  }

  /** The number of the newest question. */
  get newest(): number {
    return this.#n;
  }

  /** Asks for a sign of life, and for all that is newer than what the page has; gives the number of the question. */
  ask(): number {
    const question = this.question();
    this.#pace.asked();
    const { have, ...open } = this.#open();
    const replies = open.replies.slice(0, MOST_OPEN);
    const answers = open.answers.slice(0, MOST_OPEN);
    this.#send({ k: "poll", have, ...question, seen: this.#seen, replies, answers });
    return question.n;
  }

  /**
   * Takes note of a picture, or of a part of one.
   *
   * @param isNew false for one that has come before
   * @param next what is said of the next one: whether it is a part, and how long an answer takes
   */
  picture(isNew: boolean, next: { readonly part: boolean; readonly delayMs?: number }): void {
    if (isNew) this.#pace.news();
    this.#pace.awaits(next.part, next.delayMs);
    this.#restart();
  }

  /** Counts the time to the next frame anew. */
  expect(): void {
    this.#pace.awaits(false);
    this.#restart();
  }

  /** Takes note of an answer to a command or question. */
  answer(): void {
    this.#pace.news();
  }

  /** Takes note of the number of a message of traits. */
  traits(rev: unknown): void {
    if (!isCount(rev, 0)) return;
    const wasBehind = this.#revs.isBehind;
    if (!this.#revs.came(rev)) this.#spoilt = true;
    if (this.#revs.isBehind) {
      if (wasBehind) this.#pace.news();
      else this.#pace.lost();
    } else if (this.#pace.traits()) {
      // A cell may have sent it, where what a thread sends after that does not come.
      this.#unsureSince = this.#n;
      this.#alarms.cancel("rest");
    }
    this.watch(this.#waits);
  }

  /** True while late traits stand in the place of newer ones. */
  get isSpoilt(): boolean {
    return this.#spoilt;
  }

  /** True for a question of this page that nothing has answered, nor a later one. */
  hasAsked(n: number): boolean {
    return this.#asked.has(n);
  }

  /** Takes the answer to a question of this page; true when traits that were spoilt are right again. */
  here({ n, stateRev, more }: Here): boolean {
    const known = this.#asked.get(n);
    if (!known) return false;
    this.#seen = n;
    if (this.#unsureSince !== null && n > this.#unsureSince) this.#unsureSince = null;
    for (const asked of this.#asked.keys()) if (asked <= n) this.#asked.delete(asked);
    if (stateRev !== null) this.#revs.answered(known, stateRev);
    this.#more = more;
    this.#pace.answered();
    this.#restart();
    const repaired = this.#spoilt && !this.#revs.isBehind;
    if (repaired) this.#spoilt = false;
    return repaired;
  }

  /** Has all traits told anew. */
  forget(): void {
    this.#revs.forget();
  }

  /** Has what becomes of something that a person has just asked for asked for soon. */
  hurry(): void {
    this.#pace.hurry();
    if (this.#armedMs > this.#pace.delayMs) this.#alarms.cancel("poll");
    this.watch(this.#waits);
  }

  /** Sets the clocks for what a page waits for. */
  watch(waits: Waits): void {
    this.#waits = waits;
    const { onlyAnswers } = this.#pace;
    const missed = this.#more || this.#revs.isBehind || (onlyAnswers && waits.asked);
    this.#run("poll", waits.visible && (waits.frame || missed), this.#pace.delayMs);
    this.#run(
      "rest",
      waits.visible && (onlyAnswers || this.#unsureSince !== null),
      this.#pace.restMs,
    );
  }

  close(): void {
    this.#alarms.cancelAll();
  }

  #restart(): void {
    this.#alarms.cancelAll();
    this.watch(this.#waits);
  }

  #run(name: "poll" | "rest", due: boolean, delayMs: number): void {
    if (!due) {
      this.#alarms.cancel(name);
      return;
    }
    if (name === "poll") this.#armedMs = delayMs;
    this.#alarms.set(name, delayMs, () => {
      this.ask();
      this.watch(this.#waits);
    });
  }
}
