import { describe, expect, test } from "vitest";
import { filledMask } from "../src/core/mask";
import { addPair, movePart } from "../src/core/points";
import { ViewStore } from "../src/core/store";
import type { ViewAction } from "../src/core/types";
import { click, down, move, pair, up } from "./builders";
import { Bench, settled } from "./fake_model";
import { example, type MessageFixture, readFixture, type TraitFixture } from "./fixtures";
import { ONE_POINT } from "./shown";

const fixture = (name: string) => readFixture<MessageFixture>(name);
const message = (kind: string, name: string) => example(fixture(kind).valid, name).message;
const frame = (over: Record<string, unknown> = {}): [unknown, unknown[]] => [
  { ...(message("frame", "one point while moving") as object), ...over },
  [new Uint8Array(24)],
];
const TWO_POINTS = example(readFixture<TraitFixture>("traits").valid, "dragging two points").traits;

/** A bench with a view that has its first picture. */
function shown(
  traits: Record<string, unknown> = {},
): Bench & { act: (...a: ViewAction[]) => void } {
  const bench = new Bench(traits);
  bench.sync.hello(bench.view, true);
  bench.model.emit(...frame({ seq: 1, step: 0 }));
  for (const info of bench.frames) bench.store.dispatch({ kind: "frame", frame: info, atMs: 0 });
  bench.sync.acknowledge(1, true);
  bench.model.sent.length = 0;
  const view = new ViewStore(bench.store);
  return Object.assign(bench, {
    act: (...actions: ViewAction[]) => {
      for (const each of actions) view.dispatch(each);
    },
  });
}

const clickAction = (x: number, y: number) => click(x, y) as ViewAction[];

describe("what a page says", () => {
  test("is what the fixtures promise the kernel", async () => {
    const bench = new Bench();
    bench.sync.hello(bench.view, true);
    expect(bench.model.sent).toEqual([message("hello", "a local page")]);
    bench.wait(300);
    expect(bench.model.sent[1]).toEqual(message("poll", "waiting for the first picture"));
    bench.sync.acknowledge(7, true);
    expect(bench.model.sent[2]).toEqual(message("ack", "drawn"));
    bench.sync.acknowledge(8, false);
    expect(bench.model.sent[3]).toEqual(message("ack", "dropped"));
  });

  test("behind a proxy and out of sight is that too", () => {
    const bench = new Bench({}, { dpr: 1.25, loopback: false });
    bench.sync.hello(bench.view, false);
    expect(bench.model.sent).toEqual([
      message("hello", "a page behind a proxy, scrolled out of sight"),
    ]);
  });

  test("as commands carries a number and nothing else, but a seed for a sample", () => {
    const bench = shown({ ...ONE_POINT, can_undo: true, can_redo: true });
    for (const name of ["run", "stop", "undo", "redo", "reset", "clear_points"] as const) {
      bench.act({ kind: "command", name });
    }
    bench.act({ kind: "sample", seed: 42 });
    const wire = fixture("cmd").valid.map(
      ({ message: each }) => each as { name: string; args: object },
    );
    expect(bench.model.sent.length).toBe(7);
    for (const sent of bench.model.sent) {
      if (sent.k !== "cmd") throw new Error("expected a command");
      const same = wire.find(({ name }) => name === sent.name);
      expect({ ...sent, rid: 0 }).toEqual({ ...same, rid: 0 });
      expect(sent.rid).toBeGreaterThanOrEqual(100);
    }
  });
});

