import { describe, expect, test } from "vitest";
import { FIT, looked } from "../../src/core/camera";
import { captionOf, cursorOf } from "../../src/core/caption";
import { sightInWords } from "../../src/core/sight";
import { Trail } from "../../src/core/trail";
import type { Action } from "../../src/core/types";
import { click, down, frameOf, move, pair, play, stateWith, up } from "../builders";

const PAIR = pair(1, [40, 40], [80, 40]);
const withPair = (traits = {}) => stateWith({ pairs: [PAIR] }, traits);
const NEAR = looked(FIT, 8, { x: 0.5, y: 0.5 });

const look = (factor: number, from = { x: 0.5, y: 0.5 }, to = from): Action => ({
  kind: "look",
  factor,
  from,
  to,
});

describe("looking", () => {
  test("zooms by key at the pointer, or at the chosen mark, or in the middle", () => {
    const zoom: Action = { kind: "zoom", factor: 2 };
    expect(play(withPair(), zoom).view.camera.centre).toEqual({ x: 0.5, y: 0.5 });
    expect(play(withPair(), move(0, 0), zoom).view.camera.centre.x).toBeCloseTo(0.252, 3);
    const chosen = play(withPair(), { kind: "select_next", backwards: false }, zoom);
    expect(chosen.view.camera.centre.x).toBeLessThan(0.5);
    expect(play(chosen, { kind: "fit" }).view.camera).toEqual(FIT);
  });

  test("waits for the first picture", () => {
    const blank = stateWith({ frame: null });
    expect(play(blank, look(3), { kind: "pan_start" }).view).toEqual(blank.view);
  });

  test("takes back what a first finger has begun when a second makes it a pinch", () => {
    const touch = { touch: true };
    const begun = play(stateWith({}, { autoRun: true }), down(20, 30, touch));
    expect(begun.view.draft).not.toBeNull();
    const pinch = play(begun, { kind: "pan_start" }, look(2), move(60, 60, touch));
    expect(pinch.view).toMatchObject({ draft: null, selection: null, gesture: { kind: "pan" } });
    expect(pinch.shared).toEqual(begun.shared);
    const after = play(pinch, up(60, 60, touch), { kind: "pan_end" });
    expect(after.view.gesture.kind).toBe("none");
    expect(after.shared.pairs).toEqual([]);
  });

  test("goes along with a mark that a key moves out of sight", () => {
    const near = stateWith({ pairs: [PAIR] }, {}, { camera: NEAR });
    const chosen = play(near, { kind: "select_next", backwards: false });
    expect(chosen.view.camera).not.toEqual(NEAR);
    const moved = play(chosen, { kind: "nudge", by: { x: -10, y: 0 } });
    expect(moved.view.camera.centre.x).toBeLessThan(chosen.view.camera.centre.x);
  });

  test("moves by arrow keys while no mark is chosen", () => {
    const near = stateWith({}, {}, { camera: NEAR });
    const aside = play(near, { kind: "nudge", by: { x: 1, y: 0 } });
    expect(aside.view.camera.centre.x).toBeCloseTo(0.5 + 0.1 / 8);
    expect(play(aside, { kind: "nudge", by: { x: 0, y: -10 } }).view.camera.centre.y).toBeCloseTo(
      0.5 - 0.4 / 8,
    );
  });

  test("leaves points as finely placed as the pointer is", () => {
    const near = stateWith({}, {}, { camera: NEAR });
    expect(play(near, ...click(20.37, 30.12)).view.draft?.handle).toEqual({ x: 20.37, y: 30.12 });
  });
});

describe("comparing", () => {
  test("shows the start while it is held, and lets no key stick", () => {
    const held = play(stateWith(), { kind: "compare_hold", on: true });
    expect(held.view.compare.held).toBe(true);
    expect(play(held, { kind: "compare_hold", on: false }).view.compare.held).toBe(false);
    const blank = stateWith({ frame: null });
    expect(play(blank, { kind: "compare_hold", on: true }).view.compare.held).toBe(false);
  });

  test("keeps the divider on the stage, and ends by Escape", () => {
    const split = play(
      stateWith(),
      { kind: "compare_split", on: true },
      { kind: "divider", at: 2 },
    );
    expect(split.view.compare).toEqual({ held: false, split: true, divider: 0.98 });
    expect(play(split, { kind: "escape" }).view.compare.split).toBe(false);
  });
});

