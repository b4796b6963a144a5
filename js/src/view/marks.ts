/** Draws handles, targets and arrows: told apart by shape, and readable on any picture. */
import { seenBox } from "../core/camera";
import {
  distance,
  type Grip,
  REMOVE_RADIUS_PX,
  removeCentre,
  sameGrip,
  toCss,
  type Vec,
} from "../core/geometry";
import { badgeOf } from "../core/intent";
import { marksOf } from "../core/points";
import { DRAFT_ID, type State, selectionOf } from "../core/state";

const HANDLE_COLOUR = "#e03a12";
const TARGET_COLOUR = "#2a78ff";
export const LIGHT = "#ffffff";
export const DARK = "rgba(10, 14, 22, 0.62)";

const HANDLE_RADIUS_PX = 8;
/** Wider than a handle, so that an arrived pair shows as a disc in a ring. */
const TARGET_RADIUS_PX = 12;
const CROSS_PX = 4;
const HOVER_GROWTH = 1.15;
/** Marks under a pulling pointer hide less of what they move. */
const PULLED_GROWTH = 0.6;

type Context = CanvasRenderingContext2D;

/**
 * Draws all marks of a state.
 *
 * @param context in CSS pixels
 * @param state read only
 * @param scale CSS pixels per image pixel
 */
export function drawMarks(context: Context, state: State, scale: number): void {
  const { shared, view } = state;
  const selection = view.mode === "points" ? selectionOf(state) : null;
  context.save();
  if (view.mode === "mask") context.globalAlpha = 0.55;
  const numbered = shared.pairs.map((pair, index) => ({ ...pair, label: String(index + 1) }));
  const css = (point: Vec) => toCss(point, scale);
  for (const { handle, target } of numbered) drawArrow(context, css(handle), css(target));
  for (const { id, target } of numbered) {
    drawTarget(context, css(target), emphasis(state, selection, { id, part: "target" }));
  }
  for (const { id, handle, label } of numbered) {
    drawHandle(context, css(handle), label, emphasis(state, selection, { id, part: "handle" }));
  }
  if (view.mode === "points") {
    drawDraft(context, state, selection, scale);
    drawBadge(context, state, scale);
  }
  context.restore();
}

interface Emphasis {
  readonly growth: number;
  readonly selected: boolean;
}

function emphasis({ view, shared }: State, selection: Grip | null, grip: Grip): Emphasis {
  if (shared.pulls.some((pull) => pull.id === grip.id)) {
    return { growth: PULLED_GROWTH, selected: false };
  }
  const near = view.hover?.kind === "grip" && sameGrip(view.hover.grip, grip);
  return { growth: near ? HOVER_GROWTH : 1, selected: sameGrip(selection, grip) };
}

/** A half-made pair: its handle, and an arrow to where the target is or would be. */
function drawDraft(context: Context, state: State, selection: Grip | null, scale: number): void {
  const { draft, cursor, touch } = state.view;
  if (!draft) return;
  const handle = toCss(draft.handle, scale);
  const label = String(state.shared.pairs.length + 1);
  const aim = draft.target ?? (touch || state.view.hover ? null : cursor);
  if (aim) {
    const target = toCss(aim, scale);
    context.save();
    if (!draft.target) context.globalAlpha *= 0.7;
    drawArrow(context, handle, target, !draft.target);
    drawTarget(context, target, emphasis(state, selection, { id: DRAFT_ID, part: "target" }));
    context.restore();
  }
  drawHandle(context, handle, label, emphasis(state, selection, { id: DRAFT_ID, part: "handle" }));
}

