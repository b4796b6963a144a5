/** The veil over the part of the picture that may not move: dimmed, and hatched while it is painted. */
import { clamp } from "../core/geometry";
import type { Mask } from "../core/mask";
import type { Mode } from "../core/state";

/** Dimming, and hatching in device-independent pixels. */
const DIM = { points: "rgba(14, 18, 28, 0.4)", mask: "rgba(14, 18, 28, 0.62)" } as const;
const HATCH = "rgba(255, 255, 255, 0.28)";
const HATCH_GAP_PX = 9;

/** How soft the rim is, and how far the stencil goes beyond the picture, in image pixels. */
const SOFT_PX = 0.7;
const MARGIN_PX = 3;

export class Veil {
  #mask: Mask | null = null;
  #look = "";
  #canvas: OffscreenCanvas | null = null;

  /**
   * The veil as a picture; kept until the mask or its look changes.
   *
   * @param mask 255 may move and stays clear
   * @param mode hatched in mask mode only
   * @param width of the canvas in device pixels
   * @param height of the canvas in device pixels
   * @param ratio device pixels per CSS pixel
   */
  paint(
    mask: Mask,
    mode: Mode,
    width: number,
    height: number,
    ratio: number,
  ): OffscreenCanvas | null {
    const look = `${mode} ${width} ${height} ${ratio}`;
    if (mask === this.#mask && look === this.#look) return this.#canvas;
    this.#mask = mask;
    this.#look = look;
    this.#canvas = veil(mask, mode, width, height, ratio);
    return this.#canvas;
  }
}

function veil(
  mask: Mask,
  mode: Mode,
  width: number,
  height: number,
  ratio: number,
): OffscreenCanvas | null {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const stencil = stencilOf(mask);
  if (!context || !stencil) return null;
  context.fillStyle = DIM[mode];
  context.fillRect(0, 0, width, height);
  if (mode === "mask") {
    context.strokeStyle = HATCH;
    context.lineWidth = ratio;
    context.beginPath();
    for (let x = -height; x < width; x += HATCH_GAP_PX * ratio) {
      context.moveTo(x, height);
      context.lineTo(x + height, 0);
    }
    context.stroke();
  }
  context.globalCompositeOperation = "destination-in";
  context.imageSmoothingQuality = "high";
  const scaleX = width / mask.width;
  const scaleY = height / mask.height;
  context.filter = `blur(${SOFT_PX * scaleX}px)`;
  context.drawImage(
    stencil,
    -MARGIN_PX * scaleX,
    -MARGIN_PX * scaleY,
    stencil.width * scaleX,
    stencil.height * scaleY,
  );
  return canvas;
}

/** The mask as an alpha channel, opaque where nothing may move, continued beyond its rim so that blurring keeps that. */
function stencilOf(mask: Mask): OffscreenCanvas | null {
  const width = mask.width + 2 * MARGIN_PX;
  const height = mask.height + 2 * MARGIN_PX;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) return null;
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    const row = clamp(y - MARGIN_PX, 0, mask.height - 1) * mask.width;
    for (let x = 0; x < width; x++) {
      const value = mask.data[row + clamp(x - MARGIN_PX, 0, mask.width - 1)] ?? 0;
      image.data[4 * (y * width + x) + 3] = 255 - value;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