describe("points", () => {
  test("are read from the traits, also when a host announces them one by one", async () => {
    const bench = new Bench(TWO_POINTS);
    expect(bench.store.value.pairs.map(({ id }) => id)).toEqual([1, 4]);
    bench.model.values.handle_points = [[1, 1]];
    await bench.model.update({ handle_points: [[1, 1]] });
    expect(bench.store.value.pairs.length).toBe(2);
    await bench.model.update({ target_points: [[2, 2]], point_ids: [7] });
    expect(bench.store.value.pairs).toEqual([pair(7, [1, 1], [2, 2])]);
  });

  test("are written once per paint, in one message, and the last place always", () => {
    const bench = shown(ONE_POINT);
    const drag = (x: number) =>
      bench.store.replace(movePart(bench.store.value, { id: 1, part: "target" }, { x, y: 41 }));
    for (const x of [81, 82, 83]) drag(x);
    expect(bench.model.saved).toEqual([]);
    bench.paint();
    drag(84);
    bench.paint();
    bench.paint();
    expect(bench.model.saved).toEqual([
      { ...written([[83, 41]], 1), point_edit: { rev: 4, ids: [1], placed: [] } },
      { ...written([[84, 41]], 2), point_edit: { rev: 5, ids: [1], placed: [] } },
    ]);
  });

  const written = (targets: number[][], n: number) => ({
    page_write: { page: 100, n },
    handle_points: [[40, 40]],
    target_points: targets,
    point_ids: [1],
  });

  test("of a new pair are written as the fixture says", () => {
    const bench = shown();
    bench.store.replace(addPair(bench.store.value, { x: 64.25, y: 70.5 }, { x: 80, y: 70 }));
    bench.paint();
    const { from_browser } = readFixture<TraitFixture>("traits");
    expect(bench.model.saved).toEqual([example(from_browser, "a complete pair").traits]);
  });

  test("written by this page do not come back as news", async () => {
    const bench = shown(ONE_POINT);
    bench.store.replace(movePart(bench.store.value, { id: 1, part: "target" }, { x: 90, y: 41 }));
    bench.paint();
    await settled();
    await bench.model.update({ handle_points: [[40, 40]], target_points: [[80, 40]] });
    expect(bench.store.value.pairs[0]?.target).toEqual({ x: 90, y: 41 });
    await bench.model.update({ target_points: [[90, 41]], points_rev: 2 });
    await bench.model.update({ target_points: [[70, 41]] });
    expect(bench.store.value.pairs[0]?.target).toEqual({ x: 70, y: 41 });
  });
});

