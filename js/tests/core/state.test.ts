import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reduceKernel } from "../../src/core/kernel";
import { DRAFT_ID, nextSelection, reduce, selectionOf } from "../../src/core/state";
import type { Action, State, ViewAction } from "../../src/core/types";
import {
  click,
  down,
  FIRST_RID,
  frameOf,
  move,
  pair,
  play,
  stateWith,
  TRAITS,
  told,
  up,
} from "../builders";

const PAIR = pair(1, [40, 40], [80, 40]);
const OTHER = pair(4, [20, 80], [30, 80]);
const withPairs = (traits = {}) => stateWith({ pairs: [PAIR, OTHER] }, traits);
const names = (state: State) => state.shared.commands.map(({ name }) => name);
const command = (name: "run" | "step" | "stop" | "undo" | "redo" | "reset" | "clear_points") =>
  ({ kind: "command", name }) as const;

describe("the keyboard", () => {
  test("goes through the marks in order and leaves after the last", () => {
    let state = withPairs();
    const seen: string[] = [];
    for (let step = 0; step < 5; step++) {
      state = play(state, { kind: "select_next", backwards: false });
      seen.push(`${selectionOf(state)?.id} ${selectionOf(state)?.part}`);
    }
    expect(seen).toEqual(["1 handle", "1 target", "4 handle", "4 target", "undefined undefined"]);
    expect(nextSelection(state, true)).toEqual({ id: 4, part: "target" });
  });

  test("moves the chosen mark", () => {
    const chosen = play(withPairs(), ...click(40, 40));
    const next = play(
      chosen,
      { kind: "nudge", by: { x: 1, y: 0 } },
      { kind: "nudge", by: { x: 0, y: -10 } },
    );
    expect(next.shared.pairs[0]?.handle).toEqual({ x: 41, y: 30 });
    expect(next.shared.edit).toEqual({ rev: 2, placed: [1] });
    expect(play(withPairs(), { kind: "nudge", by: { x: 1, y: 0 } }).shared.edit.rev).toBe(0);
  });

  test("sets a pair from nothing: new point, its target, done, run", () => {
    const one = play(stateWith(), { kind: "new_point" }, { kind: "nudge", by: { x: -10, y: 0 } });
    expect(one.view.draft).toEqual({ handle: { x: 53.5, y: 47.5 }, target: null });
    const two = play(one, { kind: "confirm" }, { kind: "nudge", by: { x: 0, y: 10 } });
    expect(two.view.draft?.target).toEqual({ x: 66.3, y: 57.5 });
    expect(two.view.selection).toEqual({ id: DRAFT_ID, part: "target" });
    const three = play(two, { kind: "confirm" });
    expect(three.shared.pairs).toEqual([pair(1, [53.5, 47.5], [66.3, 57.5])]);
    expect(names(three)).toEqual([]);
    expect(names(play(three, { kind: "confirm" }))).toEqual(["run"]);
  });

  test("puts a new point under the pointer where there is one", () => {
    const state = play(stateWith(), move(12, 13), { kind: "new_point" });
    expect(state.view.draft?.handle).toEqual({ x: 12, y: 13 });
  });

  test("puts the first target inside the picture", () => {
    const state = play(stateWith(), ...click(127, 50), { kind: "confirm" });
    expect(state.view.draft?.target).toEqual({ x: 114.2, y: 50 });
  });

  test("removes the chosen pair, or forgets the half-made one", () => {
    const chosen = play(withPairs(), ...click(80, 40), { kind: "remove_selected" });
    expect(chosen.shared.pairs).toEqual([OTHER]);
    expect(selectionOf(chosen)).toBeNull();
    const draft = play(stateWith(), ...click(20, 30), { kind: "remove_selected" });
    expect(draft.view.draft).toBeNull();
    const none = withPairs();
    expect(play(none, { kind: "remove_selected" })).toBe(none);
  });

  test("Escape gives up the nearest thing first", () => {
    const running = withPairs({ running: true });
    const busy = play(running, ...click(60, 70), { kind: "help", open: true }, down(90, 90));
    const steps: string[] = [];
    let state = busy;
    for (let press = 0; press < 4; press++) {
      state = play(state, { kind: "escape" });
      const { view } = state;
      steps.push(
        `${view.gesture.kind} ${view.helpOpen} ${view.draft !== null} ${names(state).join()}`,
      );
    }
    expect(steps).toEqual([
      "none true true ",
      "none false true ",
      "none false false ",
      "none false false stop",
    ]);
  });
});

