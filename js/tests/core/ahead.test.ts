import { describe, expect, test } from "vitest";
import { type Ahead, aheadOf, warpAhead } from "../../src/core/ahead";
import type { Vec } from "../../src/core/geometry";
import type { FrameInfo } from "../../src/core/protocol";
import type { Shared, State } from "../../src/core/types";
import { down, frameOf, move, pair, play, stateWith, told, up } from "../builders";

const LIVE = { autoRun: true };

/** The state with a frame in which the handle of pair 1 is somewhere, and which follows a place. */
function framed(state: State, seq: number, handle: [number, number], follows: Vec | null): State {
  const { target } = state.shared.pairs[0] ?? pair(1, handle, handle);
  const plain = frameOf(seq, [pair(1, handle, [target.x, target.y])]);
  const frame: FrameInfo = follows ? { ...plain, follows: { id: 1, at: follows } } : plain;
  return play(state, { kind: "frame", frame, atMs: seq * 80 });
}

function known(shared: Shared, before: Ahead | null = null): Ahead {
  const ahead = aheadOf(before, shared);
  if (!ahead) throw new Error("expected something to be known");
  return ahead;
}

const pressed = () => play(stateWith({}, LIVE), down(20, 30), move(22, 30), move(24, 30));

describe("what is shown ahead", () => {
  test("is nothing without a pull", () => {
    expect(
      aheadOf(null, stateWith({ pairs: [pair(1, [20, 30], [60, 30])] }, LIVE).shared),
    ).toBeNull();
    expect(warpAhead(null, pressed().shared)).toBeNull();
  });

  test("is all of the way before the first frame of a pull", () => {
    const { shared } = pressed();
    const ahead = known(shared);
    expect(ahead).toMatchObject({ handle: { x: 20, y: 30 }, trust: 1 });
    expect(warpAhead(ahead, shared)).toMatchObject({
      from: { x: 20, y: 30 },
      to: { x: 24, y: 30 },
    });
  });

  test("is only the rest of the way once a frame has followed: it never drifts", () => {
    const before = known(pressed().shared);
    const next = framed(pressed(), 2, [22.5, 30], { x: 23, y: 30 });
    expect(warpAhead(known(next.shared, before), next.shared)).toMatchObject({
      from: { x: 22.5, y: 30 },
      to: { x: 24, y: 30 },
    });
    const there = framed(next, 3, [24, 30], { x: 24, y: 30 });
    expect(warpAhead(known(there.shared, before), there.shared)).toBeNull();
  });

  test("is nothing once a picture of where the pointer is has come near enough", () => {
    const before = known(pressed().shared);
    const next = framed(pressed(), 2, [23.2, 30], { x: 24, y: 30 });
    expect(warpAhead(known(next.shared, before), next.shared)).toBeNull();
  });

  test("vanishes within a few frames whose handle does not follow", () => {
    let state = play(pressed(), move(60, 30));
    let ahead = known(state.shared);
    const trusts = [2, 3, 4, 5, 6, 7, 8].map((seq) => {
      state = framed(state, seq, [20.1, 30], { x: 60, y: 30 });
      ahead = known(state.shared, ahead);
      return ahead.trust;
    });
    expect(trusts).toEqual([...trusts].sort((a, b) => b - a));
    expect(trusts[2]).toBeLessThan(0.25);
    expect(trusts.at(-1)).toBe(0);
    const follows = framed(state, 9, [40, 30], { x: 60, y: 30 });
    expect(known(follows.shared, ahead).trust).toBeGreaterThan(0.3);
  });

  test("is not judged by a frame that was drawn before the pull, nor by another page's pull", () => {
    const before = known(pressed().shared);
    const old = play(pressed(), { kind: "frame", frame: frameOf(2), atMs: 80 });
    expect(known(old.shared, before)).toMatchObject({ handle: { x: 20, y: 30 }, trust: 1, seq: 2 });
    const other = framed(pressed(), 2, [20, 30], null);
    expect(known(other.shared, before).trust).toBe(1);
  });

  test("is nothing at first where a handle has been far behind its target", () => {
    const stuck = stateWith({ pairs: [pair(1, [20, 30], [60, 30])] }, LIVE);
    const { shared } = play(stuck, down(60, 30), move(64, 30));
    expect(known(shared).trust).toBe(0);
  });

  test("goes within a few frames of letting go, and at rest", () => {
    const settling = { ...pressed() };
    const before = known(settling.shared);
    const free = play(
      settling,
      up(26, 30),
      { kind: "pulls_told" },
      told({ ...LIVE, running: true }, 9),
    );
    const left = known(free.shared, before);
    expect(left).toMatchObject({ trust: 1, pulled: false });
    expect(known(free.shared, left)).toBe(left);
    const moving = framed(free, 2, [24, 30], null);
    expect(known(moving.shared, left).trust).toBe(0.5);
    const final = play(free, { kind: "frame", frame: { ...frameOf(3), final: true }, atMs: 99 });
    expect(aheadOf(left, final.shared)).toBeNull();
  });

  test("goes at once when a pull is taken back", () => {
    const before = known(pressed().shared);
    const back = play(pressed(), { kind: "escape" }, { kind: "pulls_told" });
    expect(aheadOf(before, back.shared)).toBeNull();
  });
});
