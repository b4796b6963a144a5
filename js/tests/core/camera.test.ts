import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Camera,
  cssThrough,
  FIT,
  imageThrough,
  LARGEST_ZOOM,
  lensOf,
  looked,
  pictureAt,
  revealing,
  seenBox,
  stageAt,
} from "../../src/core/camera";

const IMAGE = { width: 128, height: 96 };
const STAGE = { width: 512, height: 384 };

const part = fc.double({ min: 0, max: 1, noNaN: true });
const place = fc.record({ x: part, y: part });
const factor = fc.double({ min: 0.2, max: 5, noNaN: true });
const looks = fc.array(fc.tuple(factor, place, place), { maxLength: 8 });
const afterwards = (path: [number, Camera["centre"], Camera["centre"]][]) =>
  path.reduce((camera, [times, from, to]) => looked(camera, times, from, to), FIT);

describe("a camera", () => {
  test("shows all of the picture at first", () => {
    expect(seenBox(FIT, IMAGE)).toEqual({ left: 0, top: 0, right: 128, bottom: 96 });
    expect(lensOf(FIT, STAGE, IMAGE)).toEqual({ scale: 4, origin: { x: 0, y: 0 } });
  });

  test("keeps what lies under the pointer where it is while it zooms", () => {
    const at = { x: 0.25, y: 0.6 };
    const near = looked(FIT, 3, at);
    expect(near.zoom).toBe(3);
    expect(pictureAt(near, at)).toEqual({ x: expect.closeTo(0.25), y: expect.closeTo(0.6) });
  });

  test("never shows anything beside the picture, nor goes closer than pixels need", () => {
    fc.assert(
      fc.property(looks, (path) => {
        const camera = afterwards(path);
        const { left, top, right, bottom } = seenBox(camera, { width: 1, height: 1 });
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(-1e-9);
        expect(Math.max(right, bottom)).toBeLessThanOrEqual(1 + 1e-9);
        expect(camera.zoom).toBeGreaterThanOrEqual(1);
        expect(camera.zoom).toBeLessThanOrEqual(LARGEST_ZOOM);
      }),
    );
  });

  test("is back at all of the picture when it has zoomed out", () => {
    fc.assert(
      fc.property(looks, place, (path, at) => {
        expect(looked(afterwards(path), 1 / LARGEST_ZOOM, at)).toEqual(FIT);
      }),
    );
  });

  test("takes the picture along", () => {
    const near = looked(FIT, 4, { x: 0.5, y: 0.5 });
    const moved = looked(near, 1, { x: 0.5, y: 0.5 }, { x: 0.7, y: 0.4 });
    expect(stageAt(moved, { x: 0.5, y: 0.5 })).toEqual({
      x: expect.closeTo(0.7),
      y: expect.closeTo(0.4),
    });
  });

  test("ignores a factor that is none", () => {
    for (const none of [0, -1, Number.NaN])
      expect(looked(FIT, none, { x: 0.2, y: 0.2 })).toEqual(FIT);
  });

  test("turns to a place only where that is out of sight or at the edge", () => {
    const near = looked(FIT, 8, { x: 0.5, y: 0.5 });
    expect(revealing(near, { x: 0.5, y: 0.5 }, 0.1)).toBe(near);
    const turned = revealing(near, { x: 0.9, y: 0.5 }, 0.1);
    expect(stageAt(turned, { x: 0.9, y: 0.5 }).x).toBeCloseTo(0.9);
    expect(turned.zoom).toBe(8);
    expect(revealing(near, { x: 0, y: 0 }, 0.1).centre).toEqual({ x: 1 / 16, y: 1 / 16 });
  });

  test("hands image pixels over and takes them back, to the hundredth, however near", () => {
    fc.assert(
      fc.property(looks, place, (path, at) => {
        const lens = lensOf(afterwards(path), STAGE, IMAGE);
        const point = { x: at.x * 127, y: at.y * 95 };
        const back = imageThrough(lens, cssThrough(lens, point));
        expect(back.x).toBeCloseTo(point.x, 6);
        expect(back.y).toBeCloseTo(point.y, 6);
      }),
    );
  });
});
