/** Two pages of one widget: what one sets, the other shows, whether the host tells it or not. */
import { describe, expect, test } from "vitest";
import { ViewStore } from "../src/core/store";
import { FIRST_RID, frameOf } from "./builders";
import { Bench, settled } from "./fake_model";

const LONG_MS = 10_000;

/** A page whose widget has its first picture and whose first questions are answered. */
function rested(): Bench {
  const bench = new Bench({ _state_rev: 5, mask: null });
  bench.sync.hello(bench.view, true);
  bench.store.dispatch({ kind: "frame", frame: frameOf(1), atMs: 0 });
  bench.here({ state_rev: 5 });
  bench.wait(LONG_MS);
  bench.model.sent.length = 0;
  return bench;
}

describe("what another page has set", () => {
  test("is shown and not written back", async () => {
    const bench = rested();
    await bench.model.update({ blend_outside: true, auto_run: true, _state_rev: 6 });
    expect(bench.store.value.traits).toMatchObject({ blendOutside: true, autoRun: true });
    bench.wait(LONG_MS);
    expect(bench.model.saved).toEqual([]);
    expect(bench.sent("set")).toEqual([]);
  });

  test("is asked for when its echo does not come", async () => {
    const bench = rested();
    await bench.model.update({ status: "idle", _state_rev: 7 });
    bench.wait(LONG_MS);
    expect(bench.sent("poll")[0]).toMatchObject({ page: FIRST_RID, state_rev: 5 });
  });
});

describe("a switch that the kernel may not know yet", () => {
  test("stays as a person has set it, whatever was told before", async () => {
    const bench = rested();
    const view = new ViewStore(bench.store);
    bench.model.deaf = true;
    view.dispatch({ kind: "auto_run", on: true });
    await bench.model.update({ auto_run: false, status: "idle", _state_rev: 6 });
    expect(bench.store.value.traits.autoRun).toBe(true);
    bench.model.deaf = false;
    for (const _ of [1, 2]) {
      bench.wait(LONG_MS);
      bench.here({ state_rev: 6 });
    }
    expect(bench.sent("set").at(-1)).toMatchObject({ state: { auto_run: true } });
    bench.wait(LONG_MS);
    bench.here({ state_rev: 6 });
    await settled();
    expect(bench.store.value.traits.autoRun).toBe(true);
  });

  test("is what the kernel has made of it, once it has", async () => {
    const bench = rested();
    new ViewStore(bench.store).dispatch({ kind: "blend_outside", on: true });
    await bench.model.update({ blend_outside: false, _state_rev: 6 });
    expect(bench.store.value.traits.blendOutside).toBe(true);
    bench.wait(LONG_MS);
    bench.here({ state_rev: 6 });
    await settled();
    expect(bench.store.value.traits.blendOutside).toBe(false);
  });
});

test("a page tells under its number whether it can be seen", () => {
  const bench = rested();
  bench.sync.setVisible(bench.view, false);
  bench.sync.setVisible(bench.view, true);
  expect(bench.sent("ack")).toEqual([
    { k: "ack", seq: 1, shown: false, visible: false, page: FIRST_RID },
    { k: "ack", seq: 1, shown: false, visible: true, page: FIRST_RID },
  ]);
});
