/** Keys by which a person looks: zoom, the picture taken by Space, the start while a key is held. */
import type { SightAction } from "../core/sight_types";
import type { ViewStore } from "../core/store";
import { isTyping } from "./dom";

/** What a press of a key zooms by. */
export const KEY_ZOOM = Math.SQRT2;

/** What the list of shortcuts says of them. */
export const SIGHT_SHORTCUTS: readonly (readonly [keys: string, meaning: string])[] = [
  ["+ - 0", "closer, further, all of the picture"],
  ["Ctrl+wheel", "zoom at the pointer; so do two fingers"],
  ["Space+drag", "move the picture; so does the middle button"],
  ["C", "hold: the picture as it was at the start"],
  ["Shift+C", "the start and now side by side"],
];

const ZOOM_KEYS: Readonly<Record<string, SightAction>> = {
  "+": { kind: "zoom", factor: KEY_ZOOM },
  "=": { kind: "zoom", factor: KEY_ZOOM },
  "-": { kind: "zoom", factor: 1 / KEY_ZOOM },
  _: { kind: "zoom", factor: 1 / KEY_ZOOM },
  "0": { kind: "fit" },
};

/**
 * Listens to keys inside the widget, those that are let go included.
 *
 * @param root the widget
 * @param canvas the picture, on which Space goes on as Enter does unless the picture was moved meanwhile
 * @param store takes the actions
 * @param signal ends it
 */
export function listenToSightKeys(
  root: HTMLElement,
  canvas: HTMLCanvasElement,
  store: ViewStore,
  signal: AbortSignal,
): void {
  let spaceFrom: unknown = null;
  let showing = false;

  const down = (event: KeyboardEvent): void => {
    if (event.altKey || isTyping(event)) return;
    if (event.key === "Shift") store.dispatch({ kind: "modifier", modifier: "pin" });
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === " " && event.composedPath()[0] === canvas) {
      event.preventDefault();
      if (event.repeat) return;
      spaceFrom = store.state.view.camera;
      store.dispatch({ kind: "modifier", modifier: "pan" });
      return;
    }
    const zoom = ZOOM_KEYS[event.key];
    if (zoom) {
      event.preventDefault();
      store.dispatch(zoom);
      return;
    }
    if (event.key.toLowerCase() !== "c" || event.repeat) return;
    event.preventDefault();
    if (event.shiftKey) {
      const on = !store.state.view.compare.split;
      store.dispatch({ kind: "compare_split", on });
    } else {
      showing = true;
      store.dispatch({ kind: "compare_hold", on: true });
    }
  };

  const up = (event: KeyboardEvent): void => {
    const { modifier, gesture, camera } = store.state.view;
    if (event.key === "Shift" && modifier === "pin") rest();
    if (event.key.toLowerCase() === "c") hide();
    if (event.key !== " " || modifier !== "pan") return;
    event.preventDefault();
    rest();
    if (gesture.kind !== "pan" && camera === spaceFrom) store.dispatch({ kind: "confirm" });
  };

  const hide = (): void => {
    if (showing) store.dispatch({ kind: "compare_hold", on: false });
    showing = false;
  };

  const rest = (): void => store.dispatch({ kind: "modifier", modifier: "none" });

  /** The keys that are let go elsewhere are not heard of. */
  const left = (): void => {
    rest();
    hide();
  };

  root.addEventListener("keydown", down, { signal });
  root.addEventListener("keyup", up, { signal });
  root.addEventListener("focusout", left, { signal });
  window.addEventListener("blur", left, { signal });
}
