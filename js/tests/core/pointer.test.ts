import { describe, expect, test } from "vitest";
import { FIT, seenBox } from "../../src/core/camera";
import { removeCentre } from "../../src/core/geometry";
import { marksOf } from "../../src/core/points";
import { DRAFT_ID } from "../../src/core/state";
import { click, down, move, pair, play, SCALE, stateWith, toImage, told, up } from "../builders";

const PAIR = pair(1, [40, 40], [80, 40]);
const withPair = (traits = {}) => stateWith({ pairs: [PAIR] }, traits);

describe("placing a pair", () => {
  test("the first click is the handle, the second the target", () => {
    const one = play(stateWith(), ...click(20, 30));
    expect(one.view.draft).toEqual({ handle: { x: 20, y: 30 }, target: null });
    expect(one.shared.edit.rev).toBe(0);
    const two = play(one, ...click(60, 35));
    expect(two.view.draft).toBeNull();
    expect(two.shared.pairs).toEqual([pair(1, [20, 30], [60, 35])]);
    expect(two.shared.edit).toEqual({ rev: 1, placed: [1] });
    expect(two.shared.commands).toEqual([]);
  });

  test("press and pull sets both", () => {
    const pulled = play(stateWith(), down(20, 30), move(25, 30), move(60, 35));
    expect(pulled.view.draft).toEqual({ handle: { x: 20, y: 30 }, target: { x: 60, y: 35 } });
    expect(pulled.shared.pairs).toEqual([]);
    expect(play(pulled, up(62, 36)).shared.pairs).toEqual([pair(1, [20, 30], [62, 36])]);
  });

  test("a trembling finger places, it does not pull", () => {
    const tapped = play(
      stateWith(),
      down(20, 30, { touch: true }),
      move(21.5, 31, { touch: true }),
      up(21.5, 31, { touch: true }),
    );
    expect(tapped.view.draft).toEqual({ handle: { x: 20, y: 30 }, target: null });
  });

  test("a double click makes no pair of no length", () => {
    const twice = play(stateWith(), ...click(20, 30), ...click(20, 30), ...click(20.3, 30));
    expect(twice.shared.pairs).toEqual([]);
    expect(twice.view.draft).toEqual({ handle: { x: 20, y: 30 }, target: null });
  });

  test("a complete pair starts a run where pairs start at once", () => {
    const next = play(stateWith({}, { autoRun: true }), ...click(20, 30), ...click(60, 35));
    expect(next.shared.commands).toEqual([{ rid: 100, name: "run", args: {} }]);
    const more = play(next, ...click(20, 60), ...click(60, 65));
    expect(more.shared.pairs.length).toBe(2);
    expect(more.shared.commands.length).toBe(1);
  });

  test("a target may lie on another mark", () => {
    const next = play(withPair(), ...click(20, 30), ...click(80, 40));
    expect(next.shared.pairs).toEqual([PAIR, pair(2, [20, 30], [80, 40])]);
  });

  test("a target pulled beyond the picture stays at its edge", () => {
    const next = play(stateWith(), down(20, 30), move(300, -50), up(300, -50));
    expect(next.shared.pairs).toEqual([pair(1, [20, 30], [127, 0])]);
  });

  test("before the first picture nothing can be placed", () => {
    const blank = stateWith({ frame: null });
    expect(play(blank, ...click(20, 30)).view.draft).toBeNull();
  });
});