describe("pulls", () => {
  const LIVE = { auto_run: true };
  const moves = (...xs: number[]) => xs.map((x) => move(x, 30)) as ViewAction[];
  const released = { k: "release", id: 1, end: "settle" };
  const pulls = (bench: Bench) => bench.sent("pull").map((each) => each.k === "pull" && each.x);

  test("of a new pair are told before its traits, then once per paint with the newest place", () => {
    const bench = shown(LIVE);
    bench.act(down(20, 30) as ViewAction, ...moves(25));
    expect(pulls(bench)).toEqual([25]);
    expect(bench.model.saved).toEqual([]);
    bench.act(...moves(26, 27, 28));
    expect(pulls(bench)).toEqual([25]);
    bench.paint();
    bench.paint();
    expect(pulls(bench)).toEqual([25, 28]);
    expect(bench.model.saved.length).toBe(1);
    expect(bench.model.saved[0]).toMatchObject({ point_edit: { rev: 1, ids: [1], placed: [1] } });
    expect(bench.commands()).toEqual([]);
  });

  test("are what the fixtures promise the kernel", () => {
    const bench = shown(LIVE);
    bench.act(down(20, 30) as ViewAction, ...moves(64));
    bench.act(up(64, 30) as ViewAction);
    const first = message("pull", "the first place") as object;
    expect(bench.model.sent[0]).toEqual({ ...first, id: 1, x: 64, y: 30 });
    const end = message("release", "settle") as object;
    expect(bench.model.sent.at(-1)).toEqual({ ...end, id: 1 });
  });

  test("let go tell the last place, as a pull and as an edit, before the release", () => {
    const bench = shown(LIVE);
    bench.act(down(20, 30) as ViewAction, ...moves(25, 26));
    bench.act(up(40, 30) as ViewAction);
    expect(pulls(bench)).toEqual([25, 40]);
    expect(bench.model.saved.at(-1)).toMatchObject({
      target_points: [[40, 30]],
      point_edit: { rev: 2, ids: [1], placed: [1] },
    });
    expect(bench.model.sent.at(-1)).toEqual(released);
    expect(bench.store.value.pulls).toEqual([]);
    bench.paint();
    bench.wait(5000);
    expect(bench.sent("release").length).toBe(1);
    expect(pulls(bench)).toEqual([25, 40]);
  });

  test("that rest say so every second, and no longer than the pointer is down", () => {
    const bench = shown(LIVE);
    bench.act(down(20, 30) as ViewAction, ...moves(25));
    bench.wait(3100);
    expect(pulls(bench)).toEqual([25, 25, 25, 25]);
    expect(bench.sent("pull").map((each) => each.k === "pull" && each.seq)).toEqual([1, 2, 3, 4]);
    bench.act({ kind: "escape" });
    expect(bench.model.sent.at(-1)).toEqual({ ...released, end: "undo" });
    bench.wait(5000);
    expect(pulls(bench).length).toBe(4);
  });

  test("are told four times in an answer's time on a long way, and only the newest place waits", () => {
    const bench = shown(LIVE);
    bench.act(down(20, 30) as ViewAction, ...moves(25));
    bench.model.emit(...frame({ seq: 2, pull: 1, delay_ms: 400 }));
    bench.act(...moves(26));
    bench.paint();
    expect(pulls(bench)).toEqual([25, 26]);
    for (const x of [27, 28, 29]) {
      bench.wait(20);
      bench.act(...moves(x));
      bench.paint();
    }
    expect(pulls(bench)).toEqual([25, 26]);
    bench.wait(40);
    bench.paint();
    expect(pulls(bench)).toEqual([25, 26, 29]);
    bench.act(...moves(30));
    bench.act(up(40, 30) as ViewAction);
    expect(pulls(bench)).toEqual([25, 26, 29, 40]);
    expect(bench.model.sent.at(-1)).toEqual(released);
  });

  test("that no picture follows pile up to a limit, and go on with the newest once one does", () => {
    const bench = shown(LIVE);
    bench.act(down(20, 30) as ViewAction);
    for (let index = 0; index < 200; index++) {
      bench.act(...moves(25 + (index % 50)));
      bench.paint();
    }
    expect(pulls(bench).length).toBe(16);
    bench.act(...moves(30));
    bench.wait(200);
    bench.paint();
    const told = pulls(bench).length;
    expect(pulls(bench).slice(16)).toEqual([30]);
    bench.act(...moves(74));
    bench.wait(200);
    bench.model.emit(...frame({ seq: 2, pull: told }));
    bench.paint();
    expect(pulls(bench).slice(told)).toEqual([74]);
  });

  test("end before the command that ends them", async () => {
    const bench = shown({ ...ONE_POINT, ...LIVE, can_undo: true });
    bench.act(down(80, 40) as ViewAction, move(90, 40) as ViewAction);
    bench.act({ kind: "command", name: "undo" });
    await bench.model.update({ points_rev: 2 });
    const kinds = bench.model.sent.map(({ k }) => k).filter((k) => k !== "poll");
    expect(kinds).toEqual(["pull", "release", "cmd"]);
  });

  test("end once even where the comm is closed", () => {
    const bench = shown({ ...ONE_POINT, ...LIVE });
    bench.act(down(80, 40) as ViewAction, move(90, 40) as ViewAction);
    bench.model.dead = true;
    bench.act(up(95, 40) as ViewAction);
    expect(bench.store.value.pulls).toEqual([]);
    expect(bench.store.value.answering).toBe(false);
  });
});

