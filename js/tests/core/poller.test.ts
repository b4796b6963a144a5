import { describe, expect, test } from "vitest";
import { Poller } from "../../src/core/poller";
import type { ToKernel } from "../../src/core/protocol";
import { FIRST_RID } from "../builders";

const MOVING = { visible: true, frame: true, asked: false };
const RESTING = { visible: true, frame: false, asked: false };

const HERE = { kind: "here", writes: {}, lostCommands: [], lostQuestions: [] } as const;

const HOUR_MS = 3_600_000;

type Poll = Extract<ToKernel, { k: "poll" }>;

/** A poller with a clock, and what it has asked. */
class Desk {
  readonly polls: Poll[] = [];
  readonly times: number[] = [];
  readonly poller: Poller;
  #have = 0;
  #nowMs = 0;
  #alarms: { readonly atMs: number; readonly callback: () => void }[] = [];

  constructor(rev: unknown = 0) {
    const later = (delayMs: number, callback: () => void) => {
      const alarm = { atMs: this.#nowMs + delayMs, callback };
      this.#alarms.push(alarm);
      return () => {
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
      };
    };
    const send = (message: ToKernel) => {
      if (message.k !== "poll") return;
      this.polls.push(message);
      this.times.push(this.#nowMs);
    };
    this.poller = new Poller(later, FIRST_RID, rev, send, () => ({
      have: this.#have,
      replies: [7],
      answers: [],
    }));
  }

  wait(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      const due = this.#alarms
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#alarms = this.#alarms.filter((other) => other !== due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#nowMs = endMs;
  }

  /** A frame comes, and says how long an answer takes. */
  frame(seq: number, delayMs = 0): void {
    const isNew = seq > this.#have;
    this.#have = Math.max(this.#have, seq);
    this.poller.picture(isNew, { part: false, delayMs });
  }

  /** Answers the newest question, after a frame of this number if there is one. */
  answer({ seq, rev = 0, more = false }: { seq?: number; rev?: number; more?: boolean } = {}) {
    const n = this.polls.at(-1)?.n ?? 0;
    if (seq) this.frame(seq);
    if (rev > 0) this.poller.traits(rev);
    return this.poller.here({ ...HERE, n, stateRev: rev, more });
  }

  /** A host that delivers only answers, with a picture a step: half of the traits are lost. */
  static thatOnlyAnswers(): Desk {
    const desk = new Desk();
    desk.poller.watch(MOVING);
    for (let seq = 1; seq <= 8; seq++) {
      desk.wait(700);
      desk.answer({ seq, rev: 2 * seq });
    }
    return desk;
  }
}

describe("a page whose frames come by themselves", () => {
  test("hardly ever asks", () => {
    const desk = new Desk();
    desk.poller.watch(MOVING);
    for (let seq = 1; seq < 50; seq++) {
      desk.wait(250);
      desk.frame(seq);
    }
    expect(desk.polls).toEqual([]);
    desk.poller.watch(RESTING);
    desk.wait(60000);
    expect(desk.polls).toEqual([]);
  });

  test("gives them the time of two answers more on a long way", () => {
    const desk = new Desk();
    desk.poller.watch(MOVING);
    desk.frame(1, 500);
    desk.wait(1299);
    expect(desk.polls).toEqual([]);
    desk.wait(2000);
    expect(desk.times).toEqual([1300, 2900]);
  });

  test("asks late for a part, and early again for what follows it", () => {
    const desk = new Desk();
    desk.poller.watch(MOVING);
    desk.poller.picture(true, { part: true });
    desk.wait(2399);
    expect(desk.polls).toEqual([]);
    desk.frame(2);
    desk.wait(300);
    expect(desk.polls.length).toBe(1);
  });

  test("is given time anew when it is looked at again", () => {
    const desk = new Desk();
    desk.poller.watch(MOVING);
    desk.wait(299);
    desk.poller.expect();
    desk.wait(299);
    expect(desk.polls).toEqual([]);
    desk.wait(1);
    expect(desk.polls.length).toBe(1);
  });

  test("says what it has and waits for, and never piles questions up", () => {
    const desk = new Desk(4);
    desk.poller.watch(MOVING);
    desk.wait(20000);
    expect(desk.times.slice(0, 5)).toEqual([300, 900, 2100, 4500, 6900]);
    const [first] = desk.polls;
    const waits = { seen: 0, replies: [7], answers: [] };
    expect(first).toEqual({ k: "poll", have: 0, n: 100, page: 100, state_rev: 4, ...waits });
  });

  test("takes only what answers its own questions, and remembers only the newest of them", () => {
    const desk = new Desk(4);
    desk.poller.watch(MOVING);
    desk.wait(300_000);
    const last = desk.polls.at(-1)?.n ?? 0;
    expect(desk.poller.hasAsked(last)).toBe(true);
    for (const n of [1, 99, 100, last + 1]) {
      expect(desk.poller.hasAsked(n)).toBe(false);
      desk.poller.here({ ...HERE, n, stateRev: 9, more: true });
    }
    desk.poller.watch(RESTING);
    const before = desk.polls.length;
    desk.wait(60_000);
    expect(desk.polls.length).toBe(before);
    expect(desk.poller.hasAsked(last)).toBe(true);
  });
});

describe("a page that asks", () => {
  test("does not take what comes then for proof that nothing else comes", () => {
    const desk = new Desk();
    desk.poller.watch(MOVING);
    for (let seq = 1; seq < 40; seq++) {
      desk.wait(500);
      desk.answer({ seq, rev: seq });
    }
    expect(desk.polls.length).toBe(39);
    desk.poller.watch(RESTING);
    desk.wait(60000);
    expect(desk.polls.length).toBe(39);
  });
});

describe("a page whose host delivers only answers", () => {
  test("asks as often as pictures come", () => {
    const desk = Desk.thatOnlyAnswers();
    const before = desk.polls.length;
    for (let seq = 9; seq < 29; seq++) {
      desk.wait(40);
      desk.answer({ seq, rev: 2 * seq });
    }
    expect(desk.polls.length - before).toBe(20);
  });

  test("asks less often where nothing comes, but often enough for a person", () => {
    const desk = Desk.thatOnlyAnswers();
    for (let turn = 0; turn < 40; turn++) {
      desk.wait(600);
      desk.answer();
    }
    expect(
      desk.times.slice(-20).every((at, index, all) => !index || at - (all[index - 1] ?? 0) >= 600),
    ).toBe(true);
  });

  test("asks at once for what becomes of a word of a person", () => {
    const desk = Desk.thatOnlyAnswers();
    desk.poller.watch(RESTING);
    desk.wait(100);
    const before = desk.polls.length;
    desk.poller.watch({ ...RESTING, asked: true });
    desk.poller.hurry();
    desk.wait(40);
    expect(desk.polls.length - before).toBe(1);
  });

  test("looks from time to time for what nobody has asked for", () => {
    const desk = Desk.thatOnlyAnswers();
    desk.poller.watch(RESTING);
    const before = desk.polls.length;
    for (let turn = 0; turn < 4; turn++) {
      desk.wait(2400);
      desk.answer();
    }
    expect(desk.polls.length - before).toBe(4);
  });

  test("is one again whose traits come by themselves, once some did", () => {
    const desk = Desk.thatOnlyAnswers();
    for (let rev = 17; rev < 20; rev++) desk.poller.traits(rev);
    desk.poller.watch(RESTING);
    const before = desk.polls.length;
    desk.wait(2400);
    desk.answer();
    desk.wait(30000);
    // Behind traits that came unasked it looks once.
    expect(desk.polls.length).toBe(before + 1);
  });
});

describe("a page that nobody answers", () => {
  test("asks ever less often for what nobody has asked for", () => {
    const desk = Desk.thatOnlyAnswers();
    desk.poller.watch(RESTING);
    const before = desk.polls.length;
    desk.wait(HOUR_MS);
    expect(desk.polls.length - before).toBeLessThan(160);
    desk.answer();
    desk.wait(2400);
    expect(desk.polls.length - before).toBeGreaterThan(140);
  });
});

describe("what the kernel still does", () => {
  test("is asked for until it is done", () => {
    const desk = new Desk();
    desk.poller.watch(RESTING);
    desk.poller.ask();
    desk.answer({ more: true });
    desk.wait(5000);
    expect(desk.polls.length).toBeGreaterThan(2);
    desk.answer();
    const before = desk.polls.length;
    desk.wait(30000);
    expect(desk.polls.length).toBe(before);
  });
});

describe("traits", () => {
  test("that came unasked are looked behind once, when they have come to rest", () => {
    const desk = new Desk();
    desk.poller.watch(RESTING);
    for (let rev = 1; rev <= 5; rev++) {
      desk.poller.traits(rev);
      desk.wait(2000);
    }
    expect(desk.polls).toEqual([]);
    desk.wait(400);
    expect(desk.polls.map((poll) => poll.state_rev)).toEqual([5]);
    desk.answer({ rev: 5 });
    desk.wait(60000);
    expect(desk.polls.length).toBe(1);
  });

  test("that came unasked are looked behind again where nobody answers", () => {
    const desk = new Desk();
    desk.poller.watch(RESTING);
    desk.poller.traits(1);
    desk.wait(8000);
    expect(desk.polls.length).toBe(2);
    desk.answer({ rev: 1 });
    desk.wait(60000);
    expect(desk.polls.length).toBe(2);
  });

  test("that were missed are asked for, and make the page one that asks", () => {
    const desk = new Desk();
    desk.poller.watch(RESTING);
    desk.poller.traits(1);
    desk.poller.traits(3);
    desk.wait(300);
    expect(desk.polls.map((poll) => poll.state_rev)).toEqual([1]);
    desk.poller.traits(4);
    expect(desk.answer({ rev: 4 })).toBe(false);
    desk.wait(2400);
    expect(desk.polls.at(-1)?.state_rev).toBe(4);
  });

  test("that came late are spoilt until they were told anew", () => {
    const desk = new Desk();
    desk.poller.watch(RESTING);
    for (const rev of [1, 2, 1]) desk.poller.traits(rev);
    expect(desk.poller.isSpoilt).toBe(true);
    desk.wait(300);
    expect(desk.polls.map((poll) => poll.state_rev)).toEqual([0]);
    desk.poller.traits(3);
    expect(desk.answer({ rev: 3 })).toBe(true);
    expect(desk.poller.isSpoilt).toBe(false);
  });

  test("of a model without any are all asked for", () => {
    const desk = new Desk(null);
    desk.poller.watch(RESTING);
    desk.wait(300);
    expect(desk.polls[0]?.state_rev).toBe(null);
  });
});