describe("moving a mark", () => {
  test("a target takes the run along, and keeps its distance to the pointer", () => {
    const held = play(withPair(), down(81, 41), move(90, 50));
    expect(held.shared.pairs[0]).toEqual(pair(1, [40, 40], [89, 49]));
    expect(held.shared.edit).toEqual({ rev: 1, placed: [] });
    expect(held.shared.held).toEqual([{ id: 1, part: "target" }]);
    const done = play(held, up(91, 51));
    expect(done.shared.pairs[0]).toEqual(pair(1, [40, 40], [90, 50]));
    expect(done.shared.held).toEqual([]);
  });

  test("a handle is told to the kernel once it is put down", () => {
    const held = play(withPair(), down(40, 40), move(50, 45));
    expect(held.shared.pairs[0]?.handle).toEqual({ x: 50, y: 45 });
    expect(held.shared.edit.rev).toBe(0);
    expect(play(held, up(50, 45)).shared.edit).toEqual({ rev: 1, placed: [1] });
  });

  test("a click on a mark only chooses it", () => {
    const next = play(withPair(), ...click(40.5, 40));
    expect(next.view.selection).toEqual({ id: 1, part: "handle" });
    expect(next.shared.edit.rev).toBe(0);
    expect(next.shared.held).toEqual([]);
  });

  test("a target that is moved while a run is on is taken along by it", () => {
    const running = withPair({ autoRun: true, running: true });
    const held = play(running, down(80, 40), move(90, 40));
    expect(held.shared.pulls).toEqual([]);
    expect(held.shared.edit.rev).toBe(1);
    const ended = play(held, told({ autoRun: true }, 1), move(91, 40));
    expect(ended.shared.pulls).toMatchObject([{ id: 1, at: { x: 91, y: 40 }, end: null }]);
  });

  test("a handle that is moved while a run is on is put down, and a run starts", () => {
    const running = withPair({ autoRun: true, running: true });
    const held = play(running, down(40, 40), move(50, 45), told({ autoRun: true }));
    const done = play(held, move(51, 45), up(52, 45));
    expect(done.shared.pulls).toEqual([]);
    expect(done.shared.edit).toEqual({ rev: 1, placed: [1] });
    expect(done.shared.commands.map(({ name }) => name)).toEqual(["run"]);
  });

  test("the handle of a half-made pair can be moved", () => {
    const next = play(stateWith(), ...click(20, 30), down(20, 30), move(30, 30), up(30, 30));
    expect(next.view.draft).toEqual({ handle: { x: 30, y: 30 }, target: null });
    expect(next.shared.edit.rev).toBe(0);
  });

  test("cancelled, everything is where it was", () => {
    const state = withPair();
    const handle = play(state, down(40, 40), move(50, 45), { kind: "gesture_cancel" });
    expect(handle.shared).toEqual(state.shared);
    const target = play(state, down(80, 40), move(90, 45), { kind: "escape" });
    expect(target.shared.pairs).toEqual([PAIR]);
    expect(target.shared.held).toEqual([]);
    expect(target.shared.edit.rev).toBe(2);
  });

  test("a pair that the kernel removed meanwhile does not come back", () => {
    const held = play(withPair(), down(40, 40), move(50, 45));
    const gone = play(held, { kind: "points", pairs: [], pointsRev: 0 }, move(55, 45), up(55, 45));
    expect(gone.shared.pairs).toEqual([]);
    expect(gone.shared.edit.rev).toBe(0);
    expect(gone.shared.held).toEqual([]);
  });
});

describe("removing a pair", () => {
  test("by the second button", () => {
    expect(play(withPair(), down(80, 40, { secondary: true })).shared.pairs).toEqual([]);
    const beside = play(withPair(), down(60, 70, { secondary: true }));
    expect(beside.shared.pairs).toEqual([PAIR]);
    expect(beside.view.draft).toBeNull();
  });

  test("by its cross, which the mouse shows by hovering and a finger by choosing", () => {
    const mark = marksOf([PAIR], null).find(({ grip }) => grip.part === "handle");
    if (!mark) throw new Error("expected a mark");
    const cross = toImage(
      removeCentre(mark, SCALE, seenBox(FIT, { width: 128, height: 96 })),
      SCALE,
    );
    const hovered = play(withPair(), move(40, 40), move(cross.x, cross.y));
    expect(hovered.view.hover?.kind).toBe("remove");
    expect(play(hovered, ...click(cross.x, cross.y)).shared.pairs).toEqual([]);
    const touched = play(
      withPair(),
      ...click(40, 40, { touch: true }),
      ...click(cross.x, cross.y, { touch: true }),
    );
    expect(touched.shared.pairs).toEqual([]);
  });

  test("a half-made pair is only forgotten", () => {
    const next = play(stateWith(), ...click(20, 30), down(20, 30, { secondary: true }));
    expect(next.view.draft).toBeNull();
    expect(next.shared.edit.rev).toBe(0);
  });
});

