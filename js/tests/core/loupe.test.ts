import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distance } from "../../src/core/geometry";
import { LOUPE_RADIUS_PX, loupeCentre } from "../../src/core/loupe";

const PHONE = { width: 300, height: 300 };

describe("the magnifier", () => {
  test("stands above the finger", () => {
    const centre = loupeCentre({ x: 150, y: 250 }, PHONE);
    expect(centre.x).toBe(150);
    expect(centre.y).toBeLessThan(250 - LOUPE_RADIUS_PX);
  });

  test("moves aside at the edges", () => {
    expect(loupeCentre({ x: 2, y: 250 }, PHONE).x).toBeGreaterThanOrEqual(LOUPE_RADIUS_PX);
    expect(loupeCentre({ x: 298, y: 250 }, PHONE).x).toBeLessThanOrEqual(300 - LOUPE_RADIUS_PX);
  });

  test("swings to the roomier side near the top", () => {
    const left = loupeCentre({ x: 60, y: 20 }, PHONE);
    expect(left.x).toBeGreaterThan(60 + LOUPE_RADIUS_PX);
    expect(loupeCentre({ x: 240, y: 20 }, PHONE).x).toBeLessThan(240 - LOUPE_RADIUS_PX);
  });

  test("goes below where neither side has room", () => {
    const centre = loupeCentre({ x: 70, y: 5 }, { width: 140, height: 400 });
    expect(centre.y).toBeGreaterThan(5 + LOUPE_RADIUS_PX);
  });

  test("stays on the stage and off the finger, wherever that is", () => {
    const at = fc.double({ min: 0, max: 300, noNaN: true });
    fc.assert(
      fc.property(at, at, (x, y) => {
        const centre = loupeCentre({ x, y }, PHONE);
        expect(distance(centre, { x, y })).toBeGreaterThan(LOUPE_RADIUS_PX);
        for (const each of [centre.x, centre.y]) {
          expect(each).toBeGreaterThanOrEqual(LOUPE_RADIUS_PX);
          expect(each).toBeLessThanOrEqual(300 - LOUPE_RADIUS_PX);
        }
      }),
    );
  });
});
