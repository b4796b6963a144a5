/** Key presses inside the widget, as actions; none of them reaches the notebook around it. */
import type { Vec } from "../core/geometry";
import { nextSelection, selectionOf, type ViewAction } from "../core/state";
import type { ViewStore } from "../core/store";
import { isField } from "./dom";
import { SIGHT_SHORTCUTS } from "./sight_keys";

/** Image pixels that an arrow key moves a mark by, alone and with Shift. */
const NUDGE_PX = 1;
const NUDGE_FAR_PX = 10;

/** What a press of a bracket multiplies the brush radius by. */
const BRUSH_STEP = 1.25;

const ARROWS: Readonly<Record<string, Vec>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Every shortcut with what it does and the heading it stands under, as the help lists them. */
export const SHORTCUTS: readonly (readonly [keys: string, meaning: string, group?: string])[] = [
  ["Press and pull", "the picture follows; without Live, place handle and target", "Points"],
  ["Click, click", "place a handle, then its target", "Points"],
  ["Shift+click", "pin: hold a point where it is", "Points"],
  ["Drag a mark", "pull on; without Live, move it", "Points"],
  ["Right click, Delete", "remove a pair", "Points"],
  ["N", "new point at the pointer or in the middle", "Points"],
  ["Tab", "next mark", "Points"],
  ["Arrows", "move the mark by 1 px, with Shift by 10 px; without one, the picture", "Points"],
  ["Enter", "run or stop; finish a pair", "Run"],
  ["S", "one step", "Run"],
  ["Esc", "cancel and take back a pull, then stop", "Run"],
  ["Z, Shift+Z", "undo, redo", "Run"],
  ["R", "back to the start", "Run"],
  ["H", "earlier pictures, and those of the last drag", "Run"],
  ["A", "new picture", "Picture"],
  ["G", "gallery of seeds; arrows and Enter choose", "Picture"],
  [",", "settings", "Picture"],
  ["D", "save, copy or open a file", "Picture"],
  ["Ctrl+C", "copy the picture", "Picture"],
  ["M", "points or mask", "Mask"],
  ["B, E, L", "brush, eraser, lasso", "Mask"],
  ["Wheel, [ ]", "smaller or larger brush", "Mask"],
  ["Shift, right button", "take away while it is held", "Mask"],
  ...SIGHT_SHORTCUTS.map(([keys, meaning]) => [keys, meaning, "View"] as const),
  ["F", "fill the screen; Esc leaves it", "View"],
  ["I", "speed: steps, pictures, lag", "View"],
  ["?", "this list", "View"],
];

/**
 * Listens to the keyboard in the whole widget.
 *
 * @param root every key press inside it ends there
 * @param canvas the picture, on which the keys for marks work
 * @param store takes the actions
 * @param sample asks for a new picture
 * @param signal ends it
 */
export function listenToKeys(
  root: HTMLElement,
  canvas: HTMLCanvasElement,
  store: ViewStore,
  sample: () => void,
  signal: AbortSignal,
): void {
  const down = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.isComposing || event.altKey) return;
    const target = event.composedPath()[0];
    if (event.key === "Escape") {
      store.dispatch({ kind: "escape" });
      canvas.focus({ preventScroll: true });
      return;
    }
    if (isField(target)) return;
    if (target === canvas && pressOnPicture(event, store)) {
      event.preventDefault();
      return;
    }
    const key = event.key.toLowerCase();
    if (key === "a" && !event.ctrlKey && !event.metaKey) {
      sample();
      return;
    }
    const action = shortcut(event, key, store);
    if (!action) return;
    event.preventDefault();
    store.dispatch(action);
  };
  const stop = (event: Event): void => event.stopPropagation();
  root.addEventListener("keydown", down, { signal });
  root.addEventListener("keyup", stop, { signal });
  root.addEventListener("keypress", stop, { signal });
}

/** Keys for marks; true when one was used. */
function pressOnPicture(event: KeyboardEvent, store: ViewStore): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow) {
    const far = event.shiftKey ? NUDGE_FAR_PX : NUDGE_PX;
    store.dispatch({ kind: "nudge", by: { x: arrow.x * far, y: arrow.y * far } });
    return true;
  }
  switch (event.key) {
    case "Tab":
      return tab(store, event.shiftKey);
    case "Enter":
      if (!event.repeat) store.dispatch({ kind: "confirm" });
      return true;
    case "Delete":
    case "Backspace":
      store.dispatch({ kind: "remove_selected" });
      return true;
    default:
      return false;
  }
}

/** Goes to the next mark; beyond the last one Tab leaves the picture as everywhere else. */
function tab(store: ViewStore, backwards: boolean): boolean {
  // Shift+Tab without a chosen mark goes back to the tools, or the last mark would be a trap.
  if (backwards && !selectionOf(store.state)) return false;
  const next = nextSelection(store.state, backwards);
  store.dispatch({ kind: "select_next", backwards });
  return next !== null;
}

/** Keys that work in the whole widget. */
function shortcut(event: KeyboardEvent, key: string, store: ViewStore): ViewAction | null {
  const { view } = store.state;
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") return { kind: "command", name: event.shiftKey ? "redo" : "undo" };
    return key === "y" ? { kind: "command", name: "redo" } : null;
  }
  switch (key) {
    case "z":
      return { kind: "command", name: event.shiftKey ? "redo" : "undo" };
    case "r":
      return { kind: "command", name: "reset" };
    case "s":
      return { kind: "command", name: "step" };
    case "n":
      return { kind: "new_point" };
    case "m":
      return { kind: "mode", mode: view.mode === "mask" ? "points" : "mask" };
    case "b":
    case "l":
      if (view.mode !== "mask") return null;
      return { kind: "brush_kind", brush: key === "b" ? "paint" : "lasso" };
    case "i":
      return { kind: "meter", open: !view.meterOpen };
    case "e":
      if (view.mode !== "mask") return null;
      return { kind: "brush_kind", brush: view.brush.kind === "paint" ? "erase" : "paint" };
    case "[":
      return { kind: "brush_scale", factor: 1 / BRUSH_STEP };
    case "]":
      return { kind: "brush_scale", factor: BRUSH_STEP };
    case "g":
      return { kind: "drawer", drawer: view.drawer === "gallery" ? null : "gallery" };
    case ",":
      return { kind: "drawer", drawer: view.drawer === "settings" ? null : "settings" };
    case "h":
      return { kind: "history", open: !view.historyOpen };
    case "?":
      return { kind: "help", open: !view.helpOpen };
    default:
      return null;
  }
}