describe("hovering", () => {
  test("shows what a press would take", () => {
    expect(play(withPair(), move(41, 40)).view.hover).toEqual({
      kind: "grip",
      grip: { id: 1, part: "handle" },
    });
    expect(play(withPair(), move(60, 70)).view.hover).toBeNull();
  });

  test("shows only the half-made pair while a target is awaited", () => {
    const waiting = play(withPair(), ...click(20, 30));
    expect(play(waiting, move(41, 40)).view.hover).toBeNull();
    expect(play(waiting, move(20, 30)).view.hover?.grip.id).toBe(DRAFT_ID);
  });

  test("ends when the pointer leaves, unless it is pressed", () => {
    const gone = play(withPair(), move(41, 40), { kind: "pointer_leave" });
    expect(gone.view.hover).toBeNull();
    expect(gone.view.cursor).toBeNull();
    const pressed = play(withPair(), down(40, 40), { kind: "pointer_leave" });
    expect(pressed.view.gesture.kind).toBe("move");
  });
});

describe("painting the mask", () => {
  const masking = (view = {}) => stateWith({}, {}, { mode: "mask", ...view });
  const value = (state: ReturnType<typeof stateWith>, x: number, y: number) =>
    state.shared.mask?.data[y * 128 + x];

  test("the first stroke of the brush frees its part and fixes the rest", () => {
    const pressed = play(masking(), down(60, 40), move(70, 40));
    expect(pressed.shared.maskRev).toBe(0);
    expect(pressed.shared.painting).toBe(true);
    const done = play(pressed, up(70, 40));
    expect([value(done, 60, 40), value(done, 70, 40), value(done, 100, 80)]).toEqual([255, 255, 0]);
    expect(done.shared.maskRev).toBe(1);
    expect(done.shared.painting).toBe(false);
    expect(done.shared.pairs).toEqual([]);
  });

  test("the first stroke of the eraser fixes its part and leaves the rest free", () => {
    const erase = { brush: { kind: "erase", radiusPx: 4 } };
    const done = play(masking(erase), ...click(60, 40));
    expect([value(done, 60, 40), value(done, 70, 40)]).toEqual([0, 255]);
  });

  test("the second button erases with the brush", () => {
    const done = play(masking(), ...click(60, 40), ...click(60, 40, { secondary: true }));
    expect(done.shared.mask).toBeNull();
  });

  test("a mask in which nothing may move is no mask", () => {
    const painted = play(masking(), ...click(60, 40));
    const big = { brush: { kind: "erase", radiusPx: 200 } } as const;
    const erased = play({ ...painted, view: { ...painted.view, ...big } }, ...click(60, 40));
    expect(erased.shared.mask).toBeNull();
    expect(erased.shared.maskRev).toBe(2);
  });

  test("a cancelled stroke leaves no trace", () => {
    const painted = play(masking(), ...click(60, 40));
    const cancelled = play(painted, down(90, 80), move(100, 80), { kind: "escape" });
    expect(cancelled.shared).toEqual(painted.shared);
  });

  test("the kernel's mask waits while a stroke is drawn", () => {
    const pressed = play(masking(), down(60, 40));
    expect(play(pressed, { kind: "mask", mask: null }).shared.mask).not.toBeNull();
    expect(play(pressed, up(60, 40), { kind: "mask", mask: null }).shared.mask).toBeNull();
  });
});
