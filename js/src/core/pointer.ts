/** Pointer gestures: placing, pulling, moving and removing pairs, and painting the mask. */
import { seenBox } from "./camera";
import {
  add,
  clampToImage,
  distance,
  type Grip,
  type Hit,
  hitTest,
  type Pointer,
  sameGrip,
  subtract,
  type Vec,
} from "./geometry";
import { badgeOf, completed, maskChanged, placed, removed, started, withView } from "./intent";
import { continueLasso, continueStroke, endLasso, startPainting } from "./painting";
import { filmPlaceOf } from "./past";
import { addPair, dragPart, marksOf, movePart, released } from "./points";
import { isLive, pullEnded, pulledTo, pullMark, pullNew } from "./pull";
import { assertNever, DRAFT_ID, type Draft, type Gesture, IDLE, type State } from "./types";

/** A press becomes a pull, and a grip a move, beyond this many CSS pixels; a finger trembles more. */
const PULL_MOUSE_PX = 4;
const PULL_TOUCH_PX = 10;

/** Handle and target must lie this many CSS pixels apart: less is a double click, not a wish. */
const LEAST_PULL_PX = 3;

/** What was held down with the pointer. */
interface Modifiers {
  readonly secondary: boolean;
  readonly pin: boolean;
}

/** The state after the pointer went down. */
export function pointerDown(state: State, pointer: Pointer, { secondary, pin }: Modifiers): State {
  if (state.view.gesture.kind !== "none" || !state.shared.frame) return state;
  if (filmPlaceOf(state)) return state;
  const seen = { ...state, view: { ...state.view, touch: pointer.touch } };
  if (state.view.mode === "mask") return startPainting(seen, pointer, secondary);
  const hit = hitAt(seen, pointer);
  if (hit && (secondary || hit.kind === "remove")) return removed(seen, hit.grip.id);
  if (secondary) return seen;
  if (hit) return startMove(seen, hit.grip, pointer);
  const { draft } = seen.view;
  if (draft)
    return withView(seen, { gesture: { kind: "aim" }, draft: aimed(state, draft, pointer) });
  const handle = clampToImage(pointer.at, seen.shared.traits.imageSize);
  return withView(seen, {
    draft: { handle, target: null },
    selection: { id: DRAFT_ID, part: "handle" },
    hover: null,
    gesture: { kind: "press", from: pointer.at, pin },
  });
}

/** The state after the pointer moved, pressed or not. */
export function pointerMove(state: State, pointer: Pointer): State {
  const { imageSize } = state.shared.traits;
  const cursor = clampToImage(pointer.at, imageSize);
  const { gesture, draft } = state.view;
  const moved = withView(state, { cursor, touch: pointer.touch });
  switch (gesture.kind) {
    case "none": {
      const hover = state.view.mode === "points" && !pointer.touch ? hitAt(moved, pointer) : null;
      return withView(moved, { hover });
    }
    case "press":
      if (!draft || !isPull(gesture.from, pointer)) return moved;
      if (isLive(state.shared)) return pullNew(moved, draft.handle, pointer.at);
      return withView(moved, { gesture: { kind: "aim" }, draft: aimed(state, draft, pointer) });
    case "aim":
      return draft ? withView(moved, { draft: aimed(state, draft, pointer) }) : moved;
    case "move":
      if (!gesture.moved && !isPull(gesture.from, pointer)) return moved;
      if (isPullable(state, gesture)) return pullMark(moved, gesture, pointer.at);
      return carried(
        withView(moved, { gesture: { ...gesture, moved: true } }),
        gesture.grip,
        add(pointer.at, gesture.offset),
      );
    case "pull":
      return pulledTo(moved, gesture, pointer.at);
    case "pan":
      return state;
    case "paint":
      return continueStroke(moved, gesture, pointer.at);
    case "lasso":
      return continueLasso(moved, gesture, pointer);
    default:
      return assertNever(gesture);
  }
}

