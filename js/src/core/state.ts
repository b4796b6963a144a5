/** The state of one view of the widget, and `reduce`, which says what follows from each action. */
import { FIT } from "./camera";
import { add, clamp, clampToImage, type Grip, sameGrip, type Vec } from "./geometry";
import {
  brushRadiusPx,
  completed,
  isActive,
  maskChanged,
  placed,
  removed,
  selectedMark,
  withoutDraft,
  withView,
} from "./intent";
import { reduceKernel } from "./kernel";
import { filledMask, inverted, MAY_MOVE } from "./mask";
import { ordered, reduceOrder } from "./orders";
import { filmLeft, filmPlaceOf, reducePast } from "./past";
import { gestureCancelled, pointerDown, pointerMove, pointerUp } from "./pointer";
import { marksOf } from "./points";
import { isRefused, reduceSeeking } from "./seeking";
import { lookedAside, reduceSight, revealed } from "./sight";
import { NO_COMPARE } from "./sight_types";
import {
  type Action,
  assertNever,
  DRAFT_ID,
  IDLE,
  type Mode,
  type State,
  type View,
} from "./types";

export type * from "./types";
export { assertNever, DRAFT_ID } from "./types";

/** A target set by key first lies this part of the picture's width beside its handle. */
const KEY_TARGET_PART = 0.1;

/** The view of a person who has not touched anything. */
export const INITIAL_VIEW: View = {
  mode: "points",
  selection: null,
  hover: null,
  cursor: null,
  gesture: IDLE,
  draft: null,
  brush: { kind: "paint", radiusPx: null },
  brushShown: false,
  helpOpen: false,
  meterOpen: false,
  drawer: null,
  historyOpen: false,
  film: null,
  touch: false,
  camera: FIT,
  modifier: "none",
  compare: NO_COMPARE,
  seeking: false,
};

/** The state after an action; total, pure, and blind to clock, chance and page. */
export function reduce(before: State, action: Action): State {
  if (isRefused(before, action)) return before;
  const state = filmLeft(before, action);
  const { shared, view } = state;
  switch (action.kind) {
    case "traits":
    case "points":
    case "mask":
    case "frame":
    case "reply":
    case "problem":
    case "pulls_told":
    case "silence":
    case "heard":
    case "link":
      return { ...state, shared: reduceKernel(shared, action) };
    case "look":
    case "zoom":
    case "fit":
    case "pan_start":
    case "pan_end":
    case "modifier":
    case "compare_hold":
    case "compare_split":
    case "divider":
      return reduceSight(state, action);
    case "pointer_down":
      return pointerDown(state, action.pointer, action);
    case "pointer_move":
      return pointerMove(state, action.pointer);
    case "pointer_up":
      return pointerUp(state, action.pointer);
    case "pointer_leave":
      return view.gesture.kind === "none" ? withView(state, { hover: null, cursor: null }) : state;
    case "gesture_cancel":
      return gestureCancelled(state);
    case "select_next":
      return revealed(withView(state, { selection: nextSelection(state, action.backwards) }));
    case "nudge":
      return nudged(state, action.by);
    case "new_point":
      return view.mode === "points" && shared.frame ? newPoint(state) : state;
    case "confirm":
      return confirmed(state);
    case "remove_selected": {
      const selection = selectionOf(state);
      return selection ? removed(state, selection.id) : state;
    }
    case "escape":
      return escaped(state);
    case "mode":
      return switched(state, action.mode);
    case "brush_kind":
      return withView(state, { brush: { ...view.brush, kind: action.brush } });
    case "brush_radius":
      return brushed(state, action.radiusPx);
    case "brush_scale":
      return brushed(state, brushRadiusPx(view, shared.traits.imageSize) * action.factor);
    case "brush_seen":
      return withView(state, { brushShown: false });
    case "blend_outside":
      return {
        ...state,
        shared: { ...shared, traits: { ...shared.traits, blendOutside: action.on } },
      };
    case "meter":
      return withView(state, { meterOpen: action.open });
    case "mask_invert": {
      const mask = shared.mask ?? filledMask(shared.traits.imageSize, MAY_MOVE);
      return { ...state, shared: maskChanged({ ...shared, mask: inverted(mask) }) };
    }
    case "mask_clear":
      return shared.mask ? { ...state, shared: maskChanged({ ...shared, mask: null }) } : state;
    case "command":
    case "sample":
    case "generator":
    case "configure":
    case "jump":
      return reduceOrder(state, action);
    case "drawer":
      return withView(state, { drawer: action.drawer });
    case "history":
    case "film":
    case "take":
      return reducePast(state, action);
    case "auto_run":
      return { ...state, shared: { ...shared, traits: { ...shared.traits, autoRun: action.on } } };
    case "help":
      return withView(state, { helpOpen: action.open });
    case "seeking":
      return reduceSeeking(gestureCancelled(state), action);
    case "problem_dismiss":
      return { ...state, shared: { ...shared, problem: null } };
    default:
      return assertNever(action);
  }
}

