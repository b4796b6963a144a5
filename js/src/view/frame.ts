/** Turns the bytes of frames into a bitmap on the screen; late ones are dropped, the newest wins. */
import { Newest } from "../core/newest";
import type { FrameInfo } from "../core/protocol";
import { bitmapOf } from "./bitmap";

/** The picture on the screen. */
export interface Picture {
  readonly frame: FrameInfo;
  readonly bitmap: ImageBitmap;
}

/** A frame as it came. */
interface Received {
  readonly frame: FrameInfo;
  readonly bytes: Uint8Array;
}

/** A page in the background paints nothing; after this time work goes on without. */
const PAINT_PATIENCE_MS = 250;

/** Calls back once, right before the next paint, or soon where the page does not paint. */
export function beforePaint(callback: () => void): void {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    window.clearTimeout(timer);
    window.cancelAnimationFrame(request);
    callback();
  };
  const timer = window.setTimeout(once, PAINT_PATIENCE_MS);
  const request = window.requestAnimationFrame(once);
}

export class FrameStream {
  readonly #place: (frame: FrameInfo) => void;
  readonly #done: (frame: FrameInfo, shown: boolean) => void;
  readonly #listeners = new Set<() => void>();
  readonly #newest = new Newest<Received, ImageBitmap>(
    ({ frame, bytes }) => bitmapOf(bytes, frame.mime),
    ({ frame }, bitmap) => this.#present({ frame, bitmap }),
    (_, { frame }) => this.#drop(frame),
  );
  /** Kernels count from 1; a kept picture, which is older than all of them, is 0. */
  #newestSeq = -1;
  #ready: Picture | null = null;
  #shown: Picture | null = null;
  #closed = false;

  /**
   * @param place called right before the views draw a frame, so that the marks go where they belong on it
   * @param done called when the views have drawn a frame (true) or it was dropped (false)
   */
  constructor(place: (frame: FrameInfo) => void, done: (frame: FrameInfo, shown: boolean) => void) {
    this.#place = place;
    this.#done = done;
  }

  /** What the views draw; null before the first frame. */
  get picture(): Picture | null {
    return this.#shown;
  }

  /** Takes a frame in; one that is not newer than the newest is done at once. */
  push(frame: FrameInfo, bytes: Uint8Array): void {
    if (frame.seq <= this.#newestSeq) {
      this.#done(frame, false);
      return;
    }
    this.#newestSeq = frame.seq;
    this.#newest.want({ frame, bytes });
  }

  /** Calls back in the animation frame in which a new picture is to be drawn; returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#newest.want(null);
    this.#ready?.bitmap.close();
    this.#shown?.bitmap.close();
    this.#ready = null;
    this.#shown = null;
  }

  /** Has the kernel told that a frame cannot be read. */
  #drop(frame: FrameInfo): void {
    if (!this.#closed) this.#done(frame, false);
  }

  /** Has the picture shown with the next paint, in place of one that waits for the same. */
  #present(picture: Picture): void {
    if (this.#closed) {
      picture.bitmap.close();
      return;
    }
    const scheduled = this.#ready !== null;
    this.#ready?.bitmap.close();
    this.#ready = picture;
    if (!scheduled) beforePaint(() => this.#show());
  }

  #show(): void {
    const picture = this.#ready;
    if (!picture) return;
    this.#ready = null;
    this.#shown?.bitmap.close();
    this.#shown = picture;
    this.#place(picture.frame);
    for (const listener of [...this.#listeners]) listener();
    this.#done(picture.frame, true);
  }
}
