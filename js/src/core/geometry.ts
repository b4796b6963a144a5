/** Vectors, the transform between image and CSS pixels, and the hit test of points. Knows no state. */

/** A point or a difference of two points; the unit stands where it is used. */
export interface Vec {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Edges in image pixels, counted from the corner of the picture: 0 .. width and 0 .. height. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Which end of a pair: the point that is dragged, or the place where it should go. */
export type Part = "handle" | "target";

/** One mark on the picture. */
export interface Grip {
  readonly id: number;
  readonly part: Part;
}

/** What lies under a pointer: a mark, or the small cross that removes its pair. */
export type Hit =
  | { readonly kind: "grip"; readonly grip: Grip }
  | { readonly kind: "remove"; readonly grip: Grip };

/** A mark with its place in image pixels. */
export interface Mark {
  readonly grip: Grip;
  readonly at: Vec;
  /** The other end of the pair; null where there is none yet. */
  readonly partner: Vec | null;
}

/** A pointer over the picture. */
export interface Pointer {
  /** In image pixels; may lie outside the picture while it is pressed. */
  readonly at: Vec;
  /** CSS pixels per image pixel, above 0. */
  readonly scale: number;
  /** True for a finger. */
  readonly touch: boolean;
}

/** How near, in CSS pixels, a pointer must come to take a mark; a finger covers more than a mouse. */
const REACH_MOUSE_PX = 13;
const REACH_TOUCH_PX = 24;

/** How far beside its mark the removing cross sits, each way, and its radius, in CSS pixels. */
const REMOVE_OFFSET_PX = 15;
export const REMOVE_RADIUS_PX = 8;

/** A target is taken as if it were this much nearer, in CSS pixels: where a pair has arrived, pulling drags it on. */
const TARGET_ADVANTAGE_PX = 4;

export function add(a: Vec, b: Vec): Vec {
  return { x: a.x + b.x, y: a.y + b.y };
}

export function subtract(a: Vec, b: Vec): Vec {
  return { x: a.x - b.x, y: a.y - b.y };
}

export function distance(a: Vec, b: Vec): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/**
 * Image pixels to CSS pixels of the canvas; pixel centres are integers, so pixel 0 spans CSS 0 .. scale.
 *
 * @param point image pixels
 * @param scale CSS pixels per image pixel, above 0
 */
export function toCss(point: Vec, scale: number): Vec {
  return { x: (point.x + 0.5) * scale, y: (point.y + 0.5) * scale };
}

/** The nearest point inside the picture, 0 .. width - 1 and 0 .. height - 1, rounded to a hundredth of a pixel. */
export function clampToImage(point: Vec, size: Size): Vec {
  return { x: clampCoordinate(point.x, size.width), y: clampCoordinate(point.y, size.height) };
}

function clampCoordinate(value: number, length: number): number {
  const finite = Number.isFinite(value) ? value : 0;
  return Math.round(clamp(finite, 0, length - 1) * 100) / 100;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The centre of the removing cross of a mark, in CSS pixels: off its arrow, and wholly in sight. */
export function removeCentre(mark: Mark, scale: number, seen: Box): Vec {
  const at = toCss(mark.at, scale);
  const room = REMOVE_OFFSET_PX + REMOVE_RADIUS_PX;
  const arrowGoesRight = mark.partner !== null && mark.partner.x > mark.at.x;
  const fitsLeft = at.x - room >= seen.left * scale;
  const fitsRight = at.x + room <= seen.right * scale;
  const left = fitsLeft && (arrowGoesRight || !fitsRight);
  const below = at.y - room < seen.top * scale;
  return {
    x: at.x + (left ? -REMOVE_OFFSET_PX : REMOVE_OFFSET_PX),
    y: at.y + (below ? REMOVE_OFFSET_PX : -REMOVE_OFFSET_PX),
  };
}

/**
 * The mark, or removing cross, under a pointer; null where there is none.
 *
 * @param marks all marks, in image pixels
 * @param pointer where the pointer is, in image pixels, and how large the picture is shown
 * @param seen what of the picture is in sight
 * @param badge the mark whose removing cross is shown, or null
 */
export function hitTest(
  marks: readonly Mark[],
  pointer: Pointer,
  seen: Box,
  badge: Grip | null,
): Hit | null {
  const { at, scale, touch } = pointer;
  const owner = badge && marks.find((mark) => sameGrip(mark.grip, badge));
  if (owner) {
    const away = distance(toCss(at, scale), removeCentre(owner, scale, seen));
    if (away <= REMOVE_RADIUS_PX + (touch ? 8 : 2)) return { kind: "remove", grip: owner.grip };
  }
  const reach = touch ? REACH_TOUCH_PX : REACH_MOUSE_PX;
  let best: Grip | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const mark of marks) {
    const away = distance(mark.at, at) * scale;
    const cost = away - (mark.grip.part === "target" ? TARGET_ADVANTAGE_PX : 0);
    if (away <= reach && cost < bestCost) {
      best = mark.grip;
      bestCost = cost;
    }
  }
  return best && { kind: "grip", grip: best };
}

export function sameGrip(a: Grip | null, b: Grip | null): boolean {
  return a?.id === b?.id && a?.part === b?.part;
}
