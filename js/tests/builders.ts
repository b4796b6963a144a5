/** States to test with. */
import { imageThrough } from "../src/core/camera";
import type { Vec } from "../src/core/geometry";
import { initialShared } from "../src/core/kernel";
import type { FrameInfo, Pair, Traits } from "../src/core/protocol";
import { INITIAL_VIEW, reduce } from "../src/core/state";
import type { Action, Shared, State, View } from "../src/core/types";

/** CSS pixels per image pixel in these tests. */
export const SCALE = 4;

/** CSS pixels of a stage that shows all of the picture, as image pixels. */
export const toImage = (css: Vec, scale: number): Vec =>
  imageThrough({ scale, origin: { x: 0, y: 0 } }, css);

export const FIRST_RID = 100;

export const TRAITS: Traits = {
  ...initialShared(FIRST_RID).traits,
  status: "idle",
  imageSize: { width: 128, height: 96 },
  autoRun: false,
};

export function pair(id: number, handle: [number, number], target: [number, number]): Pair {
  return { id, handle: { x: handle[0], y: handle[1] }, target: { x: target[0], y: target[1] } };
}

export function frameOf(seq: number, pairs: readonly Pair[] = [], step = seq): FrameInfo {
  return {
    seq,
    step,
    size: { width: 128, height: 96 },
    mime: "image/jpeg",
    final: false,
    pointIds: pairs.map(({ id }) => id),
    handles: pairs.map(({ handle }) => handle),
    targets: pairs.map(({ target }) => target),
    distancesPx: pairs.map(({ handle, target }) =>
      Math.hypot(handle.x - target.x, handle.y - target.y),
    ),
    loss: null,
    pull: 0,
    delayMs: 0,
    lean: false,
    parts: 0,
  };
}

/** A widget whose first picture is on the screen. */
export function stateWith(
  shared: Partial<Shared> = {},
  traits: Partial<Traits> = {},
  view: Partial<View> = {},
): State {
  const pairs = shared.pairs ?? [];
  return {
    shared: {
      ...initialShared(FIRST_RID),
      frame: frameOf(1, pairs),
      framesShown: 1,
      highestId: Math.max(0, ...pairs.map(({ id }) => id)),
      ...shared,
      traits: { ...TRAITS, ...traits },
    },
    view: { ...INITIAL_VIEW, ...view },
  };
}

/** The state after some actions. */
export function play(state: State, ...actions: readonly Action[]): State {
  return actions.reduce(reduce, state);
}

type Options = {
  readonly touch?: boolean;
  readonly secondary?: boolean;
  readonly pin?: boolean;
};

export function down(x: number, y: number, options: Options = {}): Action {
  const { touch = false, secondary = false, pin = false } = options;
  return { kind: "pointer_down", pointer: { at: { x, y }, scale: SCALE, touch }, secondary, pin };
}

export function move(x: number, y: number, { touch = false }: Options = {}): Action {
  return { kind: "pointer_move", pointer: { at: { x, y }, scale: SCALE, touch } };
}

export function up(x: number, y: number, { touch = false }: Options = {}): Action {
  return { kind: "pointer_up", pointer: { at: { x, y }, scale: SCALE, touch } };
}

export function click(x: number, y: number, options: Options = {}): Action[] {
  return [down(x, y, options), up(x, y, options)];
}

/** The kernel's traits, told when it had taken in so many edits. */
export function told(traits: Partial<Traits> = {}, pointsRev = 0): Action {
  return { kind: "traits", traits: { ...TRAITS, ...traits }, pointsRev };
}
