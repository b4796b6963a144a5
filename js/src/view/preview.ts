/** Shows the picture ahead of its frames while a pointer pulls at it, by warping the last one around the handle. */
import { type Ahead, aheadOf, warpAhead } from "../core/ahead";
import type { Shared } from "../core/state";
import { freedom, type Patch, patchOf, resized, type Warp, warpPixels } from "../core/warp";
import type { Inset } from "./picture_layer";

/** Without a new frame for this long after the pointer has let go, the picture is shown as it is. */
const FORGET_MS = 500;

export class Preview {
  readonly #changed: () => void;
  readonly #calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  readonly #source = new OffscreenCanvas(1, 1);
  readonly #patch = new OffscreenCanvas(1, 1);
  #ahead: Ahead | null = null;
  #timer = 0;

  /** @param changed told when the picture is to be drawn anew for another reason than a change of the state */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Notes the state; what is shown ahead follows from what came before. */
  update(shared: Shared): void {
    const before = this.#ahead;
    this.#ahead = this.#calm.matches ? null : aheadOf(before, shared);
    if (this.#ahead === before) return;
    window.clearTimeout(this.#timer);
    if (this.#ahead?.pulled === false) {
      this.#timer = window.setTimeout(() => {
        this.#ahead = null;
        this.#changed();
      }, FORGET_MS);
    }
  }

  /** How the picture is warped; null where it is shown as it is. */
  warp(shared: Shared): Warp | null {
    return warpAhead(this.#ahead, shared);
  }

  /** The part of a picture that a warp, in image pixels, changes, as it changes it; what may not move stays. */
  draw(bitmap: ImageBitmap, warp: Warp, { traits, mask }: Shared): Inset | null {
    const { width, height } = bitmap;
    // A picture on its way may be smaller than the image.
    const times = width / traits.imageSize.width;
    const there = resized(warp, times);
    const patch = patchOf(there, { width, height });
    const source = this.#read(bitmap, patch);
    const context = this.#patch.getContext("2d");
    if (!source || !context) return null;
    const target = new ImageData(patch.width, patch.height);
    const free = mask && freedom(mask, patch, times);
    const colours = new Uint32Array(source.data.buffer);
    warpPixels(there, patch, colours, new Uint32Array(target.data.buffer), free);
    if (this.#patch.width !== patch.width || this.#patch.height !== patch.height) {
      this.#patch.width = patch.width;
      this.#patch.height = patch.height;
    }
    context.putImageData(target, 0, 0);
    return {
      canvas: this.#patch,
      left: patch.left / times,
      top: patch.top / times,
      width: patch.width / times,
      height: patch.height / times,
      rim: 1 / times,
    };
  }

  close(): void {
    window.clearTimeout(this.#timer);
  }

  /** The pixels of a patch; the whole picture may be large. */
  #read(bitmap: ImageBitmap, { left, top, width, height }: Patch): ImageData | null {
    const source = this.#source;
    if (source.width < width) source.width = width;
    if (source.height < height) source.height = height;
    const context = source.getContext("2d", { willReadFrequently: true, alpha: false });
    context?.drawImage(bitmap, -left, -top);
    return context?.getImageData(0, 0, width, height) ?? null;
  }
}
