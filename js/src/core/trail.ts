/** Which place each pull was told with, so that a frame is known to follow that. */
import type { Vec } from "./geometry";
import type { Followed, FrameInfo } from "./protocol";

export class Trail {
  readonly #told = new Map<number, Followed>();

  /** Notes the place of a pair that the kernel was told under a number. */
  tell(seq: number, id: number, at: Vec): void {
    this.#told.set(seq, { id, at });
  }

  /** The frame with the place that it follows, where this page told that; older places are forgotten. */
  mark(frame: FrameInfo): FrameInfo {
    const follows = this.#told.get(frame.pull);
    for (const seq of this.#told.keys()) if (seq < frame.pull) this.#told.delete(seq);
    return follows ? { ...frame, follows } : frame;
  }
}
