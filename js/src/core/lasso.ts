/** Fills a loop that was drawn by hand into a mask. */
import { clamp, distance, type Vec } from "./geometry";
import type { Mask, MaskValue } from "./mask";

/** A loop of fewer corners has nothing inside. */
const FEWEST_CORNERS = 3;

/** What goes around less, in square pixels, is a line that trembled. */
const LEAST_AREA = 1;

/** Where a loop crosses a row of pixels, and which way it goes there. */
interface Crossing {
  readonly x: number;
  readonly turn: 1 | -1;
}

/** The loop with one more point, unless it lies nearer than so many image pixels to the last one. */
export function withCorner(loop: readonly Vec[], to: Vec, leastPx: number): readonly Vec[] {
  const last = loop.at(-1);
  return last && distance(last, to) < leastPx ? loop : [...loop, to];
}

/**
 * The mask with one value wherever a loop goes around; the mask itself where that is less than a pixel.
 *
 * The loop closes straight from its end to its start. Where it crosses itself everything that it goes around once or
 * more is filled, as a hand that overshoots its start expects.
 *
 * @param mask the mask before
 * @param loop corners in image pixels; they may lie outside the picture
 * @param value what is filled in
 */
export function filledLoop(mask: Mask, loop: readonly Vec[], value: MaskValue): Mask {
  if (loop.length < FEWEST_CORNERS) return mask;
  const tops = loop.map(({ y }) => y);
  const top = clamp(Math.ceil(Math.min(...tops)), 0, mask.height);
  const bottom = clamp(Math.floor(Math.max(...tops)) + 1, 0, mask.height);
  const data = mask.data.slice();
  let area = 0;
  for (let y = top; y < bottom; y++) {
    for (const [from, to] of spans(crossings(loop, y))) {
      const left = clamp(Math.ceil(from), 0, mask.width);
      const right = clamp(Math.ceil(to), left, mask.width);
      data.fill(value, y * mask.width + left, y * mask.width + right);
      area += right > left ? to - from : 0;
    }
  }
  return area < LEAST_AREA ? mask : { ...mask, data };
}

/** Where a closed loop crosses the centres of a row, from the left. */
function crossings(loop: readonly Vec[], y: number): Crossing[] {
  const found: Crossing[] = [];
  let from = loop.at(-1);
  for (const to of loop) {
    // An edge has its upper end and not its lower one, so that a corner counts once.
    if (from && from.y <= y !== to.y <= y) {
      const x = from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
      found.push({ x, turn: to.y > from.y ? 1 : -1 });
    }
    from = to;
  }
  return found.sort((a, b) => a.x - b.x);
}

/** The stretches of a row around which a loop goes. */
function spans(row: readonly Crossing[]): [number, number][] {
  const found: [number, number][] = [];
  let winding = 0;
  let start = 0;
  for (const { x, turn } of row) {
    if (winding === 0) start = x;
    winding += turn;
    if (winding === 0) found.push([start, x]);
  }
  return found;
}
