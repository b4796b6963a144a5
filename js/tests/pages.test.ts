/** Two pages of one widget: what one sets, the other shows, whether the host tells it or not. */
import { describe, expect, test } from "vitest";
import { FIRST_RID, frameOf } from "./builders";
import { Bench } from "./fake_model";

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

test("a page tells under its number whether it can be seen", () => {
  const bench = rested();
  bench.sync.setVisible(bench.view, false);
  bench.sync.setVisible(bench.view, true);
  expect(bench.sent("ack")).toEqual([
    { k: "ack", seq: 1, shown: false, visible: false, page: FIRST_RID },
    { k: "ack", seq: 1, shown: false, visible: true, page: FIRST_RID },
  ]);
});
