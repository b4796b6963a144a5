/** Pictures that come: put together from their parts, and asked for where some are missing. */
import { Parts } from "./parts";
import type { Poller } from "./poller";
import type { FrameInfo, Part } from "./protocol";

export class Incoming {
  readonly #parts = new Parts();
  readonly #poller: Pick<Poller, "picture" | "ask">;
  readonly #passed: (seq: number) => void;
  #newestSeq = 0;

  /** @param passed is told of what has come and is not shown */
  constructor(poller: Pick<Poller, "picture" | "ask">, passed: (seq: number) => void) {
    this.#poller = poller;
    this.#passed = passed;
  }

  /** The number of the newest frame or part that has come. */
  get have(): number {
    return this.#parts.newestSeq ?? this.#newestSeq;
  }

  /** True while the end of a picture is awaited. */
  get isPartial(): boolean {
    return this.#parts.newestSeq !== null;
  }

  /** Takes a part in. */
  take(part: Part): void {
    const before = this.have;
    this.#parts.take(part);
    this.#passed(part.seq);
    this.#poller.picture(this.have !== before, { part: true });
  }

  /** The whole picture of a frame; null where a part is missing. */
  whole(frame: FrameInfo, end: Uint8Array): Uint8Array | null {
    const isNew = frame.seq > this.have;
    const picture = this.#parts.whole(frame, end);
    if (!picture) {
      this.#passed(frame.seq);
      this.#poller.ask();
      return null;
    }
    this.#newestSeq = Math.max(this.#newestSeq, frame.seq);
    this.#poller.picture(isNew, { part: false, delayMs: frame.delayMs });
    return picture;
  }
}
