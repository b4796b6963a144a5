import { describe, expect, test } from "vitest";
import {
  barOf,
  metricsOf,
  numbersInWords,
  selectionInWords,
  sentenceOf,
} from "../../src/core/words";
import { click, down, frameOf, move, pair, play, stateWith, told, up } from "../builders";

const PAIR = pair(1, [40, 40], [52.3, 40]);
const withPair = (traits = {}, shared = {}) => stateWith({ pairs: [PAIR], ...shared }, traits);
const text = (state: ReturnType<typeof stateWith>) => sentenceOf(state).text;

describe("the status line", () => {
  test.each([
    [
      "waiting",
      "Loading the generator ...",
      stateWith({ frame: null }, { status: "loading", busyText: "Loading the generator ..." }),
    ],
    ["waiting", "Loading the picture ...", stateWith({ frame: null })],
    ["ready", "Click a point of the picture, then where it should go", stateWith()],
    ["ready", "Now click where it should go", play(stateWith(), ...click(3, 4))],
    ["ready", "Now tap where it should go", play(stateWith(), ...click(3, 4, { touch: true }))],
    ["ready", "Let go where the point should be", play(stateWith(), down(3, 4), move(30, 4))],
    ["ready", "Ready: 1 point, 12.3 px to go", withPair()],
    ["running", "Starting ...", play(withPair(), { kind: "command", name: "run" })],
    [
      "running",
      "Dragging: step 14, 12.3 px to go",
      withPair({ running: true, status: "running" }, { frame: frameOf(20, [PAIR], 14) }),
    ],
    [
      "running",
      "Stopping ...",
      play(withPair({ running: true, status: "running" }), { kind: "command", name: "stop" }),
    ],
    ["arrived", "Arrived after 31 steps", withPair({ status: "arrived", step: 31 })],
    [
      "stalled",
      "Stalled: it came no nearer than 9.1 px",
      withPair({ status: "stalled", distancePx: 9.1 }),
    ],
    [
      "stalled",
      "Cannot reach: the point came no nearer than 9.1 px; try a nearer target",
      withPair({
        status: "stalled",
        statusText: "Cannot reach: the point came no nearer than 9.1 px; try a nearer target",
      }),
    ],
    [
      "stalled",
      "Stopped at the limit of 60 steps, 3.0 px to go",
      withPair({ status: "max_steps", step: 60, distancePx: 3 }),
    ],
    [
      "stopped",
      "Stopped at step 1, 3.0 px to go",
      withPair({ status: "stopped", step: 1, distancePx: 3 }),
    ],
    ["failed", "Failed; the message says why", stateWith({}, { status: "failed" })],
    [
      "silent",
      "No answer from the kernel; what you change is sent when it is back",
      play(withPair({ running: true }), { kind: "silence" }),
    ],
    [
      "busy",
      "The kernel is busy with a cell; your edit waits",
      play(withPair({ running: true }), { kind: "link", link: "busy" }),
    ],
    [
      "silent",
      "Disconnected: the kernel was restarted or has ended. Run the cell again; the picture stays here",
      play(withPair(), { kind: "link", link: "gone" }),
    ],
    [
      "ready",
      "Connected again; what was changed meanwhile was sent",
      play(withPair(), { kind: "silence" }, { kind: "heard" }),
    ],
    ["waiting", "Compiling ...", stateWith({}, { busyText: "Compiling ..." })],
    [
      "running",
      "Dragging: ...",
      withPair({ running: true, busyText: "Compiling ..." }, { pairs: [] }),
    ],
    ["failed", "Failed; the message says why", stateWith({ frame: null }, { status: "failed" })],
    [
      "ready",
      "Draw around what may move; Shift takes away instead",
      stateWith({}, {}, { mode: "mask", brush: { kind: "lasso", radiusPx: null } }),
    ],
    [
      "ready",
      "Paint where the picture may move; without a mask all of it may",
      stateWith({}, {}, { mode: "mask" }),
    ],
    [
      "ready",
      "The dimmed part stays as it is",
      play(stateWith({}, {}, { mode: "mask" }), ...click(9, 9)),
    ],
  ] as const)("%s: %s", (mood, words, state) => {
    expect(sentenceOf(state)).toEqual({ mood, text: words });
  });

  test("forgets a result once the points are edited", () => {
    const arrived = withPair({ status: "arrived", step: 31, distancePx: 0.4 });
    expect(metricsOf(arrived.shared)?.distancePx).toBe(0.4);
    const edited = play(arrived, ...click(52.3, 40), { kind: "nudge", by: { x: 10, y: 0 } });
    expect(text(edited)).toBe("Ready: 1 point, 22.3 px to go");
  });
});

