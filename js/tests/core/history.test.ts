import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHistory, type HistoryEntry, placesOf, wayTo } from "../../src/core/history";

const entry = (id: number, parent: number): HistoryEntry => ({ id, parent, words: `entry ${id}` });
const lanesOf = (entries: readonly HistoryEntry[]) =>
  [...placesOf(entries).values()].map(({ lane }) => lane);

/** Histories as the kernel sends them: ids grow, some are missing, and each has an earlier parent. */
const trees = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), back: fc.nat() }), { maxLength: 40 })
  .map((steps) => {
    const entries = [entry(1, 0)];
    for (const { gap, back } of steps) {
      const parent = entries[entries.length - 1 - (back % entries.length)]?.id ?? 1;
      entries.push(entry((entries.at(-1)?.id ?? 0) + gap, parent));
    }
    return entries;
  });

describe("the kernel's list", () => {
  test("is read once", () => {
    const list = [
      [1, 0, "Seed 3"],
      [4, 1, "Drag of 1 point"],
    ];
    const entries = decodeHistory(list);
    expect(entries?.[1]).toEqual({ id: 4, parent: 1, words: "Drag of 1 point" });
    expect(decodeHistory(list)).toBe(entries);
    expect(decodeHistory([])).toEqual([]);
  });

  test.each([
    [null],
    ["[]"],
    [[[1, 0]]],
    [[[0, 0, "a"]]],
    [[[1, 0, 3]]],
    [[[1, 2, "a"]]],
    [
      [
        [1, 0, "a"],
        [1, 1, "b"],
      ],
    ],
    [
      [
        [1, 0, "a"],
        [2, 0, "b"],
      ],
    ],
    [
      [
        [1, 0, "a"],
        [2, 3, "b"],
        [3, 1, "c"],
      ],
    ],
  ])("is refused where it is no tree: %j", (value) => {
    expect(decodeHistory(value)).toBeNull();
  });
});

describe("the way to an entry", () => {
  const entries = [entry(1, 0), entry(2, 1), entry(5, 2), entry(6, 1)];

  test("goes from the first to it", () => {
    expect([...wayTo(entries, 5)].sort()).toEqual([1, 2, 5]);
    expect([...wayTo(entries, 6)].sort()).toEqual([1, 6]);
  });

  test("is empty for one that is not there", () => {
    expect(wayTo(entries, 9).size).toBe(0);
  });
});

describe("lanes", () => {
  test("a history without branches has one", () => {
    expect(lanesOf([entry(1, 0), entry(2, 1), entry(3, 2)])).toEqual([0, 0, 0]);
    expect(lanesOf([])).toEqual([]);
  });

  test("a branch has its own, which is used again once it has ended", () => {
    expect(lanesOf([entry(1, 0), entry(2, 1), entry(3, 1), entry(4, 3)])).toEqual([0, 0, 1, 1]);
    const again = [entry(1, 0), entry(2, 1), entry(3, 1), entry(4, 2), entry(5, 4), entry(6, 4)];
    // Entry 4 goes on in the lane of 2, in which nothing has come since; 6 finds that of 3 free.
    expect(lanesOf(again)).toEqual([0, 0, 1, 0, 0, 1]);
  });

  test("no line runs through an entry that is not on it, and no two lines lie on each other", () => {
    fc.assert(
      fc.property(trees, (entries) => {
        const places = placesOf(entries);
        const taken = new Map<string, number>();
        for (const { id, parent } of entries) {
          const place = places.get(id);
          const from = places.get(parent);
          if (!place) throw new Error("expected a place for each entry");
          // From its parent's column on, the way lies in the lane of the entry itself.
          for (
            let column = (from?.column ?? place.column - 1) + 1;
            column <= place.column;
            column++
          ) {
            const cell = `${column},${place.lane}`;
            expect(taken.has(cell)).toBe(false);
            taken.set(cell, id);
          }
        }
        expect([...places.values()].map(({ column }) => column)).toEqual(entries.map((_, k) => k));
      }),
    );
  });

  test("stay as they are when the history grows", () => {
    fc.assert(
      fc.property(trees, (entries) => {
        const all = lanesOf(entries);
        expect(lanesOf(entries.slice(0, -1))).toEqual(all.slice(0, -1));
      }),
    );
  });
});