describe("commands", () => {
  test("wait until the kernel has the points they are about", async () => {
    const bench = shown({ auto_run: true });
    bench.act(...clickAction(20, 30), ...clickAction(60, 30));
    expect(bench.model.saved.length).toBe(1);
    expect(bench.commands()).toEqual([]);
    await bench.model.update({ points_rev: 1 });
    expect(bench.commands()).toEqual(["run"]);
  });

  test("go after a while even when the kernel confirms nothing", () => {
    const bench = shown({ auto_run: true });
    bench.act(...clickAction(20, 30), ...clickAction(60, 30));
    bench.wait(1000);
    expect(bench.commands()).toEqual(["run"]);
  });

  test("to stop never wait, and take back the start that does", () => {
    const bench = shown({ auto_run: true });
    bench.act(...clickAction(20, 30), ...clickAction(60, 30), { kind: "command", name: "stop" });
    expect(bench.commands()).toEqual(["stop"]);
    bench.wait(2000);
    expect(bench.commands()).toEqual(["stop"]);
  });

  test("wait for a mask that is being packed", async () => {
    const bench = shown(ONE_POINT);
    bench.act({ kind: "mode", mode: "mask" }, ...clickAction(50, 50), {
      kind: "command",
      name: "run",
    });
    expect(bench.commands()).toEqual([]);
    await settled();
    expect(bench.model.saved.map((each) => Object.keys(each))).toEqual([["mask", "page_write"]]);
    expect(bench.commands()).toEqual(["run"]);
  });

  test("are sent once, and end with their answer", () => {
    const bench = shown(ONE_POINT);
    bench.act({ kind: "command", name: "run" });
    bench.act({ kind: "auto_run", on: false });
    expect(bench.commands()).toEqual(["run"]);
    bench.model.emit({ k: "reply", rid: 100, ok: false, error: "no" });
    expect(bench.store.value.commands).toEqual([]);
    expect(bench.store.value.problem).toEqual({ message: "no", details: "", answered: true });
  });

  test("leave no message of a refusal that was put right before the page could read it", async () => {
    const bench = shown({ ...ONE_POINT, can_undo: true });
    bench.act({ kind: "command", name: "run" }, { kind: "command", name: "undo" });
    const refused = bench.model.update({ error: { seq: 1, message: "no", details: "" } });
    bench.model.emit({ k: "reply", rid: 100, ok: false, error: "no" });
    const undone = bench.model.update({ error: {} });
    bench.model.emit({ k: "reply", rid: 101, ok: true, error: "" });
    await Promise.all([refused, undone]);
    expect(bench.store.value.problem).toBeNull();
  });
});

describe("other traits", () => {
  test("a switch of auto run is written", () => {
    const bench = shown();
    bench.act({ kind: "auto_run", on: true });
    const { from_browser } = readFixture<TraitFixture>("traits");
    expect(bench.model.saved).toEqual([example(from_browser, "pairs start at once").traits]);
  });

  test("the mask is written as bytes after a stroke, and as nothing when it is removed", async () => {
    const bench = shown();
    bench.act({ kind: "mode", mode: "mask" }, ...clickAction(50, 50));
    await settled();
    const sent = bench.model.saved[0]?.mask;
    if (!(sent instanceof DataView)) throw new Error("expected a DataView");
    expect([sent.getUint8(0), sent.getUint8(1)]).toEqual([128, 128]);
    bench.act({ kind: "mask_clear" });
    await settled();
    const { from_browser } = readFixture<TraitFixture>("traits");
    expect(bench.model.saved[1]).toEqual(example(from_browser, "the mask removed").traits);
  });

  test("of two quick strokes only the newest mask is written", async () => {
    const bench = shown();
    bench.act({ kind: "mode", mode: "mask" }, ...clickAction(50, 50), ...clickAction(60, 50));
    await settled();
    expect(bench.model.saved.length).toBe(1);
  });

  test("the kernel's mask is shown, in any kind of buffer", async () => {
    const bench = shown();
    for (const buffer of [new DataView(new Uint8Array([4, 3]).buffer), new Uint8Array([4, 3])]) {
      await bench.model.update({ mask: buffer });
      expect(bench.store.value.mask).toEqual(filledMask({ width: 4, height: 3 }, 255));
      await bench.model.update({ mask: null });
      expect(bench.store.value.mask).toBeNull();
    }
    expect(bench.model.saved).toEqual([]);
  });

  test("a mask that cannot be read is told, and changes nothing", async () => {
    const bench = new Bench({}, { decodeMask: () => Promise.reject(new Error("no PNG")) });
    await bench.model.update({ mask: new Uint8Array([1]) });
    expect(bench.store.value.mask).toBeNull();
    expect(bench.store.value.problem?.message).toMatch(/mask must be a PNG/);
  });
});

