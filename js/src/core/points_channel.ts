/** Carries the points between the store and their traits: written once per paint, and at once before what is to follow. */
import { isConfirmed } from "./points";
import type { Ports } from "./ports";
import { decodePairs, encodePairs } from "./protocol";
import type { SharedStore } from "./store";
import { decodeRev } from "./traits";

/** The traits that it reads. */
export const POINT_TRAITS: readonly string[] = [
  "handle_points",
  "target_points",
  "point_ids",
  "points_rev",
];

export class PointsChannel {
  readonly #store: SharedStore;
  readonly #beforePaint: Ports["beforePaint"];
  readonly #write: (values: Record<string, unknown>) => void;
  #writtenRev = 0;
  #due = false;
  #closed = false;

  /** @param write sets traits */
  constructor(
    store: SharedStore,
    beforePaint: Ports["beforePaint"],
    write: (values: Record<string, unknown>) => void,
  ) {
    this.#store = store;
    this.#beforePaint = beforePaint;
    this.#write = write;
  }

  /** Has an edit that the kernel has not confirmed written before the next paint. */
  tell(): void {
    if (this.#due || !this.#isNew || isConfirmed(this.#store.value)) return;
    this.#due = true;
    this.#beforePaint(() => {
      this.#due = false;
      if (!this.#closed) this.write();
    });
  }

  /** Writes an edit that was not written yet. */
  write(): void {
    if (!this.#isNew) return;
    const { edit, pairs } = this.#store.value;
    this.#writtenRev = edit.rev;
    const points = encodePairs(pairs);
    const point_edit = { rev: edit.rev, ids: points.point_ids, placed: [...edit.placed] };
    this.#write({ ...points, point_edit });
  }

  /** Takes in the values of the traits. */
  receive(get: (name: string) => unknown): void {
    const [handles, targets, ids, rev] = POINT_TRAITS.map(get);
    const pairs = decodePairs(handles, targets, ids);
    this.#store.dispatch({ kind: "points", pairs, pointsRev: decodeRev(rev) });
  }

  /** Has an edit that may have been lost written again. */
  again(): void {
    this.#writtenRev = 0;
  }

  close(): void {
    this.#closed = true;
  }

  get #isNew(): boolean {
    return this.#store.value.edit.rev > this.#writtenRev;
  }
}
