import { describe, expect, test } from "vitest";
import type { State } from "../../src/core/types";
import { sentenceOf } from "../../src/core/words";
import { click, down, frameOf, move, pair, play, stateWith, told, up } from "../builders";

const PAIR = pair(1, [40, 40], [80, 40]);
const live = (pairs = [PAIR], traits = {}) => stateWith({ pairs }, { autoRun: true, ...traits });
const names = (state: State) => state.shared.commands.map(({ name }) => name);
const TARGET = { id: 1, part: "target" } as const;

describe("press and pull on free ground", () => {
  const pulled = play(live([]), down(20, 30), move(25, 31));

  test("puts the pair down at once, its target under the pointer, and pulls at it", () => {
    expect(pulled.shared.pairs).toEqual([pair(1, [20, 30], [25, 31])]);
    expect(pulled.shared.edit).toEqual({ rev: 1, placed: [1] });
    expect(pulled.shared.pulls).toMatchObject([{ id: 1, at: { x: 25, y: 31 }, end: null }]);
    expect(pulled.shared.held).toEqual([TARGET]);
    expect(pulled.view.draft).toBeNull();
    expect(pulled.view.selection).toEqual(TARGET);
  });

  test("moves the mark at once, tells the kernel the place and makes no further edit", () => {
    const on = play(pulled, move(26.25, 30.125), move(27.5, 29));
    expect(on.shared.pairs[0]?.target).toEqual({ x: 27.5, y: 29 });
    expect(on.shared.pulls).toMatchObject([{ id: 1, at: { x: 27.5, y: 29 }, end: null }]);
    expect(on.shared.edit.rev).toBe(1);
  });

  test("let go, tells the last place as an edit, and starts no run beside the settling", () => {
    const done = play(pulled, up(40, 31));
    expect(done.shared.pairs[0]?.target).toEqual({ x: 40, y: 31 });
    expect(done.shared.pulls).toMatchObject([{ id: 1, at: { x: 40, y: 31 }, end: "settle" }]);
    expect(done.shared.edit.rev).toBe(2);
    expect(done.shared.held).toEqual([]);
    expect(done.view.gesture.kind).toBe("none");
    expect(names(done)).toEqual([]);
    expect(play(done, { kind: "pulls_told" }).shared.pulls).toEqual([]);
  });

  test("stays inside the picture", () => {
    const out = play(pulled, move(900, -50));
    expect(out.shared.pulls[0]?.at).toEqual({ x: 127, y: 0 });
    expect(out.shared.pairs[0]?.target).toEqual({ x: 127, y: 0 });
  });

  test("says so", () => {
    expect(sentenceOf(pulled)).toEqual({ mood: "running", text: "Pull: the picture follows" });
    expect(sentenceOf(live([])).text).toBe("Press on the picture and pull");
  });

  test("takes no pull for a click, nor a finger's trembling", () => {
    const options = { touch: true };
    const tapped = play(live([]), down(20, 30, options), move(21.5, 31, options));
    expect(tapped.shared.pulls).toEqual([]);
    expect(play(tapped, up(21.5, 31, options)).view.draft?.target).toBeNull();
    const clicked = play(live([]), ...click(20, 30), ...click(60, 35));
    expect(clicked.shared.pulls).toEqual([]);
    expect(names(clicked)).toEqual(["run"]);
  });

  test("is as ever where pairs do not start at once, or no kernel answers", () => {
    for (const state of [live([], { autoRun: false }), play(live([]), { kind: "silence" })]) {
      const next = play(state, down(20, 30), move(25, 31), move(60, 35));
      expect(next.shared.pulls).toEqual([]);
      expect(next.view.draft).toEqual({ handle: { x: 20, y: 30 }, target: { x: 60, y: 35 } });
    }
  });

  test("does the same while a run is on", () => {
    const next = play(live([PAIR], { running: true }), down(20, 70), move(25, 70));
    expect(next.shared.pulls.map(({ id }) => id)).toEqual([2]);
  });
});

