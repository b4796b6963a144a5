/** Draws the picture through the camera: smooth from afar, as squares from near, with the start beside it where that is compared. */
import { type Camera, GRID_ZOOM, type Lens, PIXELS_ZOOM } from "../core/camera";
import type { Size } from "../core/geometry";

/** A picture that replaces a part of the one below it, in image pixels. */
export interface Inset {
  readonly canvas: OffscreenCanvas;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** So much of its rim is as in the picture below, so that the two join without a seam. */
  readonly rim: number;
}

/** What is drawn. */
export interface Scene {
  readonly picture: ImageBitmap;
  /** Drawn over the picture where it shows another place than it would; null for none. */
  readonly inset: Inset | null;
  /** The start, and the part of the stage's width on which it is shown; null for none. */
  readonly before: { readonly picture: ImageBitmap; readonly part: number } | null;
  readonly camera: Camera;
  /** Of the stage, in device pixels per image pixel. */
  readonly lens: Lens;
  readonly image: Size;
}

/** A grid is drawn where its squares have at least so many device pixels. */
const LEAST_SQUARE_PX = 6;
const GRID_DARK = "rgba(10, 14, 22, 0.28)";
const GRID_LIGHT = "rgba(255, 255, 255, 0.2)";

/** Draws a scene over the whole canvas. */
export function drawScene(canvas: HTMLCanvasElement, scene: Scene): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { camera, lens, image, inset, before } = scene;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.imageSmoothingEnabled = camera.zoom < PIXELS_ZOOM;
  context.imageSmoothingQuality = "high";
  const place = (picture: CanvasImageSource, left: number, top: number, size: Size) =>
    context.drawImage(
      picture,
      lens.origin.x + left * lens.scale,
      lens.origin.y + top * lens.scale,
      size.width * lens.scale,
      size.height * lens.scale,
    );
  place(scene.picture, 0, 0, image);
  if (inset) {
    const { left, top, width, height, rim } = inset;
    const box = [
      lens.origin.x + (left + rim) * lens.scale,
      lens.origin.y + (top + rim) * lens.scale,
      (width - 2 * rim) * lens.scale,
      (height - 2 * rim) * lens.scale,
    ] as const;
    clipped(context, box, () => place(inset.canvas, left, top, { width, height }));
  }
  if (before) {
    const width = Math.round(before.part * canvas.width);
    clipped(context, [0, 0, width, canvas.height], () => place(before.picture, 0, 0, image));
  }
  if (camera.zoom >= GRID_ZOOM && lens.scale >= LEAST_SQUARE_PX) drawGrid(context, lens, image);
}

/** Draws something that covers the image over what is drawn through a lens, in device pixels. */
export function drawOver(
  context: CanvasRenderingContext2D,
  cover: CanvasImageSource,
  { scale, origin }: Lens,
  image: Size,
): void {
  context.drawImage(cover, origin.x, origin.y, image.width * scale, image.height * scale);
}

function clipped(
  context: CanvasRenderingContext2D,
  box: readonly [number, number, number, number],
  draw: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(...box);
  context.clip();
  draw();
  context.restore();
}

/** Lines between the pixels: a dark and a light one side by side, so that they show on any picture. */
function drawGrid(context: CanvasRenderingContext2D, { scale, origin }: Lens, image: Size): void {
  const { width, height } = context.canvas;
  const lines = (from: number, count: number, length: number) => {
    const first = Math.max(1, Math.ceil(-from / scale));
    const last = Math.min(count - 1, Math.floor((length - from) / scale));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
      Math.round(from + (first + index) * scale),
    );
  };
  for (const [colour, aside] of [
    [GRID_DARK, 0],
    [GRID_LIGHT, 1],
  ] as const) {
    context.fillStyle = colour;
    for (const x of lines(origin.x, image.width, width)) {
      context.fillRect(x + aside, 0, 1, height);
    }
    for (const y of lines(origin.y, image.height, height)) {
      context.fillRect(0, y + aside, width, 1);
    }
  }
}
