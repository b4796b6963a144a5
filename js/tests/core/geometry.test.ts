import { describe, expect, test } from "vitest";
import { FIT, seenBox } from "../../src/core/camera";
import {
  clampToImage,
  type Grip,
  hitTest,
  type Mark,
  removeCentre,
  toCss,
} from "../../src/core/geometry";
import { marksOf } from "../../src/core/points";
import { pair, SCALE, toImage } from "../builders";

const SIZE = { width: 128, height: 96 };
const SEEN = seenBox(FIT, SIZE);
const pointer = (x: number, y: number, touch = false) => ({ at: { x, y }, scale: SCALE, touch });
const grip = (id: number, part: Grip["part"]) => ({ kind: "grip", grip: { id, part } });
const MARKS = marksOf([pair(1, [40, 40], [80, 40])], null);

describe("the view transform", () => {
  test("puts the centre of pixel 0 half a pixel inside the picture", () => {
    expect(toCss({ x: 0, y: 0 }, 4)).toEqual({ x: 2, y: 2 });
    expect(toImage({ x: 512, y: 384 }, 4)).toEqual({ x: 127.5, y: 95.5 });
  });

  test("is undone by its inverse", () => {
    const there = toCss({ x: 12.25, y: 70.5 }, 3.7);
    expect(toImage(there, 3.7).x).toBeCloseTo(12.25, 12);
    expect(toImage(there, 3.7).y).toBeCloseTo(70.5, 12);
  });
});

describe("clamping to the picture", () => {
  test("keeps points between the first and the last pixel centre, to a hundredth", () => {
    expect(clampToImage({ x: -3, y: 400 }, SIZE)).toEqual({ x: 0, y: 95 });
    expect(clampToImage({ x: 1 / 3, y: 2 }, SIZE)).toEqual({ x: 0.33, y: 2 });
  });

  test("turns what is no number into the edge", () => {
    expect(clampToImage({ x: Number.NaN, y: Number.POSITIVE_INFINITY }, SIZE)).toEqual({
      x: 0,
      y: 0,
    });
  });
});

describe("the hit test", () => {
  test("takes the nearest mark within reach", () => {
    expect(hitTest(MARKS, pointer(41, 40), SEEN, null)).toEqual(grip(1, "handle"));
    expect(hitTest(MARKS, pointer(78, 41), SEEN, null)).toEqual(grip(1, "target"));
    expect(hitTest(MARKS, pointer(60, 40), SEEN, null)).toBeNull();
  });

  test("reaches further for a finger than for a mouse", () => {
    const off = 40 + 18 / SCALE;
    expect(hitTest(MARKS, pointer(off, 40), SEEN, null)).toBeNull();
    expect(hitTest(MARKS, pointer(off, 40, true), SEEN, null)).toEqual(grip(1, "handle"));
  });

  test("reaches as far on a small picture as on a large one", () => {
    const small = { at: { x: 40 + 10, y: 40 }, scale: 1, touch: false };
    expect(hitTest(MARKS, small, SEEN, null)).toEqual(grip(1, "handle"));
  });

  test("takes the target where a handle has arrived, so that the pair is dragged on", () => {
    const arrived = marksOf([pair(1, [80.4, 40], [80, 40])], null);
    expect(hitTest(arrived, pointer(80.4, 40), SEEN, null)).toEqual(grip(1, "target"));
  });

  test("finds the removing cross of the marked point only while it is shown", () => {
    const handle = MARKS.find((mark) => mark.grip.part === "handle") as Mark;
    const cross = toImage(removeCentre(handle, SCALE, SEEN), SCALE);
    expect(hitTest(MARKS, pointer(cross.x, cross.y), SEEN, handle.grip)).toEqual({
      kind: "remove",
      grip: handle.grip,
    });
    expect(hitTest(MARKS, pointer(cross.x, cross.y), SEEN, null)).toBeNull();
  });
});

describe("the removing cross", () => {
  const centre = (x: number, y: number, partner: [number, number] | null) => {
    const other = partner && { x: partner[0], y: partner[1] };
    const at = { x, y };
    const place = removeCentre(
      { grip: { id: 1, part: "handle" }, at, partner: other },
      SCALE,
      SEEN,
    );
    return { right: place.x > toCss(at, SCALE).x, below: place.y > toCss(at, SCALE).y, place };
  };

  test("stays off the arrow", () => {
    expect(centre(60, 40, [90, 30]).right).toBe(false);
    expect(centre(60, 40, [30, 30]).right).toBe(true);
  });

  test.each([
    [0, 0],
    [127, 0],
    [0, 95],
    [127, 95],
  ])("lies inside the picture for a mark in the corner %i, %i", (x, y) => {
    const { place } = centre(x, y, [64, 48]);
    expect(place.x).toBeGreaterThanOrEqual(8);
    expect(place.y).toBeGreaterThanOrEqual(8);
    expect(place.x).toBeLessThanOrEqual(SIZE.width * SCALE - 8);
    expect(place.y).toBeLessThanOrEqual(SIZE.height * SCALE - 8);
  });
});
