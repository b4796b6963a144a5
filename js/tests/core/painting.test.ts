import { describe, expect, test } from "vitest";
import { veilStrength } from "../../src/core/painting";
import type { State } from "../../src/core/types";
import { down, move, pair, play, stateWith, up } from "../builders";

const PAIR = pair(1, [40, 40], [80, 40]);
const masking = (kind: "paint" | "erase" | "lasso") =>
  stateWith({}, {}, { mode: "mask", brush: { kind, radiusPx: 3 } });
const at = (state: State, x: number, y: number) => state.shared.mask?.data[y * 128 + x];
const AROUND = [down(20, 20), move(60, 20), move(60, 60), move(20, 60)];

describe("the lasso", () => {
  test("frees what it goes around once it is let go, as one change", () => {
    const drawn = play(masking("lasso"), ...AROUND);
    expect(drawn.view.gesture).toMatchObject({ kind: "lasso", value: 255 });
    expect(drawn.shared.mask).toBeNull();
    const done = play(drawn, up(20, 60));
    expect([at(done, 40, 40), at(done, 10, 40), at(done, 40, 70)]).toEqual([255, 0, 0]);
    expect(done.shared.maskRev).toBe(1);
    expect(done.view.gesture.kind).toBe("none");
  });

  test("with the second button takes away, from a free picture too", () => {
    const [, ...rest] = AROUND;
    const done = play(masking("lasso"), down(20, 20, { secondary: true }), ...rest, up(20, 60));
    expect([at(done, 40, 40), at(done, 10, 40)]).toEqual([0, 255]);
  });

  test("that was cancelled, or only clicked, changes nothing", () => {
    const before = masking("lasso");
    expect(play(before, ...AROUND, { kind: "escape" }).shared).toBe(before.shared);
    expect(play(before, down(20, 20), up(20, 20)).shared).toBe(before.shared);
  });
});

describe("the brush", () => {
  test("erases while the eraser is chosen, and paints with it and the second button", () => {
    const erased = play(masking("erase"), down(40, 40), up(40, 40));
    expect([at(erased, 40, 40), at(erased, 10, 40)]).toEqual([0, 255]);
    const painted = play(masking("erase"), down(40, 40, { secondary: true }), up(40, 40));
    expect([at(painted, 40, 40), at(painted, 10, 40)]).toEqual([255, 0]);
  });

  test("shows a new size until that was seen", () => {
    const sized = play(masking("paint"), { kind: "brush_scale", factor: 2 });
    expect(sized.view).toMatchObject({ brush: { radiusPx: 6 }, brushShown: true });
    expect(play(sized, { kind: "brush_seen" }).view.brushShown).toBe(false);
  });
});

test("the veil is light while the picture moves, and strong while the mask is painted", () => {
  expect(veilStrength(stateWith({ pairs: [PAIR] }))).toBe(1);
  expect(veilStrength(stateWith({ pairs: [PAIR] }, { running: true }))).toBeLessThan(0.5);
  expect(veilStrength(stateWith({}, { running: true }, { mode: "mask" }))).toBe(1);
});
