/** Pictures that come: put together from their parts, and asked for where they do not come. */
import { Alarms, type Later } from "./alarms";
import { Parts } from "./parts";
import type { FrameInfo, Part } from "./protocol";

/** A frame that is awaited is asked for after this time and that of two answers, then ever less often. */
const POLL_MS = 300;
const POLL_SLOWEST_MS = 2400;

/** A part that is awaited is asked for only then: where pictures come in parts, the way is slow. */
const PART_MS = POLL_SLOWEST_MS;

export class Incoming {
  readonly #parts = new Parts();
  readonly #alarms: Alarms<"poll">;
  readonly #ask: () => void;
  #newestSeq = 0;
  #delayMs = 0;
  #pollMs = POLL_MS;
  #due = false;

  /** @param ask asks the kernel for what is newer than `have` */
  constructor(later: Later, ask: () => void) {
    this.#alarms = new Alarms(later);
    this.#ask = ask;
  }

  /** The number of the newest frame or part that has come. */
  get have(): number {
    return this.#parts.newestSeq ?? this.#newestSeq;
  }

  /** Takes a part in. */
  take(part: Part): void {
    this.#parts.take(part);
    this.#wait(PART_MS);
  }

  /** The whole picture of a frame; null where a part is missing. */
  whole(frame: FrameInfo, end: Uint8Array): Uint8Array | null {
    const picture = this.#parts.whole(frame, end);
    if (!picture) return null;
    this.#newestSeq = Math.max(this.#newestSeq, frame.seq);
    this.#delayMs = frame.delayMs;
    this.expect();
    return picture;
  }

  /** Counts the time to the next frame anew. */
  expect(): void {
    this.#wait(POLL_MS);
  }

  /** Asks for frames as long as one is due and does not come: some hosts deliver only what answers a message. */
  watch(due: boolean): void {
    this.#due = due;
    if (!due && this.#parts.newestSeq === null) {
      this.#alarms.cancel("poll");
      return;
    }
    this.#alarms.set("poll", this.#pollMs, () => {
      this.#pollMs = Math.max(this.#pollMs, Math.min(this.#pollMs * 2, POLL_SLOWEST_MS));
      this.#ask();
      this.watch(this.#due);
    });
  }

  close(): void {
    this.#alarms.cancelAll();
  }

  #wait(delayMs: number): void {
    this.#pollMs = delayMs + 2 * this.#delayMs;
    this.#alarms.cancel("poll");
    this.watch(this.#due);
  }
}
