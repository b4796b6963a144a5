import { describe, expect, test } from "vitest";
import { click, down, frameOf, move } from "./builders";
import { settled } from "./fake_model";
import { example, type MessageFixture, readFixture } from "./fixtures";
import { shown } from "./shown";

const SET = readFixture<MessageFixture>("set");

describe("a kernel that a cell keeps busy", () => {
  test("is asked for a sign of life after a second, and named half a second later", () => {
    const bench = shown();
    bench.act({ kind: "command", name: "run" });
    bench.wait(999);
    expect(bench.sent("poll")).toEqual([]);
    bench.wait(1);
    expect(bench.sent("poll").length).toBe(1);
    expect(bench.link()).toBe("alive");
    bench.wait(500);
    expect(bench.link()).toBe("busy");
    expect(bench.store.value.commands.length).toBe(1);
  });

  test("is named when it owes an answer to a question", async () => {
    const bench = shown();
    const answer = bench.sync.ask("file", { format: "png", points: false });
    bench.wait(1500);
    expect(bench.link()).toBe("busy");
    const [asked] = bench.sent("ask");
    const rid = asked?.k === "ask" ? asked.rid : 0;
    bench.model.emit({ k: "answer", rid, ok: true, error: "", result: {} });
    await answer;
    expect(bench.link()).toBe("alive");
    bench.wait(60000);
    expect(bench.link()).toBe("alive");
  });

  test("is not taken for one that needs long for an answer", () => {
    const bench = shown();
    void bench.sync.ask("file", { format: "mp4", points: false });
    for (let second = 0; second < 30; second++) {
      bench.wait(1001);
      bench.here();
    }
    expect(bench.link()).toBe("alive");
  });

  test("leaves no question open while it is gone", async () => {
    const bench = shown();
    bench.model.tell("comm_live_update");
    await expect(bench.sync.ask("file")).rejects.toThrow("The kernel does not answer.");
  });

  test("is not taken for one that needs long for a step", () => {
    const bench = shown();
    bench.act({ kind: "command", name: "step" });
    for (let second = 0; second < 4; second++) {
      bench.wait(1001);
      bench.here();
    }
    expect(bench.link()).toBe("alive");
    expect(bench.sent("poll").length).toBe(4);
  });

  test("stays named while only the worker speaks, and is forgiven at the first answer", async () => {
    const bench = shown({ running: true, status: "running" });
    bench.act({ kind: "command", name: "stop" });
    for (let turn = 0; turn < 20; turn++) {
      bench.wait(400);
      bench.store.dispatch({ kind: "frame", frame: frameOf(2 + turn), atMs: turn });
      await bench.model.update({ step: turn });
    }
    expect(bench.link()).toBe("busy");
    const [command] = bench.store.value.commands;
    bench.model.emit({ k: "reply", rid: command?.rid, ok: true, error: "" });
    expect(bench.link()).toBe("alive");
  });

  test("is named where nobody confirms an edit, follows a pull or takes a mask", async () => {
    const edited = shown();
    edited.aim(90);
    edited.wait(1500);
    expect(edited.link()).toBe("busy");
    await edited.model.update({ points_rev: 9 });
    expect(edited.link()).toBe("alive");
    const pulled = shown({ auto_run: true });
    pulled.act(down(20, 70), move(50, 70));
    pulled.wait(1500);
    expect(pulled.link()).toBe("busy");
    const masked = shown();
    masked.act({ kind: "mode", mode: "mask" }, ...click(50, 50));
    await settled();
    masked.wait(1500);
    expect(masked.link()).toBe("busy");
    masked.here();
    expect(masked.link()).toBe("alive");
  });
});

describe("two pages of one widget", () => {
  test("take what answers a question of the other for no answer of their own", async () => {
    const bench = shown();
    bench.act({ kind: "mode", mode: "mask" }, ...click(50, 50));
    await settled();
    bench.wait(1500);
    expect(bench.link()).toBe("busy");
    bench.here({ n: bench.model.asked + 1 });
    bench.here({ n: bench.model.asked - 3 });
    bench.here({ n: 1 });
    expect(bench.link()).toBe("busy");
    const { mask } = bench.store.value;
    await bench.model.update({ mask: new Uint8Array([128, 96]) });
    expect(bench.store.value.mask).toBe(mask);
    bench.here();
    expect(bench.link()).toBe("alive");
  });

  test("do not wait for ever because the other is answered", () => {
    const bench = shown();
    bench.aim(90);
    bench.wait(10_000);
    bench.here({ n: 1 });
    bench.wait(20_000);
    expect(bench.link()).toBe("silent");
  });
});

