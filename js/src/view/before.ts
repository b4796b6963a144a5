/** The picture as it was at the start, for comparison: kept from the frames where they show it, and asked for. */
import type { Ask } from "../core/asks";
import { isText } from "../core/decode";
import { isComparing } from "../core/sight";
import type { State } from "../core/state";
import { bitmapOf } from "./bitmap";
import type { FrameStream } from "./frame";

export class Before {
  readonly #frames: FrameStream;
  readonly #ask: Ask;
  readonly #changed: () => void;
  #of = "";
  #position = 0;
  #newerThan = 0;
  #picture: ImageBitmap | null = null;
  #comparing = false;
  #closed = false;

  /**
   * @param frames pictures of the widget
   * @param ask asks the kernel
   * @param changed told when there is another picture
   */
  constructor(frames: FrameStream, ask: Ask, changed: () => void) {
    this.#frames = frames;
    this.#ask = ask;
    this.#changed = changed;
  }

  /** The picture at the start; null while it is not known. */
  get picture(): ImageBitmap | null {
    return this.#picture;
  }

  /** Looks after the picture in a state; asks for it whenever a comparison begins, as only the kernel knows for sure. */
  update({ shared, view }: State): void {
    const { generatorName, seed, imageSize, status, historyPosition } = shared.traits;
    const of = `${generatorName} ${seed} ${imageSize.width} ${imageSize.height}`;
    if (of !== this.#of) {
      this.#of = of;
      this.#keep(null);
      this.#newerThan = this.#frames.picture?.frame.seq ?? 0;
      if (this.#comparing) void this.#fetch();
    }
    const comparing = isComparing(view.compare);
    // Elsewhere in the history, or after a file was opened, another picture may be the first one of the same seed.
    const moved = historyPosition !== this.#position;
    this.#position = historyPosition;
    if (comparing && (moved || !this.#comparing)) void this.#fetch();
    this.#comparing = comparing;
    const shown = this.#frames.picture;
    if (this.#picture || !shown?.frame.final || shown.frame.seq <= this.#newerThan) return;
    // The first picture at rest that nothing was done to shows the start, most likely, and is there at once.
    if (status === "idle") this.#keep(copyOf(shown.bitmap));
  }

  close(): void {
    this.#closed = true;
    this.#keep(null);
  }

  async #fetch(): Promise<void> {
    const of = this.#of;
    try {
      const { result, files } = await this.#ask("picture", { of: "start" });
      const [bytes] = files;
      if (!bytes) return;
      const bitmap = await bitmapOf(bytes, isText(result.mime) ? result.mime : "");
      if (this.#closed || of !== this.#of) {
        bitmap.close();
        return;
      }
      this.#keep(bitmap);
      this.#changed();
    } catch {
      // A kernel that does not answer shows that elsewhere; what was kept stays the best that is known.
    }
  }

  #keep(bitmap: ImageBitmap | null): void {
    this.#picture?.close();
    this.#picture = bitmap;
  }
}

function copyOf(bitmap: ImageBitmap): ImageBitmap {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return canvas.transferToImageBitmap();
}