function drawHandle(
  context: Context,
  at: Vec,
  label: string,
  { growth, selected }: Emphasis,
): void {
  const radius = HANDLE_RADIUS_PX * growth;
  if (selected) drawSelection(context, at, radius + 7);
  disc(context, at, radius + 3, DARK);
  disc(context, at, radius + 2, LIGHT);
  disc(context, at, radius, HANDLE_COLOUR);
  if (growth < 1) return;
  context.fillStyle = LIGHT;
  context.font = `700 ${label.length > 1 ? 9 : 11}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(label, at.x, at.y + 0.5);
}

function drawTarget(context: Context, at: Vec, { growth, selected }: Emphasis): void {
  const radius = TARGET_RADIUS_PX * growth;
  if (selected) drawSelection(context, at, radius + 5);
  outlined(context, growth < 1 ? 1.5 : 2.5, TARGET_COLOUR, () => {
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    if (growth < 1) return;
    context.moveTo(at.x - CROSS_PX, at.y);
    context.lineTo(at.x + CROSS_PX, at.y);
    context.moveTo(at.x, at.y - CROSS_PX);
    context.lineTo(at.x, at.y + CROSS_PX);
  });
}

/** An arrow from the rim of a handle to the rim of its target; none where they touch. */
function drawArrow(context: Context, from: Vec, to: Vec, dashed = false): void {
  const length = distance(from, to);
  const start = HANDLE_RADIUS_PX + 4;
  const end = length - TARGET_RADIUS_PX - 4;
  if (end - start < 6) return;
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const at = (way: number, aside = 0): [number, number] => [
    from.x + along.x * way - along.y * aside,
    from.y + along.y * way + along.x * aside,
  ];
  const head = Math.min(9, end - start);
  context.save();
  if (dashed) context.setLineDash([7, 6]);
  stroked(context, 5, DARK, () => {
    context.moveTo(...at(start));
    context.lineTo(...at(end - head / 2));
  });
  stroked(context, 2.5, LIGHT, () => {
    context.moveTo(...at(start));
    context.lineTo(...at(end - head / 2));
  });
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(...at(end));
  context.lineTo(...at(end - head, head * 0.6));
  context.lineTo(...at(end - head, -head * 0.6));
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = 2.5;
  context.strokeStyle = DARK;
  context.stroke();
  context.fillStyle = LIGHT;
  context.fill();
  context.restore();
}

function drawSelection(context: Context, at: Vec, radius: number): void {
  context.save();
  stroked(context, 3.5, DARK, () => context.arc(at.x, at.y, radius, 0, 2 * Math.PI));
  context.setLineDash([4, 3]);
  stroked(context, 2, LIGHT, () => context.arc(at.x, at.y, radius, 0, 2 * Math.PI));
  context.restore();
}

/** The small cross that removes a pair. */
function drawBadge(context: Context, state: State, scale: number): void {
  const badge = badgeOf(state.view);
  if (!badge) return;
  const { pairs, traits } = state.shared;
  const owner = marksOf(pairs, state.view.draft).find((mark) => sameGrip(mark.grip, badge));
  if (!owner) return;
  const at = removeCentre(owner, scale, seenBox(state.view.camera, traits.imageSize));
  const hot = state.view.hover?.kind === "remove";
  disc(context, at, REMOVE_RADIUS_PX + 1, DARK);
  disc(context, at, REMOVE_RADIUS_PX, hot ? "#10151f" : LIGHT);
  stroked(context, 1.8, hot ? LIGHT : "#10151f", () => {
    for (const side of [-1, 1]) {
      context.moveTo(at.x - 3, at.y - 3 * side);
      context.lineTo(at.x + 3, at.y + 3 * side);
    }
  });
}

function disc(context: Context, at: Vec, radius: number, colour: string): void {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

/** A line in colour on white on dark. */
function outlined(context: Context, width: number, colour: string, path: () => void): void {
  stroked(context, width + 3.5, DARK, path);
  stroked(context, width + 2, LIGHT, path);
  stroked(context, width, colour, path);
}

/** A path drawn as a line in one colour. */
export function stroked(context: Context, width: number, colour: string, path: () => void): void {
  context.beginPath();
  path();
  context.lineCap = "round";
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}