/** The state after the pointer went up. */
export function pointerUp(state: State, pointer: Pointer): State {
  const last = pointerMove(state, pointer);
  const { gesture, draft } = last.view;
  const idle = withView(last, { gesture: IDLE });
  switch (gesture.kind) {
    case "none":
      return idle;
    case "pan":
      return state;
    case "press":
      return gesture.pin && draft ? pinned(idle, draft.handle) : idle;
    case "pull":
      return pullEnded(last, gesture, "settle");
    case "aim": {
      if (!draft?.target) return idle;
      const apart = distance(draft.handle, draft.target) * pointer.scale;
      return apart < LEAST_PULL_PX
        ? withView(idle, { draft: { ...draft, target: null } })
        : completed(idle);
    }
    case "move": {
      const free = { ...idle, shared: released(idle.shared, gesture.grip) };
      if (!gesture.moved || gesture.grip.id === DRAFT_ID) return free;
      const to = add(pointer.at, gesture.offset);
      return started({ ...free, shared: movePart(free.shared, gesture.grip, to) });
    }
    case "paint":
      return { ...idle, shared: maskChanged(idle.shared) };
    case "lasso":
      return endLasso(last, gesture);
    default:
      return assertNever(gesture);
  }
}

/** The state as it was before the gesture. */
export function gestureCancelled(state: State): State {
  const { gesture, draft } = state.view;
  const idle = withView(state, { gesture: IDLE });
  switch (gesture.kind) {
    case "none":
      return state;
    case "pan":
      return idle;
    case "press":
      return withView(idle, { draft: null, selection: null });
    case "aim":
      return withView(idle, { draft: draft && { ...draft, target: null } });
    case "move": {
      const back = carried(idle, gesture.grip, gesture.before);
      return { ...back, shared: released(back.shared, gesture.grip) };
    }
    case "pull":
      return pullEnded(state, gesture, "undo");
    case "paint":
      return { ...idle, shared: { ...state.shared, mask: gesture.before, painting: false } };
    case "lasso":
      return idle;
    default:
      return assertNever(gesture);
  }
}

function hitAt(state: State, pointer: Pointer): Hit | null {
  const { draft } = state.view;
  // While a target is awaited every other mark is only a place to put it.
  const marks = marksOf(draft ? [] : state.shared.pairs, draft);
  const seen = seenBox(state.view.camera, state.shared.traits.imageSize);
  return hitTest(marks, pointer, seen, badgeOf(state.view));
}

function isPull(from: Vec, pointer: Pointer): boolean {
  const least = pointer.touch ? PULL_TOUCH_PX : PULL_MOUSE_PX;
  return distance(from, pointer.at) * pointer.scale > least;
}

/** True for a mark whose pull the picture follows; a run takes moved marks along, until it ends, by itself. */
function isPullable({ shared }: State, { grip, moved }: Gesture & { kind: "move" }): boolean {
  if (!isLive(shared) || shared.traits.running || grip.id === DRAFT_ID) return false;
  return grip.part === "target" || !moved;
}

/** The state with a point that is to stay where it is. */
function pinned(state: State, at: Vec): State {
  const shared = addPair(state.shared, at, at);
  const selection: Grip = { id: shared.highestId, part: "handle" };
  return { shared, view: { ...state.view, draft: null, selection } };
}

function aimed(state: State, draft: Draft, pointer: Pointer): Draft {
  return { ...draft, target: clampToImage(pointer.at, state.shared.traits.imageSize) };
}

function startMove(state: State, grip: Grip, pointer: Pointer): State {
  const marks = marksOf(state.shared.pairs, state.view.draft);
  const before = marks.find((mark) => sameGrip(mark.grip, grip))?.at;
  if (!before) return state;
  const offset = subtract(before, pointer.at);
  const gesture: Gesture = { kind: "move", grip, from: pointer.at, offset, before, moved: false };
  return {
    shared: { ...state.shared, held: [...state.shared.held, grip] },
    view: { ...state.view, gesture, selection: grip, hover: { kind: "grip", grip } },
  };
}

/** The state with a mark under the pointer; a target takes the run along, a handle waits until it is put down. */
function carried(state: State, grip: Grip, to: Vec): State {
  if (grip.part === "target" || grip.id === DRAFT_ID) return placed(state, grip, to);
  return { ...state, shared: dragPart(state.shared, grip, to) };
}
