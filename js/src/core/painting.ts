/** The mask under a pointer: strokes of brush and eraser, loops of the lasso, and how strongly the mask is shown. */
import type { Pointer, Vec } from "./geometry";
import { brushRadiusPx, maskChanged, withView } from "./intent";
import { filledLoop, withCorner } from "./lasso";
import { filledMask, MAY_MOVE, MAY_NOT_MOVE, type Mask, type MaskValue, stroke } from "./mask";
import { isMoving } from "./points";
import { type Gesture, IDLE, type State } from "./types";

type Paint = Gesture & { kind: "paint" };
type Lasso = Gesture & { kind: "lasso" };

/** A lasso gets a corner every so many CSS pixels. */
const LASSO_STEP_PX = 2;

/** What is left of the veil while the picture moves: then the picture counts. */
const VEIL_WHILE_MOVING = 0.35;

/** The state after a pointer went down on the mask; `secondary` erases. */
export function startPainting(state: State, pointer: Pointer, secondary: boolean): State {
  const { brush } = state.view;
  const erases = (brush.kind === "erase") !== secondary;
  const value: MaskValue = erases ? MAY_NOT_MOVE : MAY_MOVE;
  if (brush.kind === "lasso") {
    return withView(state, { gesture: { kind: "lasso", value, loop: [pointer.at] }, hover: null });
  }
  const { mask } = state.shared;
  const gesture: Paint = { kind: "paint", value, last: pointer.at, before: mask };
  const painting = { ...state.shared, mask: baseOf(state, value), painting: true };
  return continueStroke(
    { shared: painting, view: { ...state.view, gesture, hover: null } },
    gesture,
    pointer.at,
  );
}

/** The state after the brush went on. */
export function continueStroke(state: State, gesture: Paint, to: Vec): State {
  const { mask, traits } = state.shared;
  if (!mask) return state;
  const radiusPx = brushRadiusPx(state.view, traits.imageSize);
  const painted = stroke(mask, gesture.last, to, radiusPx, gesture.value);
  return {
    shared: { ...state.shared, mask: painted },
    view: { ...state.view, gesture: { ...gesture, last: to }, cursor: to },
  };
}

/** The state after the lasso went on. */
export function continueLasso(state: State, gesture: Lasso, { at, scale }: Pointer): State {
  const loop = withCorner(gesture.loop, at, LASSO_STEP_PX / scale);
  return withView(state, { gesture: { ...gesture, loop }, cursor: at });
}

/** The state after the lasso was let go: what it goes around is filled. */
export function endLasso(state: State, { loop, value }: Lasso): State {
  const idle = withView(state, { gesture: IDLE });
  const base = baseOf(state, value);
  const mask = filledLoop(base, loop, value);
  return mask === base ? idle : { ...idle, shared: maskChanged({ ...idle.shared, mask }) };
}

/** How much of the veil over what may not move is shown, 0 .. 1. */
export function veilStrength({ shared, view }: State): number {
  return view.mode === "points" && isMoving(shared) ? VEIL_WHILE_MOVING : 1;
}

/** The mask to paint on: the first mark says what the rest is, painting frees a part of a fixed picture, erasing fixes a part of a free one. */
function baseOf({ shared: { mask, traits } }: State, value: MaskValue): Mask {
  return mask ?? filledMask(traits.imageSize, value === MAY_MOVE ? MAY_NOT_MOVE : MAY_MOVE);
}