describe("the bar", () => {
  const live = (shared = {}) =>
    withPair({ running: true, autoRun: true, status: "running" }, shared);

  test("is full where a drag has arrived, and empty before one", () => {
    expect(barOf(withPair({ status: "arrived", distancePx: 3 }, { startDistancePx: 6 }))).toBe(1);
    expect(barOf(withPair({}, { startDistancePx: 24 }))).toBe(0);
    expect(barOf(stateWith({ frame: null }, { status: "loading" }))).toBeNull();
    expect(barOf(stateWith({}, { busyText: "Compiling ..." }))).toBe(0);
  });

  test("counts the way of a live pull from where it was pressed", () => {
    const pressed = play(
      stateWith({}, { autoRun: true }),
      down(20, 30),
      move(40, 30),
      told({ running: true, status: "running", autoRun: true }, 1),
      { kind: "frame", frame: frameOf(2, [pair(1, [35, 30], [40, 30])]), atMs: 0 },
    );
    expect(barOf(pressed)).toBe(0);
    const free = play(
      pressed,
      up(40, 30),
      { kind: "pulls_told" },
      {
        kind: "frame",
        frame: frameOf(3, [pair(1, [38, 30], [40, 30])]),
        atMs: 40,
      },
    );
    expect(barOf(free)).toBeCloseTo(0.9, 9);
  });

  test("keeps that way where the pull was let go before the run began", () => {
    const flicked = play(
      stateWith({}, { autoRun: true }),
      down(20, 30),
      move(40, 30),
      up(40, 30),
      { kind: "pulls_told" },
      told({ running: true, status: "running", autoRun: true }, 1),
    );
    expect(flicked.shared.startDistancePx).toBe(20);
  });

  test("starts anew where a run goes on without an edit", () => {
    const again = play(
      live({ startDistancePx: 40 }),
      told({ running: false }),
      told({ running: true }),
    );
    expect(again.shared.startDistancePx).toBe(0);
  });
});

describe("the numbers beside it", () => {
  test("tell the pace of a run, and at rest what it came to", () => {
    expect(numbersInWords(withPair({ running: true }, { intervalMs: 48 }).shared)).toBe(
      "21 pictures/s",
    );
    expect(numbersInWords(withPair({ running: true }).shared)).toBe("");
    const rest = withPair({ status: "arrived", step: 31, distancePx: 0.42 });
    expect(numbersInWords(rest.shared)).toBe("step 31 · 0.4 px");
    expect(numbersInWords(stateWith().shared)).toBe("");
  });

  test("measure progress against the farthest the run has been", () => {
    const run = withPair({ running: true }, { frame: frameOf(3, [PAIR]), startDistancePx: 24.6 });
    expect(metricsOf(run.shared)?.progress).toBeCloseTo(0.5, 9);
    expect(metricsOf(withPair().shared)?.progress).toBe(0);
  });
});

test("a chosen mark is named for those who listen", () => {
  expect(selectionInWords(play(withPair(), ...click(40, 40)))).toBe("Handle 1 at 40, 40");
  expect(selectionInWords(play(stateWith(), ...click(3, 4)))).toBe(
    "Handle of the new pair at 3, 4",
  );
  expect(selectionInWords(stateWith())).toBe("");
});
