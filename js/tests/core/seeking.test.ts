import { describe, expect, test } from "vitest";
import { SEEKING_WORDS } from "../../src/core/seeking";
import { reduce } from "../../src/core/state";
import type { State, ViewAction } from "../../src/core/types";
import { barOf, isCalm, sentenceOf } from "../../src/core/words";
import { pair, stateWith } from "../builders";

const PAIRS = [pair(1, [40, 40], [80, 40])];
const seeking = (state: State) => reduce(state, { kind: "seeking", on: true });
const shown = () => stateWith({ pairs: PAIRS }, { canUndo: true });

describe("while a photo is looked for", () => {
  test.each<ViewAction>([
    { kind: "command", name: "undo" },
    { kind: "command", name: "run" },
    { kind: "sample", seed: 3 },
    { kind: "jump", entry: 2 },
    { kind: "nudge", by: { x: 1, y: 0 } },
    { kind: "remove_selected" },
    { kind: "new_point" },
    { kind: "mask_invert" },
    { kind: "auto_run", on: true },
    { kind: "compare_hold", on: true },
  ])("nothing changes by %j", (action) => {
    const state = seeking(shown());
    expect(reduce(state, action)).toBe(state);
  });

  test("the status line says so, and how to end it", () => {
    const state = seeking(shown());
    expect(sentenceOf(state)).toEqual({ mood: "waiting", text: SEEKING_WORDS });
    expect(barOf(state)).toBe(0);
    expect(isCalm(state)).toBe(false);
  });

  test("the kernel is heard, and the list of keys can be looked at", () => {
    const state = seeking(shown());
    const problem = reduce(state, { kind: "problem", message: "no memory" });
    expect(problem.shared.problem?.message).toBe("no memory");
    expect(reduce(state, { kind: "help", open: true }).view.helpOpen).toBe(true);
  });
});

test("what was half done when a photo came is given up, and the points stay", () => {
  const draft = { handle: { x: 5, y: 5 }, target: null };
  const compare = { held: false, split: true, divider: 0.3 };
  const state = seeking(stateWith({ pairs: PAIRS }, {}, { draft, compare, helpOpen: true }));
  expect(state.view).toMatchObject({ draft: null, helpOpen: false, compare: { split: false } });
  expect(state.shared.pairs).toEqual(PAIRS);
});

test("afterwards everything can be done again", () => {
  const state = reduce(seeking(shown()), { kind: "seeking", on: false });
  expect(isCalm(state)).toBe(true);
  expect(reduce(state, { kind: "command", name: "undo" }).shared.commands).toHaveLength(1);
});
