import { describe, expect, test } from "vitest";
import { reduceKernel } from "../../src/core/kernel";
import { addPair, dragPart, isConfirmed, movePart, removePair } from "../../src/core/points";
import type { Pair } from "../../src/core/protocol";
import type { Shared } from "../../src/core/types";
import { frameOf, pair, stateWith, TRAITS } from "../builders";

const A = pair(1, [10, 10], [30, 10]);
const B = pair(2, [50, 50], [60, 50]);
const shared = (over: Partial<Shared> = {}, running = false): Shared =>
  stateWith({ pairs: [A, B], edit: { rev: 4, placed: [] }, pointsRev: 4, ...over }, { running })
    .shared;
const told = (before: Shared, pairs: readonly Pair[] | null, pointsRev: number) =>
  reduceKernel(before, { kind: "points", pairs, pointsRev });
const framed = (before: Shared, pairs: readonly Pair[], seq = 9) =>
  reduceKernel(before, { kind: "frame", frame: frameOf(seq, pairs), atMs: 0 });
const HANDLE_1 = { id: 1, part: "handle" } as const;
const TARGET_1 = { id: 1, part: "target" } as const;

describe("an edit", () => {
  test("gives a new pair an id that nobody has used, and places its handle", () => {
    const next = addPair(shared({ highestId: 7 }), { x: 1, y: 2 }, { x: 300, y: 4 });
    expect(next.pairs[2]).toEqual(pair(8, [1, 2], [127, 4]));
    expect(next.edit).toEqual({ rev: 5, placed: [8] });
  });

  test("of a handle places it; of a target does not", () => {
    expect(movePart(shared(), HANDLE_1, { x: 9, y: 9 }).edit).toEqual({ rev: 5, placed: [1] });
    expect(movePart(shared(), TARGET_1, { x: 9, y: 9 }).edit).toEqual({ rev: 5, placed: [] });
  });

  test("goes beyond the revision of another page", () => {
    expect(movePart(shared({ pointsRev: 12 }), TARGET_1, { x: 9, y: 9 }).edit.rev).toBe(13);
  });

  test("carries placings that the kernel has not confirmed, for messages may be merged", () => {
    const placed = movePart(shared(), HANDLE_1, { x: 9, y: 9 });
    const next = movePart(placed, { id: 2, part: "target" }, { x: 9, y: 9 });
    expect(next.edit).toEqual({ rev: 6, placed: [1] });
    const confirmed = told(placed, null, 5);
    expect(movePart(confirmed, TARGET_1, { x: 1, y: 1 }).edit).toEqual({ rev: 6, placed: [] });
  });

  test("that removes a pair takes its placing along", () => {
    const placed = movePart(shared(), HANDLE_1, { x: 9, y: 9 });
    const next = removePair(placed, 1);
    expect(next.pairs).toEqual([B]);
    expect(next.edit).toEqual({ rev: 6, placed: [] });
  });

  test("of a pair that is gone changes nothing", () => {
    const before = shared();
    expect(removePair(before, 99)).toBe(before);
    expect(movePart(before, { id: 99, part: "handle" }, { x: 0, y: 0 })).toBe(before);
  });

  test("under the finger is not told to the kernel yet", () => {
    const next = dragPart(shared(), HANDLE_1, { x: 9, y: 9 });
    expect(next.pairs[0]?.handle).toEqual({ x: 9, y: 9 });
    expect(isConfirmed(next)).toBe(true);
  });
});

describe("point traits of the kernel", () => {
  const moved = pair(1, [12, 12], [33, 10]);

  test("are taken over when every edit is confirmed", () => {
    expect(told(shared(), [moved], 4).pairs).toEqual([moved]);
  });

  test("are ignored while an edit of this page is under way, and taken over after it", () => {
    const ahead = movePart(shared(), TARGET_1, { x: 90, y: 90 });
    const late = told(ahead, [A, B], 4);
    expect(late.pairs[0]?.target).toEqual({ x: 90, y: 90 });
    expect(isConfirmed(late)).toBe(false);
    const confirmed = told(late, [moved], 5);
    expect(confirmed.pairs).toEqual([moved]);
    expect(isConfirmed(confirmed)).toBe(true);
  });

  test("confirm an edit even when the lists do not fit together yet", () => {
    const ahead = movePart(shared(), TARGET_1, { x: 90, y: 90 });
    const next = told(ahead, null, 5);
    expect(isConfirmed(next)).toBe(true);
    expect(next.pairs[0]?.target).toEqual({ x: 90, y: 90 });
  });

  test("leave a known handle to the frames during a run, but bring targets and new pairs", () => {
    const added = pair(9, [5, 5], [6, 6]);
    const next = told(shared({}, true), [moved, added], 4);
    expect(next.pairs).toEqual([{ ...moved, handle: A.handle }, added]);
    expect(next.highestId).toBe(9);
  });

  test("never move what a finger holds", () => {
    const held = { ...dragPart(shared(), TARGET_1, { x: 70, y: 70 }), held: [TARGET_1] };
    const next = told(held, [moved, B], 4);
    expect(next.pairs[0]).toEqual({ ...moved, target: { x: 70, y: 70 } });
  });
});

describe("a frame", () => {
  const tracked = [pair(1, [15, 10], [30, 10]), pair(2, [55, 50], [60, 50])];

  test("moves the handles of a run with the picture they belong to", () => {
    const next = framed(shared({}, true), tracked);
    expect(next.pairs).toEqual(tracked);
    expect(next.framesShown).toBe(2);
    expect(next.frame?.seq).toBe(9);
  });

  test("moves no handle at rest: it may be older than the points", () => {
    expect(framed(shared(), tracked).pairs).toEqual([A, B]);
  });

  test("never moves a target, adds a pair or brings one back", () => {
    const frame = [pair(1, [15, 10], [99, 99]), pair(5, [1, 1], [2, 2])];
    expect(framed(shared({}, true), frame).pairs).toEqual([pair(1, [15, 10], [30, 10]), B]);
  });

  test("does not move a handle that was put down and is not confirmed", () => {
    const placed = movePart(shared({}, true), HANDLE_1, { x: 40, y: 40 });
    const next = framed(placed, tracked);
    expect(next.pairs[0]?.handle).toEqual({ x: 40, y: 40 });
    expect(next.pairs[1]?.handle).toEqual({ x: 55, y: 50 });
    const confirmed = told(next, null, 5);
    expect(framed(confirmed, tracked, 10).pairs[0]?.handle).toEqual({ x: 15, y: 10 });
  });

  test("does not move a handle under the finger", () => {
    const held = { ...dragPart(shared({}, true), HANDLE_1, { x: 40, y: 40 }), held: [HANDLE_1] };
    expect(framed(held, tracked).pairs[0]?.handle).toEqual({ x: 40, y: 40 });
  });

  test("tells the farthest distance of the run and its pace", () => {
    const start = shared({}, true);
    const shown = (before: Shared, seq: number, atMs: number) =>
      reduceKernel(before, { kind: "frame", frame: frameOf(seq, tracked), atMs });
    const next = shown(shown(shown(start, 2, 1000), 3, 1100), 4, 1200);
    expect(next.startDistancePx).toBe(15);
    expect(next.intervalMs).toBeCloseTo(100, 6);
    const rested = reduceKernel(next, { kind: "traits", traits: TRAITS, pointsRev: 4 });
    const again = reduceKernel(rested, {
      kind: "traits",
      traits: { ...TRAITS, running: true },
      pointsRev: 4,
    });
    expect(again.startDistancePx).toBe(0);
    expect(again.intervalMs).toBe(0);
  });
});
