/** Draws the state on two canvases: the picture below, the marks above. Device pixels live here alone. */
import type { Size } from "../core/geometry";
import { veilStrength } from "../core/painting";
import type { State } from "../core/state";
import { drawBrush } from "./brush";
import type { Picture } from "./frame";
import { drawMarks } from "./marks";
import { Veil } from "./veil";

export class Drawing {
  readonly #picture: HTMLCanvasElement;
  readonly #marks: HTMLCanvasElement;
  readonly #veil = new Veil();
  #size: Size = { width: 0, height: 0 };
  #drawn: Picture | null = null;

  constructor(picture: HTMLCanvasElement, marks: HTMLCanvasElement) {
    this.#picture = picture;
    this.#marks = marks;
  }

  /** Notes the size of the canvases in CSS pixels; it may be 0 before the page is laid out. */
  resize(size: Size): void {
    this.#size = size;
  }

  /** Draws; does nothing while there is no room. */
  draw(state: State, picture: Picture | null): void {
    const { width, height } = this.#size;
    if (width <= 0 || height <= 0) return;
    const ratio = window.devicePixelRatio || 1;
    const device = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    const resized = resizeCanvas(this.#picture, device);
    if (picture && (resized || picture !== this.#drawn)) {
      this.#drawn = picture;
      drawPicture(this.#picture, picture.bitmap);
    }
    resizeCanvas(this.#marks, device);
    const context = this.#marks.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, device.width, device.height);
    if (!picture) return;
    const { mask, traits } = state.shared;
    if (mask) {
      const veil = this.#veil.paint(mask, state.view.mode, device.width, device.height, ratio);
      context.globalAlpha = veilStrength(state);
      if (veil) context.drawImage(veil, 0, 0);
      context.globalAlpha = 1;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMarks(context, state, width / traits.imageSize.width);
    drawBrush(context, state, width / traits.imageSize.width);
  }
}

function drawPicture(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

/** Gives a canvas so many device pixels; true when that cleared it. */
function resizeCanvas(canvas: HTMLCanvasElement, { width, height }: Size): boolean {
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}
