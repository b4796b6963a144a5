/** What is lost on the way from the page to the kernel, in an outage too short to be named. */
import { describe, expect, test } from "vitest";
import { click } from "./builders";
import { settled } from "./fake_model";
import { shown } from "./shown";

const OUTAGE_MS = 3000;

/** A widget on a network that can go away. */
function networked(traits: Record<string, unknown> = {}) {
  const bench = shown({ can_undo: true, ...traits });
  /** Time goes by, and the kernel answers each question that it hears. */
  const live = async (durationMs: number) => {
    for (let passed = 0; passed < durationMs; passed += 100) {
      const before = bench.model.asked;
      bench.wait(100);
      if (bench.model.asked > before) bench.here();
      await settled();
      bench.paint();
    }
  };
  const out = async (call: () => void) => {
    bench.model.deaf = true;
    call();
    await live(OUTAGE_MS);
    bench.model.deaf = false;
    bench.model.sent.length = bench.model.saved.length = 0;
    await live(10_000);
  };
  const rids = (kind: "cmd" | "ask") =>
    bench.sent(kind).flatMap((each) => ("rid" in each ? [each.rid] : []));
  return Object.assign(bench, { live, out, rids });
}

const MASK = [{ kind: "mode", mode: "mask" }, ...click(50, 50)];

describe("in a short outage", () => {
  test("an edit of the points is written again, past the host", async () => {
    const bench = networked();
    await bench.out(() => bench.aim(90));
    expect(bench.model.saved).toEqual([]);
    const told = bench.sent("set");
    expect(told).toMatchObject([{ state: { target_points: [[90, 41]], point_edit: { rev: 2 } } }]);
    await bench.model.update({ target_points: [[90, 41]], points_rev: 2 });
    await bench.live(60_000);
    expect(bench.sent("set").length).toBe(1);
    expect(bench.link()).toBe("alive");
  });

  test("the newest edit is written again, not the one that was lost", async () => {
    const bench = networked();
    await bench.out(() => {
      bench.aim(90);
      bench.aim(70);
    });
    expect(bench.sent("set")).toMatchObject([{ state: { target_points: [[70, 41]] } }]);
  });

  test("a mask is sent again, and what the kernel had before does not take its place", async () => {
    const bench = networked();
    await bench.out(() => bench.act(...MASK));
    expect(bench.sent("set")).toMatchObject([{ mask: true }]);
    expect(bench.model.sentBuffers.some((buffers) => buffers.length === 1)).toBe(true);
    expect(bench.model.writes.mask).toBe(2);
  });

  test("a switch is told again", async () => {
    const bench = networked();
    await bench.out(() => bench.act({ kind: "auto_run", on: true }));
    expect(bench.sent("set")).toMatchObject([{ state: { auto_run: true } }]);
    await bench.live(60_000);
    expect(bench.sent("set").length).toBe(1);
  });

  test("commands are sent again, once, in their order and under their numbers", async () => {
    const bench = networked();
    await bench.out(() =>
      bench.act({ kind: "command", name: "undo" }, { kind: "command", name: "reset" }),
    );
    expect(bench.rids("cmd")).toEqual([100, 101]);
    await bench.live(60_000);
    expect(bench.rids("cmd")).toEqual([100, 101]);
  });

  test("a command that a later one has overtaken is given up in words", async () => {
    const bench = networked();
    bench.model.deaf = true;
    bench.act({ kind: "command", name: "undo" });
    bench.model.deaf = false;
    bench.act({ kind: "sample", seed: 7 });
    bench.model.emit({ k: "reply", rid: 101, ok: true, error: "" });
    bench.model.sent.length = 0;
    await bench.live(3000);
    expect(bench.rids("cmd")).toEqual([]);
    expect(bench.store.value.commands).toEqual([]);
    expect(bench.store.value.problem?.message).toMatch(/"undo" was lost/);
  });

  test("a command is sent again although a stop has overtaken it", async () => {
    const bench = networked({ running: true, status: "running" });
    bench.model.deaf = true;
    bench.act({ kind: "command", name: "undo" });
    bench.model.deaf = false;
    bench.act({ kind: "command", name: "stop" });
    bench.model.emit({ k: "reply", rid: 101, ok: true, error: "" });
    bench.model.sent.length = 0;
    await bench.live(3000);
    expect(bench.rids("cmd")).toEqual([100]);
  });

  test("a question is asked again with its files", async () => {
    const bench = networked();
    let answer: Promise<unknown> = Promise.resolve();
    await bench.out(() => {
      answer = bench.sync.ask("open", { name: "a.dgs" }, [new Uint8Array([1, 2, 3])]);
    });
    expect(bench.rids("ask")).toEqual([100]);
    expect(bench.model.sentBuffers.filter((files) => files[0]?.byteLength === 3).length).toBe(2);
    bench.model.emit({ k: "answer", rid: 100, ok: true, error: "", result: {} });
    await answer;
  });
});

describe("nothing is sent twice", () => {
  test("where everything came", async () => {
    const bench = networked();
    bench.aim(90);
    bench.act(...MASK, { kind: "command", name: "undo" }, { kind: "auto_run", on: true });
    await bench.live(20_000);
    expect(bench.sent("set")).toEqual([]);
    expect(bench.rids("cmd")).toEqual([100]);
  });

  test("where a host holds a write back, and one question overtakes it", async () => {
    const bench = networked();
    bench.aim(90);
    bench.wait(1000);
    const { writes } = bench.model;
    bench.here({ writes: {} });
    await settled();
    bench.wait(1000);
    bench.here({ writes });
    await bench.model.update({ points_rev: 2 });
    await bench.live(20_000);
    expect(bench.sent("set")).toEqual([]);
  });
});
