import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MOST_OFFERED, offered, PAGE, placeAfter, seedAt, withMore } from "../../src/core/gallery";

describe("the offer of seeds", () => {
  test("counts from 0, with the present seed first where it is not among them", () => {
    expect(offered(4, 0, 2)).toEqual([0, 1, 2, 3]);
    expect(offered(4, 0, 77)).toEqual([77, 0, 1, 2]);
  });

  test("is another one for each shuffle, of short seeds without repetition", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99990 }), (shuffle) => {
        const seeds = offered(MOST_OFFERED, shuffle, 123456);
        expect(new Set(seeds).size).toBe(MOST_OFFERED);
        expect(seeds.slice(1).every((seed) => seed >= 0 && seed < 100000)).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(seedAt(0, 5)).not.toBe(seedAt(0, 6));
  });

  test("grows by a page without repetition, up to a limit", () => {
    let seeds: readonly number[] = offered(PAGE, 0, 40);
    const longer = withMore(seeds, 0);
    expect(longer.slice(0, PAGE)).toEqual(seeds);
    expect(longer.length).toBe(2 * PAGE);
    while (withMore(seeds, 7) !== seeds) seeds = withMore(seeds, 7);
    expect(seeds.length).toBe(MOST_OFFERED);
    expect(new Set(seeds).size).toBe(MOST_OFFERED);
  });
});

describe("a key in a grid of 5 columns and 13 cells", () => {
  test.each([
    [0, "ArrowLeft", 0],
    [0, "ArrowRight", 1],
    [4, "ArrowRight", 5],
    [12, "ArrowRight", 12],
    [1, "ArrowDown", 6],
    [9, "ArrowDown", 12],
    [12, "ArrowDown", 12],
    [7, "ArrowUp", 2],
    [2, "ArrowUp", 2],
    [12, "PageUp", 2],
    [7, "PageUp", 2],
    [1, "PageDown", 11],
    [4, "PageDown", 12],
    [7, "Home", 0],
    [7, "End", 12],
  ])("from %d %s leads to %d", (from, key, to) => {
    expect(placeAfter(from, key, 5, 13, 2)).toBe(to);
  });

  test("that means nothing there leads nowhere", () => {
    expect(placeAfter(3, "a", 5, 13, 2)).toBeNull();
    expect(placeAfter(3, "toString", 5, 13, 2)).toBeNull();
  });
});
