import { describe, expect, test } from "vitest";
import { filmHint, filmIn, filmPlaceOf } from "../../src/core/past";
import type { Action, State } from "../../src/core/types";
import { sentenceOf, spokenOf } from "../../src/core/words";
import { click, FIRST_RID, frameOf, pair, play, stateWith, told } from "../builders";

const FILM = { number: 3, count: 8 };
const rested = stateWith(
  { pairs: [pair(1, [10, 20], [30, 20])] },
  { film: FILM, historyPosition: 4, canUndo: true },
);
const at = (index: number | null): Action => ({ kind: "film", index });
const indexOf = (state: State) => filmPlaceOf(state)?.index ?? null;

describe("the film of the last drag", () => {
  test("is looked through from its first to its last picture", () => {
    expect(indexOf(rested)).toBeNull();
    expect(indexOf(play(rested, at(0)))).toBe(0);
    expect(indexOf(play(rested, at(3.4)))).toBe(3);
    expect(indexOf(play(rested, at(99)))).toBe(7);
    expect(indexOf(play(rested, at(3), at(null)))).toBeNull();
  });

  test("is there while the picture rests, with two pictures at least", () => {
    expect(filmIn(stateWith({}, { film: { number: 1, count: 1 } }))).toBeNull();
    expect(filmIn(stateWith({}, { film: FILM, running: true }))).toBeNull();
    expect(filmIn(stateWith({ frame: null }, { film: FILM }))).toBeNull();
    const pulls = [{ id: 1, at: { x: 1, y: 2 }, from: { x: 1, y: 1 }, end: null }];
    expect(filmIn(stateWith({ pulls }, { film: FILM }))).toBeNull();
    expect(play(stateWith(), at(2)).view.film).toBeNull();
  });

  test("ends with another drag", () => {
    const shown = play(rested, at(3));
    expect(indexOf(play(shown, told({ film: { number: 4, count: 8 } })))).toBeNull();
    expect(indexOf(play(shown, told({ film: { number: 3, count: 2 } })))).toBeNull();
    expect(indexOf(play(shown, told({ film: FILM, running: true })))).toBeNull();
    expect(indexOf(play(shown, told({ film: FILM, historyPosition: 4 })))).toBe(3);
  });

  test("is left by Escape before anything else is given up", () => {
    const chosen = play(rested, { kind: "select_next", backwards: false }, at(3));
    const back = play(chosen, { kind: "escape" });
    expect(indexOf(back)).toBeNull();
    expect(back.view.selection).toEqual({ id: 1, part: "handle" });
  });

  test.each<Action>([
    { kind: "command", name: "undo" },
    { kind: "sample", seed: 4 },
    { kind: "jump", entry: 2 },
    { kind: "nudge", by: { x: 1, y: 0 } },
    { kind: "new_point" },
    { kind: "mode", mode: "mask" },
    { kind: "history", open: false },
  ])("is left by what is about the present picture: $kind", (action) => {
    expect(play(rested, at(3), action).view.film).toBeNull();
  });

  test("ends when a script or another view goes elsewhere in the history", () => {
    const shown = play(rested, at(3));
    expect(indexOf(play(shown, told({ film: FILM, historyPosition: 4 })))).toBe(3);
    expect(indexOf(play(shown, told({ film: FILM, historyPosition: 2 })))).toBeNull();
  });

  test("is read out once, not picture by picture", () => {
    const said = [1, 2, 3].map((index) => spokenOf(play(rested, at(index))));
    expect(new Set(said)).toEqual(
      new Set(["A picture of the last drag: keep it, or go back with Esc"]),
    );
  });

  test("cannot be pulled at", () => {
    const pressed = play(rested, at(3), ...click(60, 60), ...click(80, 60));
    expect(pressed.view.draft).toBeNull();
    expect(pressed.shared.pairs).toBe(rested.shared.pairs);
    expect(indexOf(pressed)).toBe(3);
  });

  test("says which picture it is and what to do with it", () => {
    const words = "Picture 4 of 8 of the last drag: keep it, or go back with Esc";
    expect(sentenceOf(play(rested, at(3))).text).toBe(words);
    expect(filmHint(rested)).toBeNull();
  });
});

describe("a picture that is taken up", () => {
  const taken = play(rested, at(3), { kind: "take" });

  test("is a command, and is asked for once", () => {
    expect(taken.shared.commands).toEqual([{ rid: FIRST_RID, name: "take", args: { index: 3 } }]);
    expect(play(taken, { kind: "take" })).toBe(taken);
    expect(play(rested, { kind: "take" })).toBe(rested);
  });

  test("stays on the screen until the kernel has it", () => {
    expect(indexOf(taken)).toBe(3);
    const next = play(taken, { kind: "frame", frame: frameOf(2), atMs: 0 });
    expect(indexOf(next)).toBeNull();
  });
});

describe("a jump", () => {
  test("is a command with the entry", () => {
    const { shared } = play(rested, { kind: "jump", entry: 2 });
    expect(shared.commands).toEqual([{ rid: FIRST_RID, name: "jump", args: { entry: 2 } }]);
  });

  test("to where one is does nothing", () => {
    expect(play(rested, { kind: "jump", entry: 4 }).shared).toBe(rested.shared);
  });

  test("drops a half-made pair and lets go of a pull, which stays where it is", () => {
    const half = play(rested, ...click(60, 60));
    expect(half.view.draft).not.toBeNull();
    expect(play(half, { kind: "jump", entry: 2 }).view.draft).toBeNull();
  });
});

test("the panel is opened and folded away", () => {
  const open = play(rested, { kind: "history", open: true });
  expect(open.view.historyOpen).toBe(true);
  expect(play(open, { kind: "history", open: false }).view.historyOpen).toBe(false);
});
