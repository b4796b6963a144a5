/** The editable mask as a raster, and the brush that paints it. 255 may move, 0 may not. */
import { clamp, type Size, type Vec } from "./geometry";

/** One byte a pixel in rows from the top: 255 may move, 0 may not. Never changed in place. */
export interface Mask extends Size {
  readonly data: Uint8Array;
}

export const MAY_MOVE = 255;
export const MAY_NOT_MOVE = 0;
export type MaskValue = typeof MAY_MOVE | typeof MAY_NOT_MOVE;

/** A mask with one value everywhere. */
export function filledMask(size: Size, value: MaskValue): Mask {
  const data = new Uint8Array(size.width * size.height).fill(value);
  return { width: size.width, height: size.height, data };
}

/**
 * The mask after a round brush went straight from one point to another.
 *
 * @param mask the mask before
 * @param from start of the stroke in image pixels
 * @param to end of the stroke in image pixels; equal to `from` for a dab
 * @param radiusPx brush radius in image pixels; the pixel under the centre is always painted
 * @param value what the brush leaves behind
 */
export function stroke(mask: Mask, from: Vec, to: Vec, radiusPx: number, value: MaskValue): Mask {
  const data = mask.data.slice();
  const reach = Math.max(radiusPx, Math.SQRT1_2);
  const left = clamp(Math.floor(Math.min(from.x, to.x) - reach), 0, mask.width);
  const right = clamp(Math.ceil(Math.max(from.x, to.x) + reach) + 1, 0, mask.width);
  const top = clamp(Math.floor(Math.min(from.y, to.y) - reach), 0, mask.height);
  const bottom = clamp(Math.ceil(Math.max(from.y, to.y) + reach) + 1, 0, mask.height);
  const along = { x: to.x - from.x, y: to.y - from.y };
  const lengthSquared = along.x * along.x + along.y * along.y;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const dot = (x - from.x) * along.x + (y - from.y) * along.y;
      const t = lengthSquared > 0 ? clamp(dot / lengthSquared, 0, 1) : 0;
      const dx = x - from.x - t * along.x;
      const dy = y - from.y - t * along.y;
      if (dx * dx + dy * dy <= reach * reach) data[y * mask.width + x] = value;
    }
  }
  return { ...mask, data };
}

/** The mask with the two values exchanged. */
export function inverted(mask: Mask): Mask {
  return { ...mask, data: mask.data.map((value) => MAY_MOVE - value) };
}

/** True when no pixel may move, which the kernel refuses. */
export function isEmpty(mask: Mask): boolean {
  return mask.data.every((value) => value === MAY_NOT_MOVE);
}
