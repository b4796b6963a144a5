import { expect, test } from "vitest";
import { filledMask, inverted, isEmpty, type Mask, stroke } from "../../src/core/mask";

const SIZE = { width: 9, height: 7 };
const rows = (mask: Mask) =>
  Array.from({ length: mask.height }, (_, y) =>
    [...mask.data.subarray(y * mask.width, (y + 1) * mask.width)]
      .map((value) => (value ? "#" : "."))
      .join(""),
  );

test("a dab is a disc of the brush radius", () => {
  const mask = stroke(filledMask(SIZE, 0), { x: 4, y: 3 }, { x: 4, y: 3 }, 2, 255);
  expect(rows(mask)).toEqual([
    ".........",
    "....#....",
    "...###...",
    "..#####..",
    "...###...",
    "....#....",
    ".........",
  ]);
});

test("a stroke leaves no gap between two distant points", () => {
  const mask = stroke(filledMask(SIZE, 0), { x: 0, y: 0 }, { x: 8, y: 6 }, 1, 255);
  expect(rows(mask).every((row) => row.includes("#"))).toBe(true);
  expect(rows(mask)[3]).toBe("...###...");
});

test("the thinnest brush still paints the pixel under it", () => {
  const mask = stroke(filledMask(SIZE, 0), { x: 4.4, y: 3.4 }, { x: 4.4, y: 3.4 }, 0.1, 255);
  expect(rows(mask)[3]).toBe("....#....");
});

test("erasing takes away what the brush covers", () => {
  const mask = stroke(filledMask(SIZE, 255), { x: 0, y: 3 }, { x: 8, y: 3 }, 1, 0);
  expect(rows(mask)).toEqual([
    "#########",
    "#########",
    ".........",
    ".........",
    ".........",
    "#########",
    "#########",
  ]);
});

test("a stroke beyond the picture paints nothing there and does not throw", () => {
  const mask = stroke(filledMask(SIZE, 0), { x: -50, y: -50 }, { x: -20, y: 3 }, 3, 255);
  expect(isEmpty(mask)).toBe(true);
});

test("a stroke leaves the mask before it as it was", () => {
  const before = filledMask(SIZE, 0);
  stroke(before, { x: 4, y: 3 }, { x: 4, y: 3 }, 2, 255);
  expect(isEmpty(before)).toBe(true);
});

test("inverting twice gives the same mask", () => {
  const mask = stroke(filledMask(SIZE, 0), { x: 4, y: 3 }, { x: 4, y: 3 }, 2, 255);
  expect(rows(inverted(mask))[3]).toBe("##.....##");
  expect(inverted(inverted(mask))).toEqual(mask);
});
