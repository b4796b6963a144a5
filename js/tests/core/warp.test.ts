import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distance, type Vec } from "../../src/core/geometry";
import {
  falloff,
  freedom,
  patchOf,
  pointShowing,
  resized,
  STEEPEST,
  shownPlace,
  type Warp,
  warpOf,
  warpPixels,
} from "../../src/core/warp";

const SIZE = { width: 128, height: 96 };

const point = fc.record({
  x: fc.double({ min: 0, max: 127, noNaN: true }),
  y: fc.double({ min: 0, max: 95, noNaN: true }),
});
const trust = fc.double({ min: 0, max: 1, noNaN: true });

function warped(from: Vec, to: Vec, believed = 1): Warp {
  const warp = warpOf(from, to, believed, SIZE);
  if (!warp) throw new Error("expected a warp");
  return warp;
}

describe("a warp", () => {
  test("shows the handle under the pointer", () => {
    const warp = warped({ x: 40, y: 40 }, { x: 45, y: 42 });
    expect(warp.to).toEqual({ x: 45, y: 42 });
    expect(shownPlace(warp, warp.to)).toEqual(warp.from);
    expect(distance(pointShowing(warp, warp.from), warp.to)).toBeLessThan(1e-3);
  });

  test("is none without a way, and goes half of it with half the trust", () => {
    expect(warpOf({ x: 4, y: 4 }, { x: 4.05, y: 4 }, 1, SIZE)).toBeNull();
    expect(warpOf({ x: 4, y: 4 }, { x: 9, y: 4 }, 0, SIZE)).toBeNull();
    expect(warped({ x: 4, y: 4 }, { x: 8, y: 4 }, 0.5).to).toEqual({ x: 6, y: 4 });
  });

  test("goes no further than a fifteenth of the picture, however far the pointer is", () => {
    fc.assert(
      fc.property(point, point, trust, (from, to, believed) => {
        const warp = warpOf(from, to, believed, SIZE);
        if (warp) expect(distance(warp.from, warp.to)).toBeLessThanOrEqual(96 / 15 + 1e-9);
      }),
    );
  });

  test("changes at most a tenth of the picture, so that it is drawn in no time", () => {
    fc.assert(
      fc.property(point, point, trust, (from, to, believed) => {
        const large = { width: 1024, height: 1024 };
        const times = ({ x, y }: Vec) => ({ x: 8 * x, y: 8 * y });
        const warp = warpOf(times(from), times(to), believed, large);
        if (!warp) return;
        const { width, height } = patchOf(warp, large);
        expect(width * height).toBeLessThanOrEqual(0.1 * large.width * large.height);
      }),
    );
  });

  test("leaves everything beyond its radius as it is", () => {
    fc.assert(
      fc.property(point, point, point, (from, to, other) => {
        const warp = warpOf(from, to, 1, SIZE);
        if (warp && distance(other, warp.to) >= warp.radiusPx) {
          expect(shownPlace(warp, other)).toEqual(other);
        }
      }),
    );
  });

  test("never folds: what lies on one side of another place stays there", () => {
    fc.assert(
      fc.property(point, point, point, point, (from, to, a, b) => {
        const warp = warpOf(from, to, 1, SIZE);
        if (!warp || distance(a, b) < 1e-6) return;
        const seenA = shownPlace(warp, a);
        const seenB = shownPlace(warp, b);
        const along = (seenB.x - seenA.x) * (b.x - a.x) + (seenB.y - seenA.y) * (b.y - a.y);
        const kept = 1 - (STEEPEST * distance(warp.from, warp.to)) / warp.radiusPx;
        expect(kept).toBeGreaterThan(0.3);
        expect(along).toBeGreaterThanOrEqual(kept * distance(a, b) ** 2 - 1e-9);
      }),
    );
  });

  test("is undone by its inverse", () => {
    fc.assert(
      fc.property(point, point, point, (from, to, other) => {
        const warp = warpOf(from, to, 1, SIZE);
        if (warp)
          expect(distance(shownPlace(warp, pointShowing(warp, other)), other)).toBeLessThan(1e-3);
      }),
    );
  });

  test("falls off smoothly and no steeper than is said", () => {
    expect([falloff(0), falloff(1), falloff(3)]).toEqual([1, 0, 0]);
    for (let radii = 0; radii < 1.2; radii += 0.01) {
      const slope = (falloff(radii) - falloff(radii + 1e-4)) / 1e-4;
      expect(slope).toBeGreaterThanOrEqual(0);
      expect(slope).toBeLessThanOrEqual(STEEPEST + 1e-6);
    }
  });

  test("of a picture with half the pixels is half as large, about the same places", () => {
    const half = resized(warped({ x: 40.5, y: 40.5 }, { x: 44.5, y: 40.5 }), 0.5);
    expect(half).toEqual({ from: { x: 20, y: 20 }, to: { x: 22, y: 20 }, radiusPx: 6 });
  });
});