describe("frames", () => {
  test("are handed on with their bytes, and a damaged one is ignored", () => {
    const bench = new Bench();
    bench.model.emit(...frame());
    bench.model.emit(...frame({ seq: "x" }));
    bench.model.emit({ k: "frame" });
    expect(bench.frames.map(({ seq }) => seq)).toEqual([7]);
  });

  test("come in parts, each answered, and are put together", () => {
    const bench = shown();
    const bytes = (...values: number[]) => new DataView(new Uint8Array(values).buffer);
    bench.model.emit({ k: "part", seq: 2, index: 0 }, [bytes(1, 2)]);
    bench.model.emit({ k: "part", seq: 3, index: 1 }, [bytes(3)]);
    expect(bench.sent("ack").slice(-2)).toEqual([
      { k: "ack", seq: 2, shown: false, visible: true, page: 100 },
      { k: "ack", seq: 3, shown: false, visible: true, page: 100 },
    ]);
    const [end] = frame({ seq: 4, final: true, parts: 2 });
    bench.model.emit(end, [bytes(4, 5)]);
    expect(bench.frames.at(-1)?.seq).toBe(4);
    expect([...(bench.pictures.at(-1) ?? [])]).toEqual([1, 2, 3, 4, 5]);
    bench.wait(10000);
    expect(bench.sent("poll")).toEqual([]);
  });

  test("whose parts stop to come, or were lost, are asked for", () => {
    const bench = shown();
    const part = new DataView(new Uint8Array([1]).buffer);
    bench.model.emit({ k: "part", seq: 2, index: 0 }, [part]);
    bench.wait(2400);
    expect(bench.sent("poll")).toMatchObject([{ k: "poll", have: 2 }]);
    bench.model.emit({ k: "part", seq: 4, index: 2 }, [part]);
    bench.model.emit(...frame({ seq: 5, final: true, parts: 3 }));
    expect(bench.frames.map(({ seq }) => seq)).not.toContain(5);
    expect(bench.sent("poll").at(-1)).toMatchObject({ k: "poll", have: 1 });
  });

  test("on a long way are given the time of two answers more", () => {
    const bench = shown({ ...ONE_POINT, running: true, status: "running" });
    bench.model.emit(...frame({ seq: 2, delay_ms: 400 }));
    bench.wait(1000);
    expect(bench.sent("poll")).toEqual([]);
    bench.wait(200);
    expect(bench.sent("poll").length).toBe(1);
  });

  test("that are due and late are asked for, ever less often", () => {
    const bench = shown({ ...ONE_POINT, running: true, status: "running" });
    bench.wait(10000);
    const polls = bench.sent("poll").length;
    expect(bench.sent("poll")[0]).toMatchObject({ k: "poll", have: 1 });
    expect(polls).toBeGreaterThanOrEqual(5);
    expect(polls).toBeLessThanOrEqual(8);
  });

  test("are not asked for while they come, at rest, or out of sight", async () => {
    const bench = shown({ ...ONE_POINT, running: true, status: "running" });
    for (let seq = 2; seq < 12; seq++) {
      bench.model.emit(...frame({ seq }));
      bench.wait(200);
    }
    expect(bench.sent("poll")).toEqual([]);
    bench.sync.setVisible(bench.view, false);
    bench.wait(5000);
    await bench.model.update({ running: false, status: "stopped" });
    bench.sync.setVisible(bench.view, true);
    bench.wait(5000);
    expect(bench.sent("poll")).toEqual([]);
  });

  test("stop when no view can be seen, and go on with the first that can", () => {
    const bench = shown();
    const other = {};
    bench.sync.hello(other, true);
    bench.model.sent.length = 0;
    bench.sync.setVisible(bench.view, false);
    expect(bench.model.sent).toEqual([]);
    bench.sync.setVisible(other, null);
    const hidden = { k: "ack", seq: 1, shown: false, visible: false, page: 100 };
    expect(bench.model.sent).toEqual([hidden]);
    bench.sync.setVisible(bench.view, true);
    expect(bench.model.sent[1]).toEqual({ ...hidden, visible: true });
  });
});