describe("commands", () => {
  test("are numbered and wait for their answer", () => {
    const state = play(withPairs({ canUndo: true }), command("undo"), command("undo"));
    expect(state.shared.commands.map(({ rid }) => rid)).toEqual([FIRST_RID, FIRST_RID + 1]);
    const reply = { rid: FIRST_RID, ok: true, error: "" };
    expect(play(state, { kind: "reply", reply }).shared.commands.map(({ rid }) => rid)).toEqual([
      FIRST_RID + 1,
    ]);
  });

  test("that mean nothing now are not given", () => {
    for (const name of ["run", "step", "stop", "undo", "redo"] as const) {
      expect(names(play(stateWith(), command(name)))).toEqual([]);
    }
    expect(names(play(withPairs({ running: true }), command("run"), command("step")))).toEqual([]);
  });

  test("are given while what makes sense of them is on its way: undo, and at once redo", () => {
    const state = play(withPairs({ canUndo: true }), command("undo"), command("redo"));
    expect(names(state)).toEqual(["undo", "redo"]);
  });

  test("start once, and a stop takes back a start on its way", () => {
    const started = play(withPairs(), command("run"), command("run"));
    expect(names(started)).toEqual(["run"]);
    expect(names(play(started, command("stop")))).toEqual(["stop"]);
  });

  test("undo takes back a half-made pair before it asks the kernel", () => {
    const state = play(withPairs({ canUndo: true }), ...click(60, 70), command("undo"));
    expect(state.view.draft).toBeNull();
    expect(names(state)).toEqual([]);
  });

  test("that change the picture forget a half-made pair", () => {
    for (const action of [command("reset"), command("clear_points"), { kind: "sample", seed: 3 }]) {
      const state = play(withPairs(), ...click(60, 70), action as ViewAction);
      expect(state.view.draft).toBeNull();
      expect(state.view.selection).toBeNull();
      expect(state.shared.commands.length).toBe(1);
    }
  });

  test.each([
    [7, 7],
    [-4, 0],
    [2.9, 2],
    [Number.NaN, 0],
    [1e12, 4294967295],
  ])("a seed of %d is sent as %d", (asked, sent) => {
    const state = play(stateWith(), { kind: "sample", seed: asked });
    expect(state.shared.commands[0]).toEqual({
      rid: FIRST_RID,
      name: "sample",
      args: { seed: sent },
    });
  });

  test("are forgotten in the silence of the kernel, and a word of it ends that", () => {
    const silent = play(withPairs(), command("run"), { kind: "silence" });
    expect(silent.shared.answering).toBe(false);
    expect(silent.shared.commands).toEqual([]);
    expect(play(silent, { kind: "heard" }).shared.answering).toBe(true);
  });
});

describe("a run that ends before it heard of the newest edit", () => {
  const dragged = (autoRun: boolean) =>
    play(
      withPairs({ running: true, status: "running", autoRun }),
      down(80, 40),
      move(90, 40),
      up(90, 40),
    );

  test("is started again where pairs start at once", () => {
    const state = dragged(true);
    expect(names(state)).toEqual([]);
    expect(names(play(state, told({ status: "arrived", autoRun: true })))).toEqual(["run"]);
  });

  test("is not when it had heard of it, was stopped, or pairs wait", () => {
    const heard = told({ status: "arrived", autoRun: true }, dragged(true).shared.edit.rev);
    expect(names(play(dragged(true), heard))).toEqual([]);
    expect(names(play(dragged(true), told({ status: "stopped", autoRun: true })))).toEqual([]);
    expect(names(play(dragged(false), told({ status: "arrived" })))).toEqual([]);
  });
});