describe("warped pixels", () => {
  const draw = (warp: Warp, colour: (x: number, y: number) => number) => {
    const patch = patchOf(warp, SIZE);
    const { left, top, width, height } = patch;
    const source = Uint32Array.from({ length: width * height }, (_, index) =>
      colour(left + (index % width), top + Math.floor(index / width)),
    );
    const target = new Uint32Array(source.length);
    warpPixels(warp, patch, source, target);
    const at = (x: number, y: number) => target[(y - top) * width + x - left] ?? 0;
    return { patch, at };
  };

  test("show at each point what lies at its place", () => {
    const warp = warped({ x: 60, y: 50 }, { x: 65, y: 47 });
    // Red grows by 2 a column and green by 2 a row, so that a colour says where it is from.
    const { at, patch } = draw(warp, (x, y) => 0xff000000 | ((y * 2) << 8) | (x * 2));
    for (let y = patch.top; y < patch.top + patch.height; y++) {
      for (let x = patch.left; x < patch.left + patch.width; x++) {
        const seen = shownPlace(warp, { x, y });
        const colour = at(x, y);
        expect(Math.abs((colour & 0xff) - 2 * seen.x)).toBeLessThanOrEqual(2);
        expect(Math.abs(((colour >>> 8) & 0xff) - 2 * seen.y)).toBeLessThanOrEqual(2);
        expect(colour >>> 24).toBe(255);
      }
    }
  });

  test("keep a plain picture plain, in every byte", () => {
    const { at } = draw(warped({ x: 60, y: 50 }, { x: 63.3, y: 51.7 }), () => 0xfffe0180);
    expect(at(62, 50)).toBe(0xfffe0180);
  });

  test("stay where they may not move", () => {
    const warp = warped({ x: 60, y: 50 }, { x: 65, y: 50 });
    const patch = patchOf(warp, SIZE);
    const mask = {
      width: 128,
      height: 96,
      data: Uint8Array.from({ length: 128 * 96 }, (_, index) => (index % 128 < 62 ? 0 : 255)),
    };
    const free = freedom(mask, patch, 1);
    const source = Uint32Array.from(free, (_, index) => patch.left + (index % patch.width));
    const target = new Uint32Array(source.length);
    warpPixels(warp, patch, source, target, free);
    const row = (50 - patch.top) * patch.width - patch.left;
    expect([58, 60, 61].map((x) => target[row + x])).toEqual([58, 60, 61]);
    expect(target[row + 65]).toBe(60);
    const half = freedom(mask, { left: 30, top: 0, width: 2, height: 1 }, 0.5);
    expect([...half]).toEqual([0, 255]);
  });

  test("go on at the rim of the picture as on it", () => {
    const { at, patch } = draw(warped({ x: 1, y: 1 }, { x: 6, y: 5 }), (x) => (x === 0 ? 10 : 20));
    expect([patch.left, patch.top]).toEqual([0, 0]);
    expect(at(0, 0)).toBe(10);
    expect(at(2, 2)).toBeGreaterThanOrEqual(10);
  });
});