describe("pulling at a mark", () => {
  test("a target goes along with the pointer, at its distance", () => {
    const next = play(live(), down(81, 41), move(90, 50));
    expect(next.shared.pulls).toMatchObject([{ id: 1, at: { x: 89, y: 49 }, end: null }]);
    expect(next.shared.pairs).toEqual([pair(1, [40, 40], [89, 49])]);
    expect(next.shared.edit.rev).toBe(0);
  });

  test("a handle stays in the picture, and its target comes under the pointer", () => {
    const next = play(live(), down(40, 40), move(46, 44));
    expect(next.shared.pairs).toEqual([pair(1, [40, 40], [46, 44])]);
    expect(next.shared.held).toEqual([TARGET]);
    expect(next.view.selection).toEqual(TARGET);
  });

  test("a click only chooses it", () => {
    const next = play(live(), ...click(80, 40));
    expect(next.shared.pulls).toEqual([]);
    expect(next.view.selection).toEqual(TARGET);
  });

  test("a pair that is gone meanwhile does not come back", () => {
    const held = play(live(), down(80, 40), move(90, 40));
    const gone = play(held, { kind: "points", pairs: [], pointsRev: 0 }, move(95, 40), up(95, 40));
    expect(gone.shared.pairs).toEqual([]);
    expect(gone.shared.edit.rev).toBe(0);
    expect(gone.shared.pulls.map(({ end }) => end)).toEqual(["settle"]);
  });

  test("a second pull at once does not lose the end of the first", () => {
    const again = play(live(), down(80, 40), move(90, 40), up(90, 40), down(90, 40), move(95, 40));
    expect(again.shared.pulls.map(({ end }) => end)).toEqual(["settle", null]);
  });
});

describe("while the picture follows", () => {
  const pulled = play(live(), down(80, 40), move(50, 40));

  test("a frame moves the handle, before the kernel has said that it runs", () => {
    const frame = frameOf(2, [pair(1, [44, 41], [49, 40])]);
    const next = play(pulled, { kind: "frame", frame, atMs: 50 });
    expect(next.shared.pairs).toEqual([pair(1, [44, 41], [50, 40])]);
  });

  test("late traits move no mark", () => {
    const late = { kind: "points", pairs: [pair(1, [41, 40], [70, 40])], pointsRev: 0 } as const;
    expect(play(pulled, late).shared.pairs).toEqual(pulled.shared.pairs);
  });

  test("Escape takes it back", () => {
    const back = play(pulled, { kind: "escape" });
    expect(back.shared.pulls.map(({ end }) => end)).toEqual(["undo"]);
    expect(back.shared.edit.rev).toBe(0);
    expect(back.shared.held).toEqual([]);
    expect(back.view.gesture.kind).toBe("none");
    expect(names(back)).toEqual([]);
  });

  test("a command lets go first, and the picture stays for it", () => {
    for (const name of ["stop", "undo", "reset"] as const) {
      const state = play(pulled, told({ autoRun: true, running: true, canUndo: true }), {
        kind: "command",
        name,
      });
      expect(state.shared.pulls.map(({ end }) => end)).toEqual(["stay"]);
      expect(names(state)).toEqual([name]);
    }
    const other = play(pulled, { kind: "sample", seed: 3 });
    expect(other.shared.pulls.map(({ end }) => end)).toEqual(["stay"]);
  });

  test("what the pointer does after that moves nothing", () => {
    const after = play(pulled, { kind: "escape" }, move(60, 60), up(60, 60));
    expect(after.shared.pulls.map(({ end }) => end)).toEqual(["undo"]);
    expect(after.shared.pairs[0]?.target).toEqual({ x: 50, y: 40 });
  });
});

describe("a pin", () => {
  test("is a pair that is to stay, and starts nothing", () => {
    const next = play(live([]), ...click(20, 30, { pin: true }));
    expect(next.shared.pairs).toEqual([pair(1, [20, 30], [20, 30])]);
    expect(next.shared.edit).toEqual({ rev: 1, placed: [1] });
    expect(next.view.draft).toBeNull();
    expect(names(next)).toEqual([]);
  });

  test("can be pulled out of the press", () => {
    const next = play(live([]), down(20, 30, { pin: true }), move(30, 30));
    expect(next.shared.pulls.map(({ id }) => id)).toEqual([1]);
  });
});