describe("a kernel that says nothing for an hour", () => {
  const HOUR_MS = 3_600_000;

  test("in a run is asked ever less often, and what it says then is taken", async () => {
    const bench = shown({ running: true, status: "running" });
    bench.wait(HOUR_MS);
    expect(bench.link()).toBe("silent");
    expect(bench.sent("poll").length).toBeLessThan(200);
    bench.here();
    expect(bench.link()).toBe("back");
    const before = bench.sent("poll").length;
    bench.wait(3000);
    expect(bench.sent("poll").length).toBeGreaterThan(before);
  });

  test("because of a cell, while a person has asked for something, is too", () => {
    const bench = shown({ running: true, status: "running" });
    bench.act({ kind: "command", name: "stop" });
    bench.wait(14_000);
    expect(bench.link()).toBe("busy");
    expect(bench.sent("poll").length).toBeLessThan(12);
    bench.wait(HOUR_MS);
    expect(bench.sent("poll").length).toBeLessThan(200);
  });
});

describe("a kernel that is back", () => {
  test("is asked for while it is silent, and its return is told for a while", async () => {
    const bench = shown();
    bench.aim(90);
    bench.wait(20001);
    expect(bench.link()).toBe("silent");
    const asked = bench.sent("poll").length;
    bench.wait(60000);
    expect(bench.sent("poll").length - asked).toBeGreaterThanOrEqual(2);
    expect(bench.sent("poll").length - asked).toBeLessThan(6);
    bench.here();
    expect(bench.link()).toBe("back");
    await bench.model.update({ points_rev: 9 });
    bench.wait(4001);
    expect(bench.link()).toBe("alive");
  });

  test("is told what was changed by messages, for a lost answer holds the writes of hosts back", async () => {
    const bench = shown();
    bench.act({ kind: "mode", mode: "mask" }, ...click(50, 50));
    await settled();
    bench.aim(90);
    bench.wait(20001);
    bench.model.saved.length = 0;
    bench.here();
    bench.paint();
    await settled();
    expect(bench.model.saved).toEqual([]);
    const points = { handle_points: [[40, 40]], target_points: [[90, 41]], point_ids: [1] };
    const own = { point_edit: { rev: 2, ids: [1], placed: [] }, page_write: { page: 100, n: 3 } };
    const told = bench.sent("set");
    expect(told).toContainEqual({ k: "set", state: { ...points, ...own }, mask: false });
    expect(told).toContainEqual(example(SET.valid, "a mask in the buffer").message);
    const [mask] = bench.model.sentBuffers.flat();
    expect(new Uint8Array(mask ?? [])).toEqual(new Uint8Array([128, 128]));
    bench.act({ kind: "mask_clear" });
    await settled();
    expect(bench.sent("set").at(-1)).toEqual(example(SET.valid, "the mask removed").message);
  });

  test("takes nothing back of a mask that it has not taken", async () => {
    const bench = shown();
    bench.act({ kind: "mode", mode: "mask" }, ...click(50, 50));
    await settled();
    const { mask } = bench.store.value;
    await bench.model.update({ mask: new Uint8Array([128, 96]) });
    expect(bench.store.value.mask).toBe(mask);
    bench.here();
    await bench.model.update({ mask: new Uint8Array([128, 96, 1]) });
    expect(bench.store.value.mask).not.toBe(mask);
  });
});

describe("a kernel that has ended", () => {
  test("is named by the host, takes no commands, and edits stay", () => {
    const bench = shown();
    bench.model.tell("comm_live_update");
    expect(bench.link()).toBe("gone");
    bench.act({ kind: "command", name: "run" });
    expect(bench.store.value.commands).toEqual([]);
    bench.aim(95);
    bench.wait(60000);
    expect(bench.link()).toBe("gone");
    expect(bench.sent("poll").length).toBe(1);
    expect(bench.store.value.pairs[0]?.target).toEqual({ x: 95, y: 41 });
  });

  test("and is there again is told the edits", () => {
    const bench = shown();
    bench.model.tell("comm_live_update");
    bench.aim(95);
    bench.model.saved.length = 0;
    bench.here();
    expect(bench.link()).toBe("back");
    bench.paint();
    expect(bench.sent("set").at(-1)).toMatchObject({ state: { target_points: [[95, 41]] } });
  });
});
