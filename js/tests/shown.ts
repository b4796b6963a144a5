/** A widget that has come to rest with a pair of points, and hands on it. */
import { movePart } from "../src/core/points";
import { ViewStore } from "../src/core/store";
import type { ViewAction } from "../src/core/types";
import { frameOf } from "./builders";
import { Bench } from "./fake_model";

export const ONE_POINT = {
  handle_points: [[40, 40]],
  target_points: [[80, 40]],
  point_ids: [1],
  point_edit: { rev: 1, ids: [1], placed: [1] },
  points_rev: 1,
};

/** A bench with a view that has its picture, and hands on it. */
export function shown(traits: Record<string, unknown> = {}) {
  const bench = new Bench({ ...ONE_POINT, ...traits });
  bench.store.dispatch({ kind: "frame", frame: frameOf(1), atMs: 0 });
  bench.sync.hello(bench.view, true);
  bench.here();
  bench.model.sent.length = 0;
  const view = new ViewStore(bench.store);
  const act = (...actions: unknown[]) => {
    for (const action of actions as ViewAction[]) view.dispatch(action);
  };
  const aim = (x: number) => {
    bench.store.replace(movePart(bench.store.value, { id: 1, part: "target" }, { x, y: 41 }));
    bench.paint();
  };
  return Object.assign(bench, { act, aim, link: () => bench.store.value.link });
}
