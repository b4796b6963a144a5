/**
 * The veil over the part of the picture that may not move: dimmed with a soft rim, and hatched while it is painted.
 *
 * A light along the rim lies where the picture may move, so that light meets dark there on any picture: no one needs
 * to see colours for it.
 */
import { clamp } from "../core/geometry";
import type { Mask } from "../core/mask";
import type { Mode } from "../core/state";

/** Dimming, and hatching in device-independent pixels. */
const DIM = { points: "rgba(14, 18, 28, 0.4)", mask: "rgba(14, 18, 28, 0.62)" } as const;
const HATCH = "rgba(255, 255, 255, 0.26)";
const HATCH_GAP_PX = 9;

/** The light along the rim; weaker where it would only distract from the points. */
const GLOW = { points: "rgba(255, 255, 255, 0.4)", mask: "rgba(255, 255, 255, 0.95)" } as const;

/** How soft the rim is and how far its light reaches, as parts of the picture's longer side. */
const SOFT_PART = 0.006;
const GLOW_PART = 0.016;

/** A mask is softened at this size at most, in pixels: beyond, a blur costs more than it shows. */
const SOFTENED_PX = 512;

/** How far the stencil goes on beyond the picture, as a part of it: farther than blurs reach. */
const MARGIN_PART = 0.06;

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
  const stencil = stencilOf(mask);
  const longest = Math.max(stencil.width, stencil.height);
  const soft = blurred(stencil, SOFT_PART * longest);
  const marginX = MARGIN_PART * width;
  const marginY = MARGIN_PART * height;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) return null;
  const laid = (picture: OffscreenCanvas) =>
    context.drawImage(picture, -marginX, -marginY, width + 2 * marginX, height + 2 * marginY);
  context.imageSmoothingQuality = "high";
  context.fillStyle = DIM[mode];
  context.fillRect(0, 0, width, height);
  if (mode === "mask") hatch(context, width, height, ratio);
  context.globalCompositeOperation = "destination-in";
  laid(soft);
  context.globalCompositeOperation = "source-over";
  laid(glowBeside(blurred(stencil, GLOW_PART * longest), soft, GLOW[mode]));
  return canvas;
}

function hatch(
  context: OffscreenCanvasRenderingContext2D,
  width: number,
  height: number,
  ratio: number,
): void {
  context.strokeStyle = HATCH;
  context.lineWidth = ratio;
  context.beginPath();
  for (let x = -height; x < width; x += HATCH_GAP_PX * ratio) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
}

/** What of a wide rim lies beyond a narrow one, in one colour. */
function glowBeside(
  wide: OffscreenCanvas,
  narrow: OffscreenCanvas,
  colour: string,
): OffscreenCanvas {
  const canvas = new OffscreenCanvas(wide.width, wide.height);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.drawImage(wide, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "destination-out";
  context.drawImage(narrow, 0, 0);
  return canvas;
}

function blurred(picture: OffscreenCanvas, radiusPx: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  if (!context) return picture;
  context.filter = `blur(${radiusPx}px)`;
  context.drawImage(picture, 0, 0);
  return canvas;
}

/** The mask as an alpha channel, opaque where nothing may move, continued beyond its rim so that blurring keeps that. */
function stencilOf(mask: Mask): OffscreenCanvas {
  const { width, height } = mask;
  const marginX = Math.round(MARGIN_PART * width);
  const marginY = Math.round(MARGIN_PART * height);
  const whole = new OffscreenCanvas(width + 2 * marginX, height + 2 * marginY);
  const context = whole.getContext("2d");
  if (!context) return whole;
  const image = context.createImageData(whole.width, whole.height);
  for (let y = 0; y < whole.height; y++) {
    const row = clamp(y - marginY, 0, height - 1) * width;
    for (let x = 0; x < whole.width; x++) {
      const value = mask.data[row + clamp(x - marginX, 0, width - 1)] ?? 0;
      image.data[4 * (y * whole.width + x) + 3] = 255 - value;
    }
  }
  context.putImageData(image, 0, 0);
  return shrunken(whole);
}

function shrunken(picture: OffscreenCanvas): OffscreenCanvas {
  const scale = SOFTENED_PX / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const canvas = new OffscreenCanvas(
    Math.round(picture.width * scale),
    Math.round(picture.height * scale),
  );
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}
