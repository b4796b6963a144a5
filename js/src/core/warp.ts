/**
 * A picture drawn as if its handle had followed already: what lies around is moved along, ever less with the distance.
 *
 * Written backwards, as places that are read: a point `q` shows what lies at `q - by * falloff(|q - to| / radius)`.
 * Nothing folds while `|by| * STEEPEST < radius`, as then no two points show the same place.
 */
import { clamp, distance, type Size, type Vec } from "./geometry";
import type { Mask } from "./mask";

export interface Warp {
  /** Where the handle is in the picture, and where it is shown, in image pixels. */
  readonly from: Vec;
  readonly to: Vec;
  /** Beyond this distance of `to` the picture stays as it is, in image pixels. */
  readonly radiusPx: number;
}

/** Whole image pixels, the last column and row not included. */
export interface Patch {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The steepest slope of `falloff`, at 1 / sqrt(3). */
export const STEEPEST = 16 / (6 * Math.sqrt(3));

/** The radius and the longest way, as parts of the picture's shorter side; the longest way folds nothing by far. */
const RADIUS_PART = 1 / 8;
const LONGEST_PART = 1 / 15;

/** The radius is at least so many times the way. */
const RADII_PER_WAY = 2.25;

/** A shorter way, in image pixels, is not worth drawing. */
const SHORTEST_PX = 0.1;

/** Places between pixels are counted in 256ths. */
const UNIT = 256;

/** How much of the way a place goes along, by its distance in radii: 1 at the middle, 0 from 1 on, and smooth. */
export function falloff(radii: number): number {
  const rest = 1 - radii * radii;
  return rest > 0 ? rest * rest : 0;
}

/**
 * The warp that shows a handle elsewhere, as far as that can be believed; null for none.
 *
 * @param from where the handle is, in image pixels
 * @param to where it should be shown
 * @param trust how much of the way it is shown to have gone, 0 .. 1
 * @param size of the image
 */
export function warpOf(from: Vec, to: Vec, trust: number, size: Size): Warp | null {
  const way = distance(from, to);
  const shorter = Math.min(size.width, size.height);
  const shown = Math.min(way * clamp(trust, 0, 1), LONGEST_PART * shorter);
  if (!(shown >= SHORTEST_PX)) return null;
  const part = shown / way;
  return {
    from,
    to: { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part },
    radiusPx: Math.max(RADIUS_PART * shorter, RADII_PER_WAY * shown),
  };
}

/** The warp of a picture with so many times the pixels each way. */
export function resized({ from, to, radiusPx }: Warp, times: number): Warp {
  const there = ({ x, y }: Vec) => ({ x: (x + 0.5) * times - 0.5, y: (y + 0.5) * times - 0.5 });
  return { from: there(from), to: there(to), radiusPx: radiusPx * times };
}

/** The place of the picture that is shown at a point. */
export function shownPlace({ from, to, radiusPx }: Warp, point: Vec): Vec {
  const share = falloff(distance(point, to) / radiusPx);
  return { x: point.x - (to.x - from.x) * share, y: point.y - (to.y - from.y) * share };
}

/** The point at which a place of the picture is shown: the inverse of `shownPlace`, to a thousandth of a pixel. */
export function pointShowing(warp: Warp, place: Vec): Vec {
  let point = place;
  // Each round takes at most STEEPEST / RADII_PER_WAY of the error on.
  for (let round = 0; round < 30; round++) {
    const seen = shownPlace(warp, point);
    point = { x: point.x + place.x - seen.x, y: point.y + place.y - seen.y };
  }
  return point;
}

/** The pixels that a warp changes. */
export function patchOf({ to, radiusPx }: Warp, size: Size): Patch {
  const left = Math.floor(clamp(to.x - radiusPx, 0, size.width - 1));
  const top = Math.floor(clamp(to.y - radiusPx, 0, size.height - 1));
  const right = Math.ceil(clamp(to.x + radiusPx, 0, size.width - 1));
  const bottom = Math.ceil(clamp(to.y + radiusPx, 0, size.height - 1));
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * How much each pixel of a patch may move, 0 .. 255.
 *
 * @param mask of the image, 255 may move
 * @param patch of a picture with so many times the pixels of the image each way
 * @param times above 0
 */
export function freedom(
  mask: Mask,
  { left, top, width, height }: Patch,
  times: number,
): Uint8Array {
  const free = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = Math.min(Math.floor((top + row + 0.5) / times), mask.height - 1);
    for (let column = 0; column < width; column++) {
      const x = Math.min(Math.floor((left + column + 0.5) / times), mask.width - 1);
      free[row * width + column] = mask.data[y * mask.width + x] ?? 0;
    }
  }
  return free;
}

/**
 * Draws a warped patch of a picture.
 *
 * @param warp in image pixels
 * @param patch the pixels of both
 * @param source colours of the patch, one number a pixel, four bytes of 8 bits
 * @param target takes the colours as they are shown
 * @param free how much each pixel may move, 0 .. 255; null for all of them wholly
 */
export function warpPixels(
  warp: Warp,
  patch: Patch,
  source: Uint32Array,
  target: Uint32Array,
  free: Uint8Array | null = null,
): void {
  const { left, top, width, height } = patch;
  const toX = warp.to.x - left;
  const toY = warp.to.y - top;
  const byX = (warp.to.x - warp.from.x) * UNIT;
  const byY = (warp.to.y - warp.from.y) * UNIT;
  const lastX = (width - 1) * UNIT;
  const lastY = (height - 1) * UNIT;
  const squared = warp.radiusPx * warp.radiusPx;
  target.set(source);
  for (let row = 0; row < height; row++) {
    const across = squared - (row - toY) * (row - toY);
    if (across <= 0) continue;
    const half = Math.sqrt(across);
    const end = Math.min(width - 1, Math.floor(toX + half));
    for (let column = Math.max(0, Math.ceil(toX - half)); column <= end; column++) {
      const rest = (across - (column - toX) * (column - toX)) / squared;
      const share = free ? (rest * rest * (free[row * width + column] ?? 0)) / 255 : rest * rest;
      // In 256ths of a pixel, as whole numbers; beyond the rim it goes on as on it.
      const x = Math.max(0, Math.min((column * UNIT - byX * share) | 0, lastX));
      const y = Math.max(0, Math.min((row * UNIT - byY * share) | 0, lastY));
      const first = (y >> 8) * width + (x >> 8);
      const right = x < lastX ? first + 1 : first;
      const below = y < lastY ? width : 0;
      target[row * width + column] = between(
        between(source[first] ?? 0, source[right] ?? 0, x & 255),
        between(source[first + below] ?? 0, source[right + below] ?? 0, x & 255),
        y & 255,
      );
    }
  }
}

/** Two colours mixed in 256ths, two bytes at a time; products wrap at 32 bits, which the masks expect. */
function between(a: number, b: number, part: number): number {
  const rest = 256 - part;
  const even = (Math.imul(a & 0xff00ff, rest) + Math.imul(b & 0xff00ff, part)) | 0;
  const odd = (Math.imul((a >>> 8) & 0xff00ff, rest) + Math.imul((b >>> 8) & 0xff00ff, part)) | 0;
  return ((even >>> 8) & 0xff00ff) | (odd & 0xff00ff00);
}
