import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filledLoop, withCorner } from "../../src/core/lasso";
import { filledMask, type Mask } from "../../src/core/mask";

const SIZE = { width: 9, height: 7 };
const corners = (...points: [number, number][]) => points.map(([x, y]) => ({ x, y }));
const rows = (mask: Mask) =>
  Array.from({ length: mask.height }, (_, y) =>
    [...mask.data.subarray(y * mask.width, (y + 1) * mask.width)]
      .map((value) => (value ? "#" : "."))
      .join(""),
  );

describe("a loop", () => {
  test("is filled where it goes around the centres of pixels", () => {
    const box = corners([1.5, 1.5], [5.5, 1.5], [5.5, 4.5], [1.5, 4.5]);
    expect(rows(filledLoop(filledMask(SIZE, 0), box, 255))).toEqual([
      ".........",
      ".........",
      "..####...",
      "..####...",
      "..####...",
      ".........",
      ".........",
    ]);
  });

  test("takes away what it goes around, and reaches beyond the picture", () => {
    const right = corners([4.5, -9], [99, -9], [99, 99], [4.5, 99]);
    expect(rows(filledLoop(filledMask(SIZE, 255), right, 0))).toEqual(
      Array.from({ length: 7 }, () => "#####...."),
    );
  });

  test("fills both sides of an eight, and what it goes around twice", () => {
    const eight = corners([0, 0], [8, 6], [8, 0], [0, 6]);
    const filled = rows(filledLoop(filledMask(SIZE, 0), eight, 255));
    expect([filled[3]?.[1], filled[3]?.[7], filled[0]?.[4]]).toEqual(["#", "#", "."]);
    const twice = corners([1, 1], [6, 1], [6, 5], [1, 5], [1, 1], [6, 1], [6, 5], [1, 5]);
    const once = twice.slice(0, 4);
    expect(filledLoop(filledMask(SIZE, 0), twice, 255)).toEqual(
      filledLoop(filledMask(SIZE, 0), once, 255),
    );
  });

  test("that goes around nothing leaves the mask as it is", () => {
    const mask = filledMask(SIZE, 0);
    expect(filledLoop(mask, corners([1, 1], [5, 5]), 255)).toBe(mask);
    expect(filledLoop(mask, corners([1.2, 1.2], [1.4, 1.2], [1.3, 1.4]), 255)).toBe(mask);
    expect(filledLoop(mask, corners([1, 1], [4, 4.001], [6, 6]), 255)).toBe(mask);
    expect(filledLoop(mask, corners([-5, 1], [-2, 1], [-2, 4]), 255)).toBe(mask);
  });

  test("gets a corner only where it has gone on", () => {
    const loop = corners([1, 1]);
    expect(withCorner(loop, { x: 1.2, y: 1 }, 0.5)).toBe(loop);
    expect(withCorner(loop, { x: 2, y: 1 }, 0.5)).toEqual(corners([1, 1], [2, 1]));
  });

  test("never changes the mask before, nor fills beyond its own box", () => {
    const coordinate = fc.integer({ min: -32, max: 96 }).map((eighths) => eighths / 8);
    const point = fc.record({ x: coordinate, y: coordinate });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 12 }), (loop) => {
        const mask = filledMask(SIZE, 0);
        const filled = filledLoop(mask, loop, 255);
        expect(mask.data.every((value) => value === 0)).toBe(true);
        filled.data.forEach((value, index) => {
          if (value === 0) return;
          const [x, y] = [index % 9, Math.floor(index / 9)];
          expect(x).toBeGreaterThanOrEqual(Math.min(...loop.map((each) => each.x)));
          expect(x).toBeLessThanOrEqual(Math.max(...loop.map((each) => each.x)));
          expect(y).toBeGreaterThanOrEqual(Math.min(...loop.map((each) => each.y)));
          expect(y).toBeLessThanOrEqual(Math.max(...loop.map((each) => each.y)));
        });
      }),
    );
  });
});