/** The grip of the chosen mark; null when there is none, or it is gone. */
export function selectionOf(state: State): Grip | null {
  return selectedMark(state)?.grip ?? null;
}

/** The mark after, or before, the chosen one in reading order; null beyond the ends. */
export function nextSelection(state: State, backwards: boolean): Grip | null {
  const grips = marksOf(state.shared.pairs, state.view.draft)
    .map((mark) => mark.grip)
    .sort((a, b) => order(a) - order(b));
  const chosen = selectionOf(state);
  const index = grips.findIndex((grip) => sameGrip(grip, chosen));
  if (backwards) return grips[(index < 0 ? grips.length : index) - 1] ?? null;
  return grips[index + 1] ?? null;
}

/** Pairs by age, the handle of each before its target, a half-made pair last. */
function order(grip: Grip): number {
  const rank = grip.id === DRAFT_ID ? Number.MAX_SAFE_INTEGER / 4 : grip.id;
  return 2 * rank + (grip.part === "handle" ? 0 : 1);
}

function nudged(state: State, by: Vec): State {
  const mark = selectedMark(state);
  return mark ? revealed(placed(state, mark.grip, add(mark.at, by))) : lookedAside(state, by);
}

/** A handle at the pointer or in the middle; with a handle waiting, its target. */
function newPoint(state: State): State {
  const { draft, cursor } = state.view;
  const { imageSize } = state.shared.traits;
  if (draft) return withTarget(state);
  const middle = { x: (imageSize.width - 1) / 2, y: (imageSize.height - 1) / 2 };
  return withView(state, {
    draft: { handle: clampToImage(cursor ?? middle, imageSize), target: null },
    selection: { id: DRAFT_ID, part: "handle" },
  });
}

/** A first target beside the handle, to be moved by the arrow keys. */
function withTarget(state: State): State {
  const { draft } = state.view;
  if (!draft || draft.target) return state;
  const { imageSize } = state.shared.traits;
  const aside = KEY_TARGET_PART * imageSize.width;
  const fits = draft.handle.x + aside <= imageSize.width - 1;
  const target = add(draft.handle, { x: fits ? aside : -aside, y: 0 });
  return withView(state, {
    draft: { ...draft, target: clampToImage(target, imageSize) },
    selection: { id: DRAFT_ID, part: "target" },
  });
}

/** Goes one step on: a handle gets its target, a whole pair is set, a resting picture runs, a running one stops. */
function confirmed(state: State): State {
  const { draft, gesture } = state.view;
  if (gesture.kind !== "none") return state;
  if (draft) return draft.target ? completed(state) : withTarget(state);
  return ordered(state, isActive(state.shared) ? "stop" : "run");
}

/** Gives up what is nearest: a gesture, the help, a comparison, the film, a half-made pair, the run, a panel, the choice. */
function escaped(state: State): State {
  const { view, shared } = state;
  if (view.gesture.kind !== "none") return gestureCancelled(state);
  if (view.helpOpen) return withView(state, { helpOpen: false });
  if (view.compare.split) return reduceSight(state, { kind: "compare_split", on: false });
  if (filmPlaceOf(state)) return withView(state, { film: null });
  if (view.draft) return { ...state, view: withoutDraft(view) };
  if (isActive(shared)) return ordered(state, "stop");
  if (view.drawer) return withView(state, { drawer: null });
  if (view.historyOpen) return reducePast(state, { kind: "history", open: false });
  return withView(state, { selection: null });
}

function switched(state: State, mode: Mode): State {
  if (state.view.mode === mode) return state;
  const calm = gestureCancelled(state);
  return withView({ ...calm, view: withoutDraft(calm.view) }, { mode, hover: null });
}

function brushed(state: State, radiusPx: number): State {
  const { width, height } = state.shared.traits.imageSize;
  const largest = Math.min(width, height) / 2;
  const radius = clamp(Number.isFinite(radiusPx) ? radiusPx : 1, 0.5, largest);
  return withView(state, { brush: { ...state.view.brush, radiusPx: radius }, brushShown: true });
}
