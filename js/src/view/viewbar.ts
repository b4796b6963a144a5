/** Small buttons on the picture: the start while pressed, start and now side by side, closer, further, all. */
import { LARGEST_ZOOM, MIDDLE } from "../core/camera";
import { isComparing, timesInWords } from "../core/sight";
import type { State } from "../core/state";
import type { ViewStore } from "../core/store";
import { button, element, onPress, setAttribute, setEnabled, setText } from "./dom";
import { KEY_ZOOM } from "./sight_keys";

export interface Viewbar {
  readonly node: HTMLElement;
  readonly update: (state: State) => void;
}

/**
 * Builds the buttons.
 *
 * @param store takes the actions
 * @param signal ends the listeners
 */
export function buildViewbar(store: ViewStore, signal: AbortSignal): Viewbar {
  const hold = button("eye", "Hold to see the start", { key: "C" });
  const split = button("split", "Start and now side by side", { key: "Shift+C" });
  const fit = button("fit", "Show all of the picture", { key: "0", text: "1×" });
  const out = button("minus", "Zoom out", { key: "-" });
  const closer = button("plus", "Zoom in", { key: "+" });
  const group = (label: string, ...nodes: HTMLElement[]) =>
    element("div", { class: "dgw-viewbar-group", role: "group", "aria-label": label }, ...nodes);
  const node = element(
    "div",
    { class: "dgw-viewbar" },
    group("Compare", hold, split),
    group("Zoom", fit, out, closer),
  );

  const show = (on: boolean): void => store.dispatch({ kind: "compare_hold", on });
  hold.addEventListener(
    "pointerdown",
    (event) => {
      hold.setPointerCapture(event.pointerId);
      show(true);
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    hold.addEventListener(end, () => show(false), { signal });
  }
  // A long press is no call for a menu.
  hold.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  hold.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) show(true);
    },
    { signal },
  );
  hold.addEventListener(
    "keyup",
    (event) => {
      if (event.key === "Enter" || event.key === " ") show(false);
    },
    { signal },
  );
  const zoom = (factor: number): void => {
    store.dispatch({ kind: "look", factor, from: MIDDLE, to: MIDDLE });
  };
  const turn = (): void =>
    store.dispatch({ kind: "compare_split", on: !store.state.view.compare.split });
  onPress(split, turn, signal);
  onPress(fit, () => store.dispatch({ kind: "fit" }), signal);
  onPress(out, () => zoom(1 / KEY_ZOOM), signal);
  onPress(closer, () => zoom(KEY_ZOOM), signal);

  const update = ({ shared, view }: State): void => {
    const { camera, compare, gesture } = view;
    node.hidden = shared.frame === null;
    setAttribute(node, "data-busy", gesture.kind !== "none");
    setAttribute(node, "data-zoomed", camera.zoom > 1);
    setAttribute(node, "data-comparing", isComparing(compare));
    setAttribute(node, "data-comparable", shared.traits.canUndo);
    setAttribute(hold, "aria-pressed", String(compare.held));
    setAttribute(split, "aria-pressed", String(compare.split));
    setText(fit.lastElementChild ?? fit, timesInWords(camera.zoom));
    setEnabled(fit, camera.zoom > 1);
    setEnabled(out, camera.zoom > 1);
    setEnabled(closer, camera.zoom < LARGEST_ZOOM);
  };
  return { node, update };
}
