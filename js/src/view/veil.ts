/** The veil over the part of the picture that may not move: dimmed, and hatched while it is painted. */
import type { Mask } from "../core/mask";
import type { Mode } from "../core/state";

/** Dimming, and hatching in device-independent pixels. */
const DIM = { points: "rgba(14, 18, 28, 0.4)", mask: "rgba(14, 18, 28, 0.62)" } as const;
const HATCH = "rgba(255, 255, 255, 0.28)";
const HATCH_GAP_PX = 9;

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
  // Scaling the stencil up smoothly makes the rim soft.
  context.globalCompositeOperation = "destination-in";
  context.imageSmoothingQuality = "high";
  context.drawImage(stencil, 0, 0, width, height);
  return canvas;
}

/** The mask as an alpha channel at image size: opaque where nothing may move. */
function stencilOf(mask: Mask): OffscreenCanvas | null {
  const canvas = new OffscreenCanvas(mask.width, mask.height);
  const context = canvas.getContext("2d");
  if (!context) return null;
  const image = context.createImageData(mask.width, mask.height);
  for (let index = 0; index < mask.data.length; index++) {
    image.data[4 * index + 3] = 255 - (mask.data[index] ?? 0);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