describe("errors", () => {
  const failing = (seq: number, message = "bad") =>
    told({ error: { seq, message, details: "Traceback" } });
  const refused = (rid: number, error: string): Action => ({
    kind: "reply",
    reply: { rid, ok: false, error },
  });

  test("of the kernel are shown once each, and go when they are dismissed", () => {
    const shown = play(stateWith(), failing(1));
    expect(shown.shared.problem).toEqual({ message: "bad", details: "Traceback" });
    const dismissed = play(shown, { kind: "problem_dismiss" }, failing(1));
    expect(dismissed.shared.problem).toBeNull();
    expect(play(dismissed, failing(2)).shared.problem?.message).toBe("bad");
  });

  test("go when the kernel takes them back", () => {
    const state = play(stateWith(), failing(1), told());
    expect(state.shared.problem).toBeNull();
  });

  test("of a refused command are shown, but not those of another page", () => {
    const asked = play(withPairs(), command("run"));
    expect(play(asked, refused(FIRST_RID, "no points")).shared.problem?.message).toBe("no points");
    expect(play(asked, refused(FIRST_RID + 9, "no points")).shared.problem).toBeNull();
    expect(play(asked, refused(FIRST_RID - 1, "no points")).shared.problem).toBeNull();
  });

  test("of a refused command are shown once, whenever its answer comes again", () => {
    const shown = play(withPairs(), command("run"), failing(1, "no"), refused(FIRST_RID, "no"));
    expect(play(shown, told(), refused(FIRST_RID, "no")).shared.problem).toBeNull();
  });

  test("that only an answer has told go with the next command or edit that is taken", () => {
    const taken: Action = { kind: "reply", reply: { rid: FIRST_RID + 1, ok: true, error: "" } };
    const refusedOnce = play(withPairs(), command("run"), refused(FIRST_RID, "no"));
    expect(play(refusedOnce, command("undo"), told()).shared.problem?.message).toBe("no");
    const undone = stateWith({ ...refusedOnce.shared }, { canUndo: true });
    expect(play(undone, command("undo"), taken).shared.problem).toBeNull();
    expect(play(refusedOnce, told({}, 1)).shared.problem).toBeNull();
    expect(play(refusedOnce, told({ running: true })).shared.problem?.message).toBe("no");
  });

  test("that the traits tell stay until they take them back, and a stop changes no error", () => {
    const ok: Action = { kind: "reply", reply: { rid: FIRST_RID, ok: true, error: "" } };
    const running = stateWith({}, { running: true });
    const stopping = play(running, told({ running: true }), command("stop"));
    expect(play(stopping, failing(1), ok).shared.problem?.message).toBe("bad");
    const refusedOnce = play(withPairs(), command("run"), refused(FIRST_RID, "no"));
    const again = play(refusedOnce, told({ running: true }), command("stop"));
    const stopped: Action = { kind: "reply", reply: { rid: FIRST_RID + 1, ok: true, error: "" } };
    expect(play(again, stopped).shared.problem?.message).toBe("no");
  });

  test("told twice keep their details", () => {
    const state = play(withPairs(), command("run"), failing(1), refused(FIRST_RID, "bad"));
    expect(state.shared.problem?.details).toBe("Traceback");
  });
});

describe("modes and brush", () => {
  test("leaving a mode forgets what was half done in it", () => {
    const state = play(stateWith(), ...click(20, 30), { kind: "mode", mode: "mask" });
    expect(state.view.draft).toBeNull();
    const painting = play(state, down(20, 30), { kind: "mode", mode: "points" });
    expect(painting.shared.mask).toBeNull();
    expect(painting.shared.painting).toBe(false);
  });

  test("the brush suits the picture until a person sizes it, within bounds", () => {
    const state = play(stateWith(), { kind: "brush_scale", factor: 2 });
    expect(state.view.brush.radiusPx).toBeCloseTo(2 * 0.08 * 96, 9);
    expect(play(state, { kind: "brush_radius", radiusPx: 1e9 }).view.brush.radiusPx).toBe(48);
    expect(play(state, { kind: "brush_radius", radiusPx: Number.NaN }).view.brush.radiusPx).toBe(1);
  });

  test("an inverted mask exchanges what may move; without a mask there is nothing to exchange", () => {
    const painted = play(stateWith({}, {}, { mode: "mask" }), ...click(60, 40));
    const inverted = play(painted, { kind: "mask_invert" });
    expect(inverted.shared.mask?.data[40 * 128 + 60]).toBe(0);
    expect(inverted.shared.maskRev).toBe(2);
    expect(play(stateWith(), { kind: "mask_invert" }).shared.mask).toBeNull();
    const cleared = play(painted, { kind: "mask_clear" });
    expect([cleared.shared.mask, cleared.shared.maskRev]).toEqual([null, 2]);
  });
});