describe("the caption and the pointer", () => {
  const said = (state: ReturnType<typeof stateWith>) => [captionOf(state)?.text, cursorOf(state)];
  const pin: Action = { kind: "modifier", modifier: "pin" };
  const pan: Action = { kind: "modifier", modifier: "pan" };
  const live = (...pairs: (typeof PAIR)[]) => stateWith({ pairs }, { autoRun: true });

  test("say what a press would do", () => {
    expect(said(play(live(), move(20, 30)))).toEqual(["pull: the picture follows", "place"]);
    expect(said(play(stateWith(), move(20, 30)))).toEqual(["click: hold this place", "place"]);
    expect(said(play(live(PAIR), move(80, 40)))).toEqual(["drag the target", "take"]);
    expect(said(play(live(PAIR), move(40, 40)))).toEqual(["pull on", "take"]);
    expect(said(play(withPair(), move(40, 40)))).toEqual(["drag the handle", "take"]);
    expect(said(play(live(PAIR), move(40, 40), move(55, 25)))[0]).not.toBe("pull on");
    expect(said(play(live(), move(20, 30), pin))).toEqual(["click: pin this place", "pin"]);
    expect(said(play(live(), move(20, 30), pan))).toEqual(["drag: the picture moves", "pan"]);
    const drafted = play(stateWith(), ...click(20, 30), move(60, 60));
    expect(said(drafted)).toEqual(["click: it goes here", "aim"]);
    const masking = stateWith({}, {}, { mode: "mask" });
    expect(said(play(masking, move(20, 30)))).toEqual(["paint: this may move", "brush"]);
  });

  test("say what the removing cross does", () => {
    const near = play(live(PAIR), move(40, 40));
    const crossed = [25, 26, 27, 28, 29]
      .flatMap((y) => [34, 35, 36, 37, 38, 42, 43, 44].map((x) => play(near, move(x + 0.5, y + 8))))
      .find(({ view }) => view.hover?.kind === "remove");
    expect(crossed && said(crossed)).toEqual(["click: remove", "remove"]);
  });

  test("say nothing to a finger, nor while something is pressed or compared", () => {
    expect(captionOf(play(live(), move(20, 30, { touch: true })))).toBeNull();
    expect(captionOf(play(live(), move(20, 30), down(20, 30)))).toBeNull();
    expect(captionOf(play(live(), move(20, 30), { kind: "compare_hold", on: true }))).toBeNull();
    expect(cursorOf(play(live(), { kind: "pan_start" }))).toBe("panning");
  });
});

test("what is looked at is told to who listens", () => {
  const said = (...actions: Action[]) => sightInWords(play(stateWith(), ...actions).view);
  expect(said()).toBe("All of the picture");
  expect(said(look(2.84))).toBe("Zoomed 2.8×");
  expect(said(look(11.6))).toBe("Zoomed 12×");
  expect(said({ kind: "compare_split", on: true })).toBe("The start and now side by side");
  expect(said({ kind: "compare_hold", on: true })).toBe("The picture at the start");
});

describe("the trail of a pull", () => {
  test("knows which place a frame follows", () => {
    const trail = new Trail();
    trail.tell(1, 7, { x: 1, y: 1 });
    trail.tell(2, 7, { x: 2, y: 1 });
    expect(trail.mark({ ...frameOf(1), pull: 2 }).follows).toEqual({ id: 7, at: { x: 2, y: 1 } });
    expect(trail.mark({ ...frameOf(2), pull: 1 }).follows).toBeUndefined();
    expect(trail.mark({ ...frameOf(3), pull: 2 }).follows?.id).toBe(7);
    expect(trail.mark({ ...frameOf(4), pull: 9 }).follows).toBeUndefined();
  });
});
