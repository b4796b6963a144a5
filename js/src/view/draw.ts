/** Draws the state on canvases: the picture below, the marks above, a magnifier over both. Device pixels live here alone. */
import { type Lens, lensOf } from "../core/camera";
import type { Size, Vec } from "../core/geometry";
import { veilStrength } from "../core/painting";
import { isComparing } from "../core/sight";
import type { State } from "../core/state";
import { pointShowing, type Warp } from "../core/warp";
import { drawBrush } from "./brush";
import type { Picture } from "./frame";
import type { Loupe } from "./loupe";
import { drawMarks } from "./marks";
import { drawOver, drawScene, type Scene } from "./picture_layer";
import type { Preview } from "./preview";
import { Veil } from "./veil";

/** Marks beside a comparison let the picture through. */
const COMPARED_ALPHA = 0.3;

export class Drawing {
  readonly #picture: HTMLCanvasElement;
  readonly #marks: HTMLCanvasElement;
  readonly #loupe: Loupe;
  readonly #preview: Preview;
  readonly #veil = new Veil();
  #size: Size = { width: 0, height: 0 };
  #drawn: readonly unknown[] = [];
  #scene: Scene | null = null;

  constructor(
    picture: HTMLCanvasElement,
    marks: HTMLCanvasElement,
    loupe: Loupe,
    preview: Preview,
  ) {
    this.#picture = picture;
    this.#marks = marks;
    this.#loupe = loupe;
    this.#preview = preview;
  }

  /** Notes the size of the canvases in CSS pixels; it may be 0 before the page is laid out. */
  resize(size: Size): void {
    this.#size = size;
  }

  /**
   * Draws; does nothing while there is no room.
   *
   * @param state read only
   * @param picture the newest picture, null before the first
   * @param before the picture at the start, null while it is not known
   */
  draw(state: State, picture: Picture | null, before: ImageBitmap | null): void {
    const { width, height } = this.#size;
    if (width <= 0 || height <= 0) return;
    const ratio = window.devicePixelRatio || 1;
    const device = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    const { shared, view } = state;
    const image = shared.traits.imageSize;
    const lens = lensOf(view.camera, this.#size, image);
    const near = lensOf(view.camera, device, image);
    const warp = picture && this.#preview.warp(shared);
    if (resizeCanvas(this.#picture, device)) this.#drawn = [];
    if (picture) this.#drawPicture(state, picture, before, warp, near);
    resizeCanvas(this.#marks, device);
    const context = this.#marks.getContext("2d");
    if (!context) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, device.width, device.height);
    const marked = warp ? ahead(state, warp) : state;
    const veil =
      shared.mask && this.#veil.paint(shared.mask, view.mode, device.width, device.height, ratio);
    this.#loupe.draw(marked, this.#scene, veil, lens, this.#size);
    if (!picture || view.compare.held) return;
    if (view.compare.split) context.globalAlpha = COMPARED_ALPHA;
    const alpha = context.globalAlpha;
    context.globalAlpha = alpha * veilStrength(state);
    if (veil) drawOver(context, veil, near, image);
    context.globalAlpha = alpha;
    context.setTransform(ratio, 0, 0, ratio, near.origin.x, near.origin.y);
    drawMarks(context, marked, lens.scale);
    drawBrush(context, marked, lens.scale);
    context.globalAlpha = 1;
  }

  /** Draws the picture unless it is there already. */
  #drawPicture(
    { shared, view }: State,
    picture: Picture,
    before: ImageBitmap | null,
    warp: Warp | null,
    lens: Lens,
  ): void {
    const { held, divider } = view.compare;
    const part = held ? 1 : divider;
    const compared = before && isComparing(view.compare) ? { picture: before, part } : null;
    const image = shared.traits.imageSize;
    const wanted = [
      picture.bitmap,
      view.camera,
      compared?.picture,
      compared?.part,
      image.width,
      warp?.to,
      warp && shared.mask,
    ];
    if (wanted.every((each, index) => isSame(each, this.#drawn[index]))) return;
    this.#drawn = wanted;
    this.#scene = {
      picture: picture.bitmap,
      inset: warp && this.#preview.draw(picture.bitmap, warp, shared),
      before: compared,
      camera: view.camera,
      lens,
      image,
    };
    drawScene(this.#picture, this.#scene);
  }
}

/** The state with the handles where a warped picture shows them. */
function ahead(state: State, warp: Warp): State {
  const pairs = state.shared.pairs.map((pair) => ({
    ...pair,
    handle: pointShowing(warp, pair.handle),
  }));
  return { ...state, shared: { ...state.shared, pairs } };
}

/** True for the same thing, and for equal places: a warp is made anew for every drawing. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || (isPlace(a) && isPlace(b) && a.x === b.x && a.y === b.y);
}

function isPlace(value: unknown): value is Vec {
  return typeof value === "object" && value !== null && "x" in value && "y" in value;
}

/** Gives a canvas so many device pixels; true when that cleared it. */
function resizeCanvas(canvas: HTMLCanvasElement, { width, height }: Size): boolean {
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}