describe("a kernel that does not answer", () => {
  test("is named after twenty seconds, and forgiven at its first word", async () => {
    const bench = shown(ONE_POINT);
    bench.act({ kind: "command", name: "run" });
    bench.wait(19900);
    expect(bench.store.value.answering).toBe(true);
    bench.wait(200);
    expect(bench.store.value.answering).toBe(false);
    expect(bench.store.value.commands).toEqual([]);
    await bench.model.update({ running: true });
    expect(bench.store.value.answering).toBe(true);
  });

  test("is named at once when the comm throws", () => {
    const bench = shown(ONE_POINT);
    bench.model.dead = true;
    bench.act({ kind: "command", name: "run" });
    expect(bench.store.value.answering).toBe(false);
    bench.model.dead = false;
    bench.model.emit(...frame({ seq: 2 }));
    expect(bench.store.value.answering).toBe(true);
  });

  test("is not taken to answer by what this page writes itself", async () => {
    const bench = shown(ONE_POINT);
    bench.act({ kind: "command", name: "run" });
    bench.wait(20001);
    bench.store.replace(movePart(bench.store.value, { id: 1, part: "target" }, { x: 90, y: 41 }));
    bench.paint();
    await settled();
    expect(bench.model.saved.length).toBe(1);
    expect(bench.store.value.answering).toBe(false);
  });

  test("is told the points again when it is back", async () => {
    const bench = shown(ONE_POINT);
    bench.store.replace(movePart(bench.store.value, { id: 1, part: "target" }, { x: 90, y: 41 }));
    bench.model.dead = true;
    bench.paint();
    expect(bench.store.value.answering).toBe(false);
    bench.model.dead = false;
    await bench.model.update({ busy_text: "" });
    bench.paint();
    expect(bench.sent("set").at(-1)).toMatchObject({
      state: { target_points: [[90, 41]], point_edit: { rev: 2 } },
    });
  });

  test("is not blamed for a long run that shows life, nor at rest", () => {
    const bench = shown({ ...ONE_POINT, running: true, status: "running" });
    for (let seq = 2; seq < 8; seq++) {
      bench.wait(9000);
      bench.model.emit(...frame({ seq }));
    }
    expect(bench.store.value.answering).toBe(true);
    bench.wait(16000);
    expect(bench.store.value.answering).toBe(false);
    const resting = shown(ONE_POINT);
    resting.wait(60000);
    expect(resting.store.value.answering).toBe(true);
  });

  test("is named when it does not greet back, but not while it loads", () => {
    const restored = new Bench({ status: "idle" });
    restored.sync.hello(restored.view, true);
    restored.wait(5001);
    expect(restored.store.value.answering).toBe(false);
    const loading = new Bench({ status: "loading" });
    loading.sync.hello(loading.view, true);
    loading.wait(60000);
    expect(loading.store.value.answering).toBe(true);
  });
});

test("closing leaves no listener and no alarm, and says nothing more", async () => {
  const bench = shown({ ...ONE_POINT, running: true, status: "running" });
  bench.act({ kind: "command", name: "stop" });
  bench.act({ kind: "mode", mode: "mask" }, ...clickAction(50, 50));
  const said = bench.model.sent.length;
  bench.sync.close();
  expect(bench.model.listenerCount).toBe(0);
  expect(bench.alarmCount).toBe(0);
  bench.act({ kind: "command", name: "reset" });
  bench.paint();
  bench.wait(60000);
  await settled();
  expect(bench.model.sent.length).toBe(said);
  expect(bench.model.saved).toEqual([]);
});