describe("reduce", () => {
  const coordinate = fc.oneof(fc.integer({ min: -20, max: 150 }), fc.double({ noNaN: false }));
  const pointer = fc.record({
    at: fc.record({ x: coordinate, y: coordinate }),
    scale: fc.constantFrom(0.5, 4),
    touch: fc.boolean(),
  });
  const pairs = fc
    .uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 })
    .map((ids) => ids.map((id) => pair(id, [id, 10], [id + 20, 30])));
  const action: fc.Arbitrary<Action> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("pointer_down"), pointer, secondary: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom("pointer_move", "pointer_up"), pointer }),
    },
    fc.record({ kind: fc.constant("points"), pairs: fc.option(pairs), pointsRev: fc.nat(20) }),
    fc.record({
      kind: fc.constant("frame"),
      frame: fc
        .tuple(fc.integer({ min: 1, max: 99 }), pairs)
        .map(([seq, list]) => frameOf(seq, list)),
      atMs: fc.nat(),
    }),
    fc.record({
      kind: fc.constant("traits"),
      traits: fc.boolean().map((running) => ({
        ...TRAITS,
        running,
        autoRun: !running,
        canUndo: running,
        film: { number: 1, count: running ? 0 : 9 },
      })),
      pointsRev: fc.nat(20),
    }),
    fc.record({ kind: fc.constant("nudge"), by: fc.record({ x: coordinate, y: coordinate }) }),
    fc.record({ kind: fc.constant("mode"), mode: fc.constantFrom("points", "mask") }),
    fc.record({ kind: fc.constant("sample"), seed: fc.double({ noNaN: false }) }),
    fc.record({ kind: fc.constant("brush_scale"), factor: fc.double() }),
    fc.record({
      kind: fc.constant("command"),
      name: fc.constantFrom("run", "step", "stop", "undo", "redo", "reset", "clear_points"),
    }),
    fc.record({ kind: fc.constant("select_next"), backwards: fc.boolean() }),
    fc.record({ kind: fc.constant("jump"), entry: fc.nat(9) }),
    fc.record({ kind: fc.constant("film"), index: fc.option(fc.double()) }),
    fc.record({ kind: fc.constant("history"), open: fc.boolean() }),
    fc.constantFrom<Action>(
      { kind: "new_point" },
      { kind: "confirm" },
      { kind: "remove_selected" },
      { kind: "take" },
      { kind: "escape" },
      { kind: "gesture_cancel" },
      { kind: "pointer_leave" },
      { kind: "mask_invert" },
      { kind: "mask_clear" },
      { kind: "mask", mask: null },
      { kind: "silence" },
      { kind: "heard" },
    ),
  ) as fc.Arbitrary<Action>;

  test("keeps its promises whatever happens", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        let state = stateWith();
        for (const each of actions) {
          const next = reduce(deepFreeze(state), each);
          expect(next.shared.edit.rev).toBeGreaterThanOrEqual(state.shared.edit.rev);
          expect(next.shared.nextRid).toBeGreaterThanOrEqual(state.shared.nextRid);
          state = next;
          expectSound(state);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("leaves the kernel's part to one rule for both stores", () => {
    const state = withPairs();
    const silence = { kind: "silence" } as const;
    expect(reduce(state, silence).shared).toEqual(reduceKernel(state.shared, silence));
  });

  test("does not mutate on a whole gesture", () => {
    const state = deepFreeze(withPairs({ autoRun: true }));
    const next = [down(80, 40), move(90, 40), up(90, 40)].reduce(
      (before, each) => deepFreeze(reduce(before, each)),
      state,
    );
    expect(next.shared.pairs[0]?.target).toEqual({ x: 90, y: 40 });
  });
});

/** What holds in every state. */
function expectSound({ shared, view }: State): void {
  const { width, height } = shared.traits.imageSize;
  const ids = shared.pairs.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.max(0, ...ids)).toBeLessThanOrEqual(shared.highestId);
  const drafted = view.draft ? [view.draft.handle, view.draft.target ?? view.draft.handle] : [];
  for (const point of [
    ...shared.pairs.flatMap(({ handle, target }) => [handle, target]),
    ...drafted,
  ]) {
    expect(point.x >= 0 && point.x <= width - 1 && point.y >= 0 && point.y <= height - 1).toBe(
      true,
    );
  }
  expect(
    shared.edit.placed.every((id) => ids.includes(id) || shared.edit.rev <= shared.pointsRev),
  ).toBe(true);
  if (view.gesture.kind === "none") expect([shared.held, shared.painting]).toEqual([[], false]);
  expect(shared.mask === null || shared.mask.data.length === width * height).toBe(true);
}

/** Freezes all but bytes, which cannot be frozen. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
